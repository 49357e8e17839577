import type { Erasure, ErasureBook } from "../operator/erasures.ts";
import type { Finding } from "./finding.ts";

/** Records of a stream that one operator action erased. */
export type ErasedRecords = {
  readonly stream: string;
  readonly records: number;
  /** When, by whom and why, as recorded in the operator log. */
  readonly at: string;
  readonly actor: string;
  readonly reason: string;
};

/** The erased records, grouped by stream and operator action. Records that were announced twice count once. */
export function erasedRecords(book: ErasureBook): readonly ErasedRecords[] {
  const groups = new Map<string, ErasedRecords>();
  const counted = new Set<string>();
  for (const one of book.all()) {
    const { stream, action } = one;
    const { at, actor, reason } = action;
    const key = JSON.stringify([stream, at, actor, reason]);
    const before = groups.get(key)?.records ?? 0;
    groups.set(key, { stream, records: before + countNew(one, counted), at, actor, reason });
  }
  return [...groups.values()].filter(({ records }) => records > 0);
}

function countNew({ stream, seq, ranges }: Erasure, counted: Set<string>): number {
  let count = 0;
  for (const { from, to } of ranges) {
    const key = `${stream}|${seq}|${from}-${to}`;
    if (!counted.has(key)) count += Number(to - from);
    counted.add(key);
  }
  return count;
}

/** Finds erasures of entries that do not exist, and actions that do not say what they erase. */
export function strayErasures(
  book: ErasureBook,
  entriesOf: (stream: string) => number | undefined,
): readonly Finding[] {
  const unread = book.unread().map((seq) => stray(null, `action ${seq} does not say what it erases`));
  const astray = book
    .all()
    .filter(({ stream, seq }) => seq >= (entriesOf(stream) ?? 0))
    .map(({ stream, seq, action }) => stray(stream, `action ${action.seq} erases of entry ${seq}, which is not there`));
  return [...unread, ...astray];
}

function stray(stream: string | null, message: string): Finding {
  return { code: "ERASURE", stream, seq: null, offset: null, message };
}
