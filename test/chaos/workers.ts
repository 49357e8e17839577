import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import type { Random } from "../simulation/random.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** What a gateway process is told, besides the environment of the tests. */
export type WorkerEnvironment = Readonly<Record<string, string>>;

/** How a command of the program ended. */
export type Ended = { readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly output: string };

/** Gateways in processes of their own. One that is killed is at once replaced. */
export type Fleet = {
  /** SIGKILL to one that listens and is not stopped. @returns false when there is none now. */
  readonly kill: () => boolean;
  /** SIGSTOP to one that listens and is not stopped; null when there is none now. */
  readonly freeze: () => Frozen | null;
  /** Resolves when every worker listens. @throws when the signal aborts before. */
  readonly listening: (signal: AbortSignal) => Promise<void>;
  /** Every end that nobody asked for, with the last of what the worker printed. */
  readonly crashes: readonly string[];
  /** Starts that found the log or the store away, said so and ended; each was tried again. */
  readonly turnedAway: () => number;
  /** SIGTERM to all. @returns how they ended; a worker that was killed by us is not among them. */
  readonly stop: () => Promise<readonly Ended[]>;
  /** SIGKILL to all, and nobody replaces them: for when a test fails half-way. */
  readonly abandon: () => void;
};

/** A worker that stands still: it will wake up believing that nothing has happened. */
type Frozen = { readonly thaw: () => void };

type Worker = {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  listens: boolean;
  frozen: boolean;
  expected: boolean;
};

/** How a start ends when the log or the store cannot be reached: whoever supervises the program tries again. */
const NOT_REACHABLE = 40;

/**
 * @param environment of each start. `slot` counts from 0; who replaces a worker that ended gets its slot.
 * @param outages whether servers may be away when a worker starts; otherwise a start that they turn away is a crash.
 */
export function startFleet(
  size: number,
  random: Random,
  environment: (slot: number) => WorkerEnvironment,
  outages = false,
): Fleet {
  const workers = new Set<Worker>();
  const crashes: string[] = [];
  let turnedAway = 0;
  let stopping = false;
  const launch = (slot: number): void => {
    const worker = startWorker(environment(slot));
    workers.add(worker);
    void replace(slot, worker);
  };
  const replace = async (slot: number, worker: Worker): Promise<void> => {
    const { code, signal, output } = await worker.ended;
    workers.delete(worker);
    if (outages && !worker.listens && code === NOT_REACHABLE) turnedAway += 1;
    else if (!worker.expected) crashes.push(`ended with ${signal ?? code}:\n${output}`);
    if (!stopping) launch(slot);
  };
  for (let slot = 0; slot < size; slot += 1) launch(slot);
  const pick = (): Worker | null => {
    const ready = [...workers].filter((worker) => worker.listens && !worker.frozen && !worker.expected);
    return ready.length === 0 ? null : random.pick(ready);
  };
  return {
    kill: () => {
      const worker = pick();
      if (worker === null) return false;
      worker.expected = true;
      return worker.child.kill("SIGKILL");
    },
    freeze: () => {
      const worker = pick();
      if (worker === null) return null;
      worker.frozen = true;
      worker.child.kill("SIGSTOP");
      const thaw = (): void => {
        worker.frozen = false;
        worker.child.kill("SIGCONT");
      };
      return { thaw };
    },
    listening: async (signal) => {
      while ([...workers].some(({ listens }) => !listens) || workers.size < size) {
        if (signal.aborted) throw new Error(`the workers do not listen:\n${crashes.join("\n")}`);
        await new Promise((again) => setTimeout(again, 50));
      }
    },
    crashes,
    turnedAway: () => turnedAway,
    stop: async () => {
      stopping = true;
      const ending = [...workers].filter(({ expected }) => !expected);
      for (const worker of ending) {
        worker.expected = true;
        // A stopped process handles SIGTERM only once it goes on.
        worker.child.kill("SIGTERM");
        worker.child.kill("SIGCONT");
      }
      return Promise.all(ending.map(async ({ ended }) => ended));
    },
    abandon: () => {
      stopping = true;
      for (const worker of workers) {
        worker.expected = true;
        worker.child.kill("SIGKILL");
      }
    },
  };
}

function startWorker(environment: WorkerEnvironment): Worker {
  const { child, output, ended } = start(["start", "--no-demo", "--port", "0", "--log-level", "warn"], environment);
  const worker: Worker = { child, ended, listens: false, frozen: false, expected: false };
  child.stdout?.on("data", () => (worker.listens ||= /http:\/\/127\.0\.0\.1:\d+/.test(output())));
  return worker;
}

/** Runs a command of the program to its end. */
export async function runSigma(args: readonly string[], environment: WorkerEnvironment): Promise<Ended> {
  return start(args, environment).ended;
}

/** How much of what a process printed is kept: enough for the last words. */
const OUTPUT_CHARACTERS = 8_000;

function start(
  args: readonly string[],
  environment: WorkerEnvironment,
): { readonly child: ChildProcess; readonly output: () => string; readonly ended: Promise<Ended> } {
  // The settings of the chaos itself would be strange variables to the program.
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("SIGMA_"));
  const child = spawn(process.execPath, [resolve(ROOT, "bin/sigma.js"), ...args], {
    cwd: ROOT,
    env: { ...Object.fromEntries(inherited), NO_COLOR: "1", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => (output = `${output}${String(chunk)}`.slice(-OUTPUT_CHARACTERS)));
  const ended = once(child, "close").then(([code, signal]: unknown[]): Ended => {
    return { code: code as number | null, signal: signal as NodeJS.Signals | null, output };
  });
  return { child, output: () => output, ended };
}
