import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "./cli/run.ts";

/** A command of a document and what it says that it prints. */
export type Step = { readonly command: string; readonly output: string };

/** `$ command` lines and what they print, of every console block. */
export function stepsOf(text: string): readonly Step[] {
  return [...text.matchAll(/```console\n([\s\S]*?)```/g)].flatMap(([, block = ""]) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const [command = "", ...output] = part.split("\n");
        return { command, output: output.join("\n") };
      }),
  );
}

type StepOptions = { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> };

/** What a shell prints for a command of a document; `npx sigma` is the program of this checkout, from anywhere. */
export async function runStep(command: string, options: StepOptions = {}): Promise<string> {
  return (await inShell(command.replaceAll("npx sigma", `node ${join(ROOT, "bin/sigma.js")}`), options)).stdout;
}

/** What a shell prints for a command exactly as it stands. npm asks no registry, and nothing of the run around it. */
export async function inShell(
  command: string,
  options: StepOptions = {},
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  return new Promise((done) => {
    const child = execFile("bash", ["-c", command], asPerson(options), (_, stdout, stderr) =>
      done({ code: child.exitCode, stdout, stderr }),
    );
    child.stdin?.on("error", () => undefined).end();
  });
}

/** The first line that a command prints that does not end by itself; it and what it started are ended then. */
export async function firstLineInShell(command: string, options: StepOptions = {}): Promise<string> {
  const child = spawn("bash", ["-c", command], { ...asPerson(options), detached: true });
  const closed = once(child, "close");
  try {
    for await (const line of createInterface({ input: child.stdout })) return line;
    return "";
  } finally {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGTERM");
    child.stdout.destroy();
    child.stderr.destroy();
    await closed;
  }
}

/** As somebody who types it: with the Node of the checkout on the PATH. */
function asPerson({ cwd = ROOT, env = {} }: StepOptions): { readonly cwd: string; readonly env: NodeJS.ProcessEnv } {
  const path = `${join(ROOT, "node_modules/.bin")}:${process.env["PATH"]}`;
  const kept = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  return { cwd, env: { ...Object.fromEntries(kept), NO_COLOR: "1", PATH: path, npm_config_offline: "true", ...env } };
}
