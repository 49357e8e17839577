import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { onTestFinished } from "vitest";
import { expectCleanOutput } from "../output.ts";

export const ROOT: string = resolve(import.meta.dirname, "../..");
export const BIN: string = join(ROOT, "bin/sigma.js");

export type Run = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
};

export type RunOptions = {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Written to standard input, which is then closed. */
  readonly input?: string | Uint8Array;
};

/** The real command line in a process of its own, until it ends; without its progress, which a quick machine never sees. */
export async function sigma(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const running = startSigma(args, options);
  running.child.stdin?.end(options.input ?? "");
  const run = await running.ended;
  return { ...run, stderr: run.stderr.replaceAll(PROGRESS, "") };
}

/** A line of progress, as objects and as text. */
const PROGRESS = /^(?:\{"v":1,"kind":"progress",.*\}|(?:\d+ % {2})?[\d,]+ records {2}[\d,]+\/s {2}[\d,]+ failed)\n/gm;

export type Running = {
  readonly child: ChildProcess;
  readonly ended: Promise<Run>;
  /** Resolves with the first line of standard output or error that matches; rejects when the process ends before. */
  readonly line: (pattern: RegExp) => Promise<string>;
};

/** The real command line, running. It is killed when the test ends. */
export function startSigma(args: readonly string[], { cwd = ROOT, env = {} }: RunOptions = {}): Running {
  const child = spawn(process.execPath, [BIN, ...args], { cwd, env: { ...cleanEnvironment(), ...env } });
  const out = { stdout: "", stderr: "" };
  const waiting = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      out[name] += text;
      for (const look of waiting) look();
    });
  }
  // A child that ends early makes writing to it fail; what it printed is what the test looks at.
  child.stdin.on("error", () => undefined);
  const ended = new Promise<Run>((done) => child.on("close", (code, signal) => done({ code, signal, ...out })));
  onTestFinished(() => {
    child.kill("SIGKILL");
    expectCleanOutput(out.stdout + out.stderr);
  });
  const line = async (pattern: RegExp): Promise<string> =>
    new Promise((found, lost) => {
      const look = (): void => {
        const match = [...out.stdout.split("\n").slice(0, -1), ...out.stderr.split("\n").slice(0, -1)].find((text) =>
          pattern.test(text),
        );
        if (match === undefined) return;
        waiting.delete(look);
        found(match);
      };
      waiting.add(look);
      void ended.then((run) =>
        lost(new Error(`ended with ${run.code} before a line matched: ${run.stdout}${run.stderr}`)),
      );
      look();
    });
  return { child, ended, line };
}

/** Nothing of the machine's own settings reaches the command. */
function cleanEnvironment(): Record<string, string | undefined> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(?:SIGMA_|NO_COLOR|FORCE_COLOR|VITEST|NODE_OPTIONS|KAFKA_|MONGODB_)/.test(name),
  );
  return Object.fromEntries(kept);
}

/** A fresh directory with the contracts of the repository and these files. */
export function project(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const directory = mkdtempSync(join(tmpdir(), "sigma-cli-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  cpSync(join(ROOT, "contracts"), join(directory, "contracts"), { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  return directory;
}

export function jsonLines(text: string): readonly Readonly<Record<string, unknown>>[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

/** Good shipments with the numbers `from` to `to`, one a line. */
export function shipmentLines(from: number, to: number): string {
  let text = "";
  for (let n = from; n < to; n += 1)
    text += `{"shipment_id":"S-${n}","weight_kg":${(n % 900) + 0.5},"destination":"Dublin","priority":2}\n`;
  return text;
}
