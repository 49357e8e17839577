import { logIdOf, type OffsetRange, type Source, type Stream } from "../source/source.ts";
import { operatorActions } from "./actions.ts";
import type { OperatorAction } from "../ledger/operator-log.ts";
import type { StoreReads } from "../store/store.ts";

/** Offsets `[from, to)` of a stream that were acknowledged and never decided, and are lost by an operator's word. */
export type Loss = {
  readonly stream: string;
  readonly from: bigint;
  readonly to: bigint;
  /** Why, in the operator's words. */
  readonly note: string;
  /** The log was accepted again since: what is there of them is decided after all. */
  readonly takenBack: boolean;
};

/** Every loss that operators recorded beside the ledger, in order: ends of logs, and logs that another one took the place of. */
export async function recordedLosses(reads: Pick<StoreReads, "operatorLog">): Promise<readonly Loss[]> {
  let losses: Loss[] = [];
  for await (const action of operatorActions(reads)) losses = [...withAction(losses, action)];
  return losses;
}

/** The losses after one action more. */
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
    case "migrate":
    case "activate":
    case "deprecate":
    case "retire":
      return losses;
  }
}

function lossOf({ target, detail, reason }: OperatorAction): readonly Loss[] {
  const [, from, to] = /^\[(\d{1,19}), (\d{1,19})\)$/.exec(detail) ?? [];
  if (from === undefined || to === undefined) return [];
  return [{ stream: target, from: BigInt(from), to: BigInt(to), note: reason, takenBack: false }];
}

/** What is left of a range when others are taken out of it, in order. */
export function without({ from, to }: OffsetRange, others: readonly OffsetRange[]): readonly OffsetRange[] {
  const left: OffsetRange[] = [];
  let next = from;
  for (const other of others.toSorted((one, two) => (one.from < two.from ? -1 : one.from > two.from ? 1 : 0))) {
    if (other.from > next && next < to) left.push({ from: next, to: other.from < to ? other.from : to });
    if (other.to > next) next = other.to;
  }
  if (next < to) left.push({ from: next, to });
  return left;
}

/** What a log does not have of a stream. */
export type Lack =
  /** It ends before what is decided. */
  | { readonly kind: "decided"; readonly end: bigint }
  /** It ends before what was acknowledged: `[from, to)` is gone. */
  | { readonly kind: "acknowledged"; readonly end: bigint; readonly from: bigint; readonly to: bigint }
  /** It was put back from a backup and goes on behind `[from, to)`, which was acknowledged and is not decided. */
  | { readonly kind: "put-back"; readonly from: bigint; readonly to: bigint };

/**
 * What a log lacks of a stream, and no operator recorded as lost; null when nothing.
 * @param decided everything below is.
 */
export async function lackOf(
  reads: Pick<StoreReads, "logEnds" | "operatorLog">,
  source: Pick<Source, "bounds" | "skipped">,
  stream: Stream,
  decided: bigint,
): Promise<Lack | null> {
  // Before the end: others append meanwhile, and tell the store so.
  const shown = (await reads.logEnds()).find((note) => note.stream === stream.id)?.end ?? 0n;
  const { end } = await source.bounds(stream);
  if (end < decided) return { kind: "decided", end };
  if (end < shown) return { kind: "acknowledged", end, from: end, to: shown };
  const skipped = shown > decided ? ((await source.skipped?.(stream, decided, end)) ?? []) : [];
  // Where more was acknowledged than was skipped, the log was taken up again since, and found in order.
  const [around] = skipped.filter(({ from, to }) => from < shown && shown <= to);
  if (around === undefined) return null;
  const recorded = (await recordedLosses(reads)).filter((loss) => loss.stream === stream.id);
  const left = without({ from: around.from, to: shown }, recorded);
  const [first, last] = [left[0], left.at(-1)];
  return first === undefined || last === undefined ? null : { kind: "put-back", from: first.from, to: last.to };
}

/** What a log lacks, as a sentence. */
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
