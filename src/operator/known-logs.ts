import { logIdOf } from "../source/source.ts";
import { operatorActions } from "./actions.ts";
import type { OperatorAction } from "../ledger/operator-log.ts";
import type { StoreReads } from "../store/store.ts";

// What a store remembers of the logs whose records it holds. A log that is lost, or an older one put back, looks like any
// other: only the store knows which log it was, how far it was decided, and how far it was shown to whoever appended.

type KnownLogs = Pick<StoreReads, "streams" | "logEnds" | "operatorLog">;

/** Whether a store decides a log. One log is in force at a time once an operator accepted one. */
export type LogStanding =
  /** The store decides it, or knows no log at all. */
  | { readonly kind: "in-force" }
  /** The store knows others instead of it. */
  | { readonly kind: "unknown"; readonly current: readonly string[] }
  /** By an operator's word another one took its place. */
  | { readonly kind: "superseded"; readonly current: readonly string[]; readonly by: OperatorAction };

export async function standingOf(reads: KnownLogs, log: string): Promise<LogStanding> {
  const known = new Set((await reads.streams()).map(logIdOf));
  // One that was appended to and never decided is known, too.
  for (const { stream } of await reads.logEnds()) known.add(logIdOf(stream));
  let by: OperatorAction | null = null;
  for await (const action of operatorActions(reads)) {
    if (action.action !== "accept-log") continue;
    known.add(action.target);
    by = action;
  }
  if (known.size === 0 || (by === null ? known.has(log) : by.target === log)) return { kind: "in-force" };
  if (by === null) return { kind: "unknown", current: [...known] };
  const current = [by.target];
  return known.has(log) ? { kind: "superseded", current, by } : { kind: "unknown", current };
}

/** Why a log is not decided, as the rest of a sentence that begins with it. */
export function describeStanding(standing: Exclude<LogStanding, { readonly kind: "in-force" }>): string {
  switch (standing.kind) {
    case "unknown":
      return `is not one that the store knows, which is ${standing.current.join(", ")}`;
    case "superseded": {
      const { by } = standing;
      return `was replaced by ${by.target}, as ${by.actor} recorded at ${by.at}: ${by.reason}`;
    }
  }
}
