import { logIdOf, type OffsetRange, type Source, type Stream } from "../source/source.ts";
import { operatorActions } from "./actions.ts";
import type { OperatorAction } from "../ledger/operator-log.ts";
import type { StoreReads } from "../store/store.ts";

/** Offsets `[from, to)` of a stream that were acknowledged and never decided, and that an operator recorded as lost. */
export type Loss = {
  readonly stream: string;
  readonly from: bigint;
  readonly to: bigint;
  /** The operator's reason. */
  readonly note: string;
  /** True when the log was accepted again later: those of the records that it still has are decided after all. */
  readonly takenBack: boolean;
};

/** Reads every loss in the operator log, in order: lost ends of logs, and logs that were replaced. (Gaps are in the ledger.) */
export async function recordedLosses(reads: Pick<StoreReads, "operatorLog">): Promise<readonly Loss[]> {
  let losses: Loss[] = [];
  for await (const action of operatorActions(reads)) losses = [...withAction(losses, action)];
  return losses;
}

/** Returns the losses after one further action of the operator log. */
export function withAction(losses: readonly Loss[], action: OperatorAction): readonly Loss[] {
  switch (action.action) {
    case "accept-loss":
      return [...losses, ...lossOf(action)];
    case "accept-log":
      return losses.map((loss) => (logIdOf(loss.stream) === action.target ? { ...loss, takenBack: true } : loss));
    case "accept-gap":
    case "resume":
    case "replace":
    case "erase":
    case "erased":
    case "retain":
    case "retained":
    case "reveal":
    case "migrate":
    case "group-state":
    case "group-owner":
    case "group-note":
    case "activate":
    case "deprecate":
    case "retire":
    case "redrive-plan":
    case "redrive-run":
    case "redrive-pause":
    case "redrive-cancel":
    case "redrive-done":
    case "correct":
    case "key-new":
    case "key-rotate":
    case "key-revoke":
    case "corrected":
      return losses;
    // A changed action may name any: the audit says that it is another.
    default:
      return losses;
  }
}

function lossOf({ target, detail, reason }: OperatorAction): readonly Loss[] {
  const [, from, to] = /^\[(\d{1,19}), (\d{1,19})\)$/.exec(detail) ?? [];
  if (from === undefined || to === undefined) return [];
  return [{ stream: target, from: BigInt(from), to: BigInt(to), note: reason, takenBack: false }];
}

/** Subtracts ranges from a range. @returns the parts that are left, ascending. */
export function subtractRanges({ from, to }: OffsetRange, others: readonly OffsetRange[]): readonly OffsetRange[] {
  const left: OffsetRange[] = [];
  let next = from;
  for (const other of others.toSorted((one, two) => (one.from < two.from ? -1 : one.from > two.from ? 1 : 0))) {
    if (other.from > next && next < to) left.push({ from: next, to: other.from < to ? other.from : to });
    if (other.to > next) next = other.to;
  }
  if (next < to) left.push({ from: next, to });
  return left;
}

/** The records of a stream that its log lacks. */
export type Lack =
  /** The log ends, at `end`, before the last decided offset. */
  | { readonly kind: "decided"; readonly end: bigint }
  /** The log ends, at `end`, before the last acknowledged offset: `[from, to)` is gone. */
  | { readonly kind: "acknowledged"; readonly end: bigint; readonly from: bigint; readonly to: bigint }
  /** The log was restored from a backup and continues after `[from, to)`, whose records were acknowledged and are not decided. */
  | { readonly kind: "put-back"; readonly from: bigint; readonly to: bigint };

/**
 * Finds the records of a stream that its log lacks and that no operator recorded as lost; null when there are none.
 * @param decided every offset below it is decided.
 */
export async function lackOf(
  reads: Pick<StoreReads, "logEnds" | "operatorLog">,
  source: Pick<Source, "bounds" | "skipped">,
  stream: Stream,
  decided: bigint,
): Promise<Lack | null> {
  // The acknowledged end is read before the end of the log: a concurrent append then cannot look like a loss.
  const shown = (await reads.logEnds()).find((note) => note.stream === stream.id)?.end ?? 0n;
  const { end } = await source.bounds(stream);
  if (end < decided) return { kind: "decided", end };
  if (end < shown) return { kind: "acknowledged", end, from: end, to: shown };
  const skipped = shown > decided ? ((await source.skipped?.(stream, decided, end)) ?? []) : [];
  // If appends were acknowledged beyond the skipped range, the log passed this check after its restoration.
  const [around] = skipped.filter(({ from, to }) => from < shown && shown <= to);
  if (around === undefined) return null;
  const recorded = (await recordedLosses(reads)).filter((loss) => loss.stream === stream.id);
  const left = subtractRanges({ from: around.from, to: shown }, recorded);
  const [first, last] = [left[0], left.at(-1)];
  return first === undefined || last === undefined ? null : { kind: "put-back", from: first.from, to: last.to };
}

/** Describes the lack as a sentence. */
export function describeLack({ topic, partition }: Stream, decided: bigint, lack: Lack): string {
  const log = `the log of ${topic}/${partition}`;
  switch (lack.kind) {
    case "decided":
      return `${log} ends at ${lack.end}, and up to ${decided} is decided`;
    case "acknowledged":
      return `${log} ends at ${lack.end}, and up to ${lack.to} was acknowledged`;
    case "put-back":
      return `${log} was put back from a backup and lacks [${lack.from}, ${lack.to}), which was acknowledged and is not decided`;
  }
}
