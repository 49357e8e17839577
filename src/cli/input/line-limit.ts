import { EXIT } from "../../config/codes.ts";
import { Refusal } from "../terminal/refusal.ts";

/** Longest line, or single payload, that is read into memory. Longer ones are refused: a record may have 64 MiB at most. */
export const LINE_BYTES_MAX = 67_108_864;

/** @param so what was done before it, and how to go on. `line` null: the input is one payload. */
export function tooLong(input: string, line: number | null, so: string): Refusal {
  const what = line === null ? `"${input}"` : `line ${line} of "${input}"`;
  return new Refusal(
    "SIG-I-002",
    `Cannot read ${what}: it is longer than 64 MiB, so it can be no record`,
    so,
    EXIT.error,
  );
}
