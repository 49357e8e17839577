import type { OffsetRange } from "../source/source.ts";
import type { OperatorAction } from "../ledger/operator-log.ts";
import { operatorActions } from "./actions.ts";
import type { StoreReads } from "../store/store.ts";

// What operators said of erased records. An entry of the ledger is never edited: it keeps the digest of the evidence that decided it.
// Which evidence it has now is said here, in front of the evidence: whoever stops in between can be completed.

/** Records of one entry that are erased, as it was announced. */
export type Erasure = {
  readonly action: OperatorAction;
  readonly stream: string;
  readonly seq: number;
  /** Offsets of the records, ascending. */
  readonly ranges: readonly OffsetRange[];
  /** Digests of the evidence with these records, and without. */
  readonly before: string;
  readonly after: string;
};

/** What is announced and what of it is done. */
export type ErasureBook = {
  /** Is told every action, in order. */
  readonly see: (action: OperatorAction) => void;
  /** What was announced of an entry, in order. */
  readonly of: (entry: EntryPlace) => readonly Erasure[];
  /** What was announced and is not known to be done. */
  readonly pending: () => readonly Erasure[];
  readonly all: () => readonly Erasure[];
  /** Seq of the last action that it was told; -1 when none. */
  readonly through: () => number;
  /** Of actions that speak of erasures in no way that this program writes: their seqs. */
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

/** A book that reads on from where it was. */
export type FollowedErasures = () => Promise<ErasureBook>;

export function followErasures(reads: Pick<StoreReads, "operatorLog">): FollowedErasures {
  const book = createErasureBook();
  let next = 0;
  return async () => {
    for await (const action of operatorActions(reads, next)) {
      // Two that read on at the same time are told the same twice.
      if (action.seq < next) continue;
      next = action.seq + 1;
      book.see(action);
    }
    return book;
  };
}

/** How an action says what it erases. It is kept for ever: nothing of the records is in it. */
export function erasureDetail({ seq, ranges, before, after }: Omit<Erasure, "action" | "stream">): string {
  const offsets = ranges.map(({ from, to }) => (to - from === 1n ? `${from}` : `${from}-${to - 1n}`));
  return `entry ${seq} evidence ${before} to ${after} offsets ${offsets.join(" ")}`;
}

/** How an action says that everything that was announced up to another one is done. */
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

/** Offsets in order as ranges. */
export function rangesOf(offsets: readonly bigint[]): readonly OffsetRange[] {
  const ranges: { from: bigint; to: bigint }[] = [];
  for (const offset of offsets) {
    const last = ranges.at(-1);
    if (last?.to === offset) last.to = offset + 1n;
    else ranges.push({ from: offset, to: offset + 1n });
  }
  return ranges;
}

/** Whether an offset is in one of some ranges. */
export function isWithin(ranges: readonly OffsetRange[], offset: bigint): boolean {
  return ranges.some(({ from, to }) => from <= offset && offset < to);
}
