import { spawnSync } from "node:child_process";

/** Runs a program in Python on this input; what it prints. @throws with what it complained of. */
export function runPython(program: string, input: Uint8Array): string {
  const { stdout, stderr, status, error } = spawnSync("python3", ["-c", program], { input });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(String(stderr));
  return String(stdout);
}
