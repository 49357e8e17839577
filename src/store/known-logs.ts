import { logIdOf } from "../source/source.ts";
import { operatorActions } from "./operator-actions.ts";
import type { OperatorAction } from "./operator.ts";
import type { StoreReads } from "./store.ts";

// What a store remembers of the logs whose records it holds. A log that is lost, or an older one put back, looks like any
// other: only the store knows which log it was, how far it was decided, and how far it was shown to whoever appended.

type KnownLogs = Pick<StoreReads, "streams" | "operatorLog">;

/** The logs that a store knows instead of this one; none when it knows this one, no log at all, or an operator accepted it. */
export async function otherLogs(reads: KnownLogs, log: string): Promise<readonly string[]> {
  const known = new Set((await reads.streams()).map(logIdOf));
  if (known.size === 0 || known.has(log)) return [];
  const accepted = await findAction(reads, (action) => action.action === "accept-log" && action.target === log);
  return accepted === null ? [...known] : [];
}

/** How far a stream was shown to reach; null when nothing is noted. */
export async function shownTo(reads: Pick<StoreReads, "logEnds">, stream: string): Promise<bigint | null> {
  return (await reads.logEnds()).find((note) => note.stream === stream)?.end ?? null;
}

/** The first action of an operator that satisfies the condition. */
export async function findAction(
  reads: Pick<StoreReads, "operatorLog">,
  wanted: (action: OperatorAction) => boolean,
): Promise<OperatorAction | null> {
  for await (const action of operatorActions(reads)) if (wanted(action)) return action;
  return null;
}

/** What a log lacks of a stream that is decided, and was acknowledged, so far; null when nothing. */
export function lackOf(
  end: bigint,
  { decided, acknowledged }: { readonly decided: bigint; readonly acknowledged: bigint },
): "decided" | "acknowledged" | null {
  if (end < decided) return "decided";
  return end < acknowledged ? "acknowledged" : null;
}
