import { logIdOf } from "../source/source.ts";
import { operatorActions } from "./actions.ts";
import { isRedrive } from "../ledger/redrive-stream.ts";
import type { OperatorAction } from "../ledger/operator-log.ts";
import type { StoreReads } from "../store/store.ts";

// The logs that a store knows. A lost log that was created anew, or an older copy that was restored, looks like any other log. Only
// the store knows which log its records came from, how far it is decided, and how far appends to it were acknowledged.

type KnownLogs = Pick<StoreReads, "streams" | "logEnds" | "operatorLog">;

/** Whether a store accepts the records of a log. Once an operator has accepted a log, it is the only accepted one. */
export type LogStanding =
  /** The store accepts the log, or knows no log yet. */
  | { readonly kind: "accepted" }
  /** The store does not know this log; it knows the `current` ones. */
  | { readonly kind: "unknown"; readonly current: readonly string[] }
  /** The store knows this log, but an operator accepted another one in its place. */
  | { readonly kind: "superseded"; readonly current: readonly string[]; readonly by: OperatorAction };

/** Finds the standing of a log in a store. @param log id of the log ({@link logIdOf}). */
export async function standingOf(reads: KnownLogs, log: string): Promise<LogStanding> {
  const known = new Set((await reads.streams()).filter((stream) => !isRedrive(stream)).map(logIdOf));
  // A log to which records were appended is known too, even if none of them is decided.
  for (const { stream } of await reads.logEnds()) known.add(logIdOf(stream));
  let by: OperatorAction | null = null;
  for await (const action of operatorActions(reads)) {
    if (action.action !== "accept-log") continue;
    known.add(action.target);
    by = action;
  }
  if (known.size === 0 || (by === null ? known.has(log) : by.target === log)) return { kind: "accepted" };
  if (by === null) return { kind: "unknown", current: [...known] };
  const current = [by.target];
  return known.has(log) ? { kind: "superseded", current, by } : { kind: "unknown", current };
}

/** Why a store does not accept a log, as the rest of a sentence whose subject is the log. */
export function describeStanding(standing: Exclude<LogStanding, { readonly kind: "accepted" }>): string {
  switch (standing.kind) {
    case "unknown":
      return `is not one that the store knows, which is ${standing.current.join(", ")}`;
    case "superseded": {
      const { by } = standing;
      return `was replaced by ${by.target}, as ${by.actor} recorded at ${by.at}: ${by.reason}`;
    }
  }
}
