import { realpathSync } from "node:fs";
import { basename, delimiter, join, relative } from "node:path";
import { shellWord } from "./shell-word.ts";

/** How the process came to run: what a shell was told to start, where, and what the environment says of it. */
export type Start = {
  /** The script that Node was given: `bin/sigma.js` itself, or a link to it that a package manager made. */
  readonly script: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
};

const PACKAGE = "sigma-aetl";

/**
 * What to write for `sigma` in a command that is to run in the same shell: `sigma` only where that is on the PATH and this
 * program, else what was called. npm says by its variables what it runs (docs.npmjs.com, "scripts"): `npx` is an event of that name.
 */
export function programName({ script, cwd, env }: Start): string {
  const name = basename(script);
  const event = env["npm_lifecycle_event"];
  if (!name.endsWith(".js")) {
    if (event !== undefined) return "npx sigma";
    return isOnPath(name, script, env["PATH"] ?? "") ? shellWord(name) : shellWord(fromHere(script, cwd));
  }
  if (env["npm_package_name"] === PACKAGE && event === "sigma") return "npm run sigma --";
  if (env["npm_package_name"] === PACKAGE && event === "start") return "npx sigma";
  return `node ${shellWord(fromHere(script, cwd))}`;
}

/** Whether a shell that is told the name alone starts this script: the first of that name counts. */
function isOnPath(name: string, script: string, path: string): boolean {
  for (const directory of path.split(delimiter)) {
    if (directory === "") continue;
    const found = realPath(join(directory, name));
    if (found !== null) return found === realPath(script);
  }
  return false;
}

/** Relative where that is no detour. */
function fromHere(script: string, cwd: string): string {
  const path = relative(cwd, script);
  if (path.startsWith("..")) return script;
  return path.includes("/") ? path : `./${path}`;
}

function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
