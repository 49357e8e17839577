import { hash } from "node:crypto";
import type { Planned } from "./plan.ts";
import type { VisibleRecord } from "./visible.ts";

/** A record the broker acknowledged, by itself or with the commit of its transaction. */
export type JournalEntry = Omit<Planned, "value" | "headers"> & {
  readonly partition: number;
  readonly offset: bigint;
  /** SHA-256 of the value, hex; "-" for a tombstone. */
  readonly sha256: string;
};

/** A record whose answer never came: it may be in the log or not. Its offset is known when only its commit is in doubt. */
export type Doubt = Omit<JournalEntry, "offset"> & { readonly offset: bigint | null };

/** A record on its way to a partition. */
export type Aimed = { readonly partition: number; readonly planned: Planned };

/** What became of all that was sent. */
export type Book = {
  readonly entries: JournalEntry[];
  readonly aborted: JournalEntry[];
  readonly doubtful: Doubt[];
  readonly transactions: { committed: number; aborted: number };
  /** Requests that wait for their answer now. */
  underWay: number;
  /** Requests that ended with an error; each cost a producer. */
  failures: number;
  /** How often the broker has been killed. */
  deaths: number;
};

export function newBook(): Book {
  const transactions = { committed: 0, aborted: 0 };
  return { entries: [], aborted: [], doubtful: [], transactions, underWay: 0, failures: 0, deaths: 0 };
}

/** @param offset where the broker put it; null when it did not say. */
export function bookedAs({ partition, planned }: Aimed, offset: bigint | null): Doubt {
  const { kind, shipmentId, content, value } = planned;
  return { partition, offset, kind, shipmentId, content, sha256: value === null ? "-" : hash("sha256", value) };
}

/**
 * The records in doubt that came into the log after all, with their offsets. Each stands for one visible record at most
 * that was never acknowledged: what was written twice, or by nobody, is not found here.
 */
export function arrivedAfterAll(
  visible: readonly VisibleRecord[],
  { entries, doubtful }: Pick<Book, "entries" | "doubtful">,
): readonly JournalEntry[] {
  const acknowledged = new Set(entries.map(({ partition, offset }) => `${partition}@${offset}`));
  const waiting = Map.groupBy(doubtful, ({ partition, sha256 }) => `${partition} ${sha256}`);
  return visible.flatMap(({ partition, offset, sha256 }) => {
    if (acknowledged.has(`${partition}@${offset}`)) return [];
    const alike = waiting.get(`${partition} ${sha256}`) ?? [];
    // One that knows its offset is of no use to any other record; one that does not, is.
    const here = alike.findIndex((doubt) => doubt.offset === offset);
    const index = here < 0 ? alike.findIndex((doubt) => doubt.offset === null) : here;
    const [found] = index < 0 ? [] : alike.splice(index, 1);
    return found === undefined ? [] : [{ ...found, offset }];
  });
}
