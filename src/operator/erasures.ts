import type { OffsetRange } from "../source/source.ts";
import type { OperatorAction } from "../ledger/operator-log.ts";
import { followActions } from "./actions.ts";
import type { StoreReads } from "../store/store.ts";

// Erasures in the operator log. A ledger entry is never edited: it keeps the digest of the evidence from which it was decided. The
// operator log holds the digest of the evidence after an erasure. It is announced there before the evidence is replaced, so an
// interrupted erasure can be completed.

/** An erasure of records of one entry, as the operator log announces it. */
export type Erasure = {
  readonly action: OperatorAction;
  readonly stream: string;
  readonly seq: number;
  /** Offsets of the records, ascending. */
  readonly ranges: readonly OffsetRange[];
  /** Digests of the evidence before and after these records are erased. */
  readonly before: string;
  readonly after: string;
};

/** The announced erasures, and which of them are done. */
export type ErasureBook = {
  /** Takes every action of the operator log, in order. */
  readonly see: (action: OperatorAction) => void;
  /** The erasures of an entry, in the order in which they were announced. */
  readonly of: (entry: EntryPlace) => readonly Erasure[];
  /** The erasures that are not recorded as done. */
  readonly pending: () => readonly Erasure[];
  readonly all: () => readonly Erasure[];
  /** Seq of the last action taken; -1 before the first. */
  readonly through: () => number;
  /** Seqs of the actions about erasures whose detail cannot be parsed. */
  readonly unread: () => readonly number[];
};

type EntryPlace = { readonly stream: string; readonly seq: number };

export function createErasureBook(): ErasureBook {
  const byEntry = new Map<string, Erasure[]>();
  const done = new Map<string, number>();
  const unread: number[] = [];
  const all: Erasure[] = [];
  let last = -1;
  return {
    see: (action) => {
      last = action.seq;
      if (action.action === "erased") {
        const through = /^through action (\d{1,15})$/.exec(action.detail)?.[1];
        if (through === undefined) unread.push(action.seq);
        else done.set(action.target, Math.max(done.get(action.target) ?? -1, Number(through)));
      }
      if (action.action !== "erase") return;
      const erasure = erasureOf(action);
      if (erasure === null) return void unread.push(action.seq);
      const key = keyOf(erasure);
      const known = byEntry.get(key);
      if (known === undefined) byEntry.set(key, [erasure]);
      else known.push(erasure);
      all.push(erasure);
    },
    of: (entry) => byEntry.get(keyOf(entry)) ?? [],
    pending: () => all.filter(({ stream, action }) => action.seq > (done.get(stream) ?? -1)),
    all: () => all,
    through: () => last,
    unread: () => unread,
  };
}

function keyOf({ stream, seq }: EntryPlace): string {
  return `${stream}|${seq}`;
}

/** Reads the new actions of the operator log into the book, and returns it. */
export type FollowedErasures = () => Promise<ErasureBook>;

export function followErasures(reads: Pick<StoreReads, "operatorLog">): FollowedErasures {
  const book = createErasureBook();
  const catchUp = followActions(reads, book.see);
  return async () => {
    await catchUp();
    return book;
  };
}

/** The detail of an "erase" action. The operator log is kept for ever, so the detail holds nothing of the records. */
export function erasureDetail({ seq, ranges, before, after }: Omit<Erasure, "action" | "stream">): string {
  const offsets = ranges.map(({ from, to }) => (to - from === 1n ? `${from}` : `${from}-${to - 1n}`));
  return `entry ${seq} evidence ${before} to ${after} offsets ${offsets.join(" ")}`;
}

/** The detail of an "erased" action: every erasure of the stream announced up to action `through` is done. */
export function erasedDetail(through: number): string {
  return `through action ${through}`;
}

const DETAIL =
  /^entry (\d{1,15}) evidence ([0-9a-f]{64}) to ([0-9a-f]{64}) offsets (\d{1,19}(?:-\d{1,19})?(?: \d{1,19}(?:-\d{1,19})?)*)$/;

function erasureOf(action: OperatorAction): Erasure | null {
  const [, seq, before, after, offsets] = DETAIL.exec(action.detail) ?? [];
  if (seq === undefined || before === undefined || after === undefined || offsets === undefined) return null;
  const ranges = offsets.split(" ").map((text) => {
    const [first = "", last = first] = text.split("-");
    return { from: BigInt(first), to: BigInt(last) + 1n };
  });
  return { action, stream: action.target, seq: Number(seq), ranges, before, after };
}

/** Joins ascending offsets into ranges. */
export function rangesOf(offsets: readonly bigint[]): readonly OffsetRange[] {
  const ranges: { from: bigint; to: bigint }[] = [];
  for (const offset of offsets) {
    const last = ranges.at(-1);
    if (last?.to === offset) last.to = offset + 1n;
    else ranges.push({ from: offset, to: offset + 1n });
  }
  return ranges;
}

/** Whether one of the ranges covers the offset. */
export function isWithin(ranges: readonly OffsetRange[], offset: bigint): boolean {
  return ranges.some(({ from, to }) => from <= offset && offset < to);
}
