import { realpathSync } from "node:fs";
import { basename, delimiter, join, relative } from "node:path";
import { shellWord } from "./shell-word.ts";

/** How the process was started: the script, the directory and the environment. */
export type Start = {
  /** The script that Node runs: `bin/sigma.js`, or a package manager's link to it. */
  readonly script: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
};

const PACKAGE = "sigma-aetl";

/**
 * What to type for `sigma` in the same shell: `sigma` only when that name on the PATH starts this program, else the
 * path that was called. npm sets variables that tell what it runs (docs.npmjs.com, "scripts"): under `npx` the event is
 * "npx".
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

/** Whether the name alone starts this script in a shell: the first match on the PATH counts. */
function isOnPath(name: string, script: string, path: string): boolean {
  for (const directory of path.split(delimiter)) {
    if (directory === "") continue;
    const found = realPath(join(directory, name));
    if (found !== null) return found === realPath(script);
  }
  return false;
}

/** The path relative to the current directory, unless it leads upwards. */
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
