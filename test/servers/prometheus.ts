import { run } from "./cache.ts";

/** The checker of rules and metrics; PROMTOOL names another one. */
function promtoolBinary(): string {
  return process.env["PROMTOOL"] ?? "promtool";
}

/** The server; PROMETHEUS names another one. */
export function prometheusBinary(): string {
  return process.env["PROMETHEUS"] ?? "prometheus";
}

/** Runs promtool in a folder. @throws with what it printed when it finds a fault. */
export function checkWithPromtool(args: readonly string[], cwd: string): string {
  return run(promtoolBinary(), args, cwd);
}
