import type { StoreReads } from "../../store/store.ts";
import type { RedriveStanding } from "./states.ts";

// Whoever runs a plan notes now and then that it does: a runner that was killed says no last word in the operator log.

/** How often a runner notes that it is at work, in milliseconds. */
export const SEEN_EVERY_MS = 10_000;

/** A plan whose runner noted nothing for so long is run by nobody, in milliseconds. */
export const SILENT_MS = 60_000;

/** Who is at a running plan. */
export type RunnerSeen = {
  /** When its runner last said that it is at work, RFC 3339; null: it did not yet. */
  readonly at: string | null;
  /** Nobody has run it for {@link SILENT_MS}, as far as the clocks of its runner and of whoever asks agree. */
  readonly isSilent: boolean;
};

/** @returns null for a plan that is not running. */
export async function runnerSeen(
  reads: Pick<StoreReads, "redriveSeen">,
  { id, state, last }: Pick<RedriveStanding, "id" | "state" | "last">,
  nowMs: number,
): Promise<RunnerSeen | null> {
  if (state !== "running") return null;
  const at = await reads.redriveSeen(id);
  // One that was just told to go on has said nothing yet.
  const lastMs = Math.max(...[at ?? last.at, last.at].map((time) => Date.parse(time)));
  return { at, isSilent: nowMs - lastMs > SILENT_MS };
}
