import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { freePorts } from "../servers/ports.ts";
import type { Sample } from "./flat.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const SIGMA = resolve(ROOT, "bin/sigma.js");
const READY_WITHIN_MS = 60_000;

/** A gateway in a process of its own, on one address over all its lives. */
export type SoakedGateway = {
  readonly url: string;
  readonly port: number;
  /** Starts it, and resolves once it is ready. */
  readonly start: () => Promise<void>;
  readonly kill: () => Promise<void>;
  /** Null while it runs, or after it was killed or stopped; else how it ended by itself. */
  readonly ended: () => string | null;
  readonly freeze: (frozen: boolean) => void;
  /** SIGTERM. @returns its exit code. */
  readonly stop: () => Promise<number | null>;
  /** Null while it does not answer. @param acknowledged ends of partitions, by number. */
  readonly sample: (atMs: number, acknowledged: ReadonlyMap<number, number>) => Promise<Sample | null>;
  /** Runs a command of the program on the same data. */
  readonly command: (...args: readonly string[]) => { readonly code: number | null; readonly output: string };
};

export type Place = { readonly directory: string; readonly env: Readonly<Record<string, string>> };

export async function createSoakedGateway({ directory, env }: Place): Promise<SoakedGateway> {
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const own = { ...process.env, NO_COLOR: "1", ...env };
  const data = ["--data", resolve(directory, "data")];
  let child: ChildProcess | null = null;
  let errors = "";
  let alone: string | null = null;
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    child.removeAllListeners("exit");
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
    return child.exitCode;
  };
  return {
    url,
    port,
    start: async () => {
      const args = [SIGMA, "start", "--no-demo", "--port", String(port), "--log-level", "warn", ...data];
      args.push("--contracts", resolve(directory, "contracts"));
      const started = spawn(process.execPath, args, { env: own, stdio: ["ignore", "ignore", "pipe"] });
      child = started;
      started.once("exit", (code, signal) => (alone = `${code ?? signal}:\n${errors}`));
      started.stderr.on("data", (chunk) => (errors = `${errors}${String(chunk)}`.slice(-10_000)));
      const limit = AbortSignal.timeout(READY_WITHIN_MS);
      while (!(await isReady(url))) {
        if (limit.aborted || started.exitCode !== null) throw new Error(`the gateway did not become ready:\n${errors}`);
        await new Promise((woken) => setTimeout(woken, 50));
      }
    },
    kill: async () => void (await end("SIGKILL")),
    ended: () => alone,
    freeze: (frozen) => void child?.kill(frozen ? "SIGSTOP" : "SIGCONT"),
    stop: async () => end("SIGTERM"),
    sample: async (atMs, acknowledged) => {
      const pid = child?.pid;
      try {
        const metrics = await textOf(`${url}/metrics`);
        const { streams } = JSON.parse(await textOf(`${url}/readyz`)) as Readiness;
        const settled = new Map(streams.map(({ partition, settledTo }) => [partition, settledTo ?? 0]));
        const lags = [...acknowledged].map(([partition, to]) => Math.max(0, to - (settled.get(partition) ?? 0)));
        return {
          atMs,
          rssBytes: valueOf(metrics, "process_resident_memory_bytes"),
          heapBytes: valueOf(metrics, "nodejs_heap_size_used_bytes"),
          descriptors: readdirSync(`/proc/${pid}/fd`).length,
          lag: lags.reduce((sum, one) => sum + one, 0),
        };
      } catch {
        return null;
      }
    },
    command: (...args) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [SIGMA, ...args, ...data], {
        env: own,
        encoding: "utf8",
        maxBuffer: 64 * 1_048_576,
      });
      return { code: status, output: `${stdout}${stderr}` };
    },
  };
}

type Readiness = { readonly streams: readonly { readonly partition: number; readonly settledTo: number | null }[] };

const ANSWERED_WITHIN_MS = 10_000;

async function textOf(url: string): Promise<string> {
  // A connection of its own each time: those that are kept would count as descriptors.
  const answer = await fetch(url, {
    signal: AbortSignal.timeout(ANSWERED_WITHIN_MS),
    headers: { connection: "close" },
  });
  return answer.text();
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`, {
    signal: AbortSignal.timeout(ANSWERED_WITHIN_MS),
    headers: { connection: "close" },
  }).then(
    async (answer) => (await answer.arrayBuffer(), answer.status === 200),
    () => false,
  );
}

function valueOf(metrics: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(metrics)?.[1]);
}

/** Contracts of the repository. */
export const CONTRACTS: string = resolve(ROOT, "contracts");

/** The contract as a file, to be swapped for one that says something else. */
export function contractText(): string {
  return readFileSync(resolve(CONTRACTS, "shipment/contract.yaml"), "utf8");
}
