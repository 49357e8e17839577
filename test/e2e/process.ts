import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { onTestFinished } from "vitest";
import { expectCleanOutput } from "../output.ts";
import { PATIENCE_MS } from "../patience.ts";

const SIGMA = resolve(import.meta.dirname, "../../bin/sigma.js");

export type Finished = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** Runs a command of the real program to its end. */
export async function sigma(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> {
  const running = start(args, env);
  const [code, signal] = (await once(running.child, "close")) as [number | null, NodeJS.Signals | null];
  return { code, signal, stdout: running.stdout(), stderr: running.stderr() };
}

type Running = { readonly child: ChildProcess; readonly stdout: () => string; readonly stderr: () => string };

function start(args: readonly string[], env: Readonly<Record<string, string>>): Running {
  const child = spawn(process.execPath, [SIGMA, ...args], {
    env: { ...process.env, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  onTestFinished(() => {
    child.kill("SIGKILL");
    expectCleanOutput(stdout + stderr);
  });
  return { child, stdout: () => stdout, stderr: () => stderr };
}

/** A gateway of its own process, ready to be asked, and to be killed. */
export type GatewayProcess = Running & { readonly url: string; readonly ended: Promise<Finished> };

/** Starts the gateway on a free port and waits until it says where it listens. */
export async function startGatewayProcess(
  dataDirectory: string,
  { demo = false }: { readonly demo?: boolean } = {},
): Promise<GatewayProcess> {
  const fed = demo ? [] : ["--no-demo"];
  const running = start(["start", "--port", "0", ...fed, "--data", dataDirectory, "--log-level", "warn"], {
    SIGMA_SHUTDOWN_DEADLINE_SECONDS: String(PATIENCE_MS / 1_000),
    // Longer than that: a connection that is kept for it would be found out.
    SIGMA_HTTP_KEEP_ALIVE_SECONDS: "600",
  });
  const ended = once(running.child, "close").then(([code, signal]: unknown[]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    stdout: running.stdout(),
    stderr: running.stderr(),
  }));
  const url = await new Promise<string>((found, fail) => {
    const look = (): void => {
      const match = /http:\/\/127\.0\.0\.1:\d+/.exec(running.stdout());
      if (match !== null && (!demo || running.stdout().includes("Try next"))) found(match[0]);
    };
    running.child.stdout?.on("data", look);
    void ended.then(({ stdout, stderr }) =>
      fail(new Error(`the gateway ended before it listened:\n${stdout}\n${stderr}`)),
    );
  });
  return { ...running, url, ended };
}
