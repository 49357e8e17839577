import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** The number of the process whose command line contains a text. */
export function pidOf(text: string): number {
  return Number.parseInt(execFileSync("pgrep", ["-f", text], { encoding: "utf8" }), 10);
}

/** User and system time of a process and its threads so far, in microseconds (Linux, which counts in hundredths of a second). */
export function cpuMicrosOf(pid: number): number {
  return microsIn(`/proc/${pid}/stat`);
}

/** The same of one thread; the first one of a process has its number. */
export function cpuMicrosOfThread(pid: number, thread: number): number {
  return microsIn(`/proc/${pid}/task/${thread}/stat`);
}

function microsIn(path: string): number {
  const after = readFileSync(path, "utf8").split(") ")[1] ?? "";
  const [user = 0, system = 0] = after.split(" ").slice(11, 13).map(Number);
  return (user + system) * 10_000;
}

/** The same of a process and all that it started. */
export function cpuMicrosOfTree(pid: number): number {
  return treeOf(pid).reduce((sum, one) => sum + cpuMicrosOf(one), 0);
}

/** The most memory that a process and all that it started had, each at its own time. */
export function residentMegabytesOfTree(pid: number): number {
  const kilobytes = treeOf(pid).map((one) => /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${one}/status`, "utf8"))?.[1]);
  return kilobytes.reduce((sum, one) => sum + Number(one ?? 0), 0) / 1_024;
}

/** A process and all that it started, itself first. */
export function treeOf(pid: number): readonly number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), parentOf(name)] as const);
  const tree = [pid];
  for (const one of tree) tree.push(...parents.flatMap(([child, parent]) => (parent === one ? [child] : [])));
  return tree;
}

function parentOf(pid: string): number {
  try {
    return Number((readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1] ?? "").split(" ")[1]);
  } catch {
    // It ended meanwhile.
    return 0;
  }
}
