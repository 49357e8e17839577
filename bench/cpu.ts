import { readFileSync } from "node:fs";

/** User and system time of a process and its threads so far, in microseconds (Linux, which counts in hundredths of a second). */
export function cpuMicrosOf(pid: number): number {
  const after = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1] ?? "";
  const [user = 0, system = 0] = after.split(" ").slice(11, 13).map(Number);
  return (user + system) * 10_000;
}
