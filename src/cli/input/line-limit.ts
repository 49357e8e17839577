import { EXIT } from "../../config/codes.ts";
import { Refusal } from "../terminal/refusal.ts";

/**
 * Longest line or single payload that is read into memory, in bytes. Longer ones are refused: a record may have at most
 * 64 MiB.
 */
export const LINE_BYTES_MAX = 67_108_864;

/**
 * The refusal of a line that is too long.
 * @param so says what was done before it, and how to continue. `line` is null when the input is one payload.
 */
export function tooLong(input: string, line: number | null, so: string): Refusal {
  const what = line === null ? `"${input}"` : `line ${line} of "${input}"`;
  return new Refusal(
    "SIG-I-002",
    `Cannot read ${what}: it is longer than 64 MiB, so it can be no record`,
    so,
    EXIT.error,
  );
}
