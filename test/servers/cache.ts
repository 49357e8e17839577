import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where downloaded servers are kept between runs; SIGMA_SERVER_CACHE names another directory. */
export const CACHE: string =
  process.env["SIGMA_SERVER_CACHE"] ??
  join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "sigma-test-servers");

/** Runs `make` once for ever: its directory appears in the cache only when it is complete, whoever else makes it too. */
export function cached(name: string, make: (directory: string) => void): string {
  const directory = join(CACHE, name);
  if (existsSync(directory)) return directory;
  mkdirSync(CACHE, { recursive: true });
  const making = mkdtempSync(join(CACHE, `${name}-`));
  make(making);
  try {
    renameSync(making, directory);
  } catch (error) {
    if (!existsSync(directory)) throw error;
    // Another process was faster.
    rmSync(making, { recursive: true });
  }
  return directory;
}

/** The longest of them builds for ten minutes on a slow machine; one that waits for the network for ever would be waited for as long. */
const TOOL_MAX_MS = 1_800_000;

/** Runs a tool to its end. @throws with what it printed when it fails, is missing or does not end. */
export function run(command: string, args: readonly string[], cwd?: string): string {
  return execFileSync(command, args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: TOOL_MAX_MS,
  });
}
