import { execFile } from "node:child_process";
import { join } from "node:path";
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

/** What a shell prints for a command of a document; `npx sigma` is the program of this checkout. */
export async function runStep(
  command: string,
  { cwd = ROOT, env = {} }: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const asked = command.replaceAll("npx sigma", `node ${join(ROOT, "bin/sigma.js")}`);
  const path = `${join(ROOT, "node_modules/.bin")}:${process.env["PATH"]}`;
  return new Promise((done) => {
    const options = { cwd, env: { ...process.env, NO_COLOR: "1", PATH: path, ...env } };
    execFile("bash", ["-c", asked], options, (_, stdout) => done(stdout));
  });
}
