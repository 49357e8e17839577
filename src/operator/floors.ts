import type { LedgerEntry } from "../ledger/entry.ts";
import type { OperatorAction } from "../ledger/operator-log.ts";
import type { GoneFailures } from "../store/groups.ts";
import type { StoreReads } from "../store/store.ts";
import { followActions } from "./actions.ts";

// Floors in the operator log. Retention takes documents and evidence of a stream from its beginning on, so one number says what is gone: of the
// entries before the floor nothing of that kind is left. It is announced here before anything goes, so that an interrupted run can be
// completed, and nobody mistakes what retention took for damage.

/** Documents that retention takes: failures of a collection, or receipts. */
export type RetainedDocuments = "failed" | "receipts";

/** What retention takes: documents, the contents of facts, or the evidence of entries. */
export type RetainedKind = RetainedDocuments | "facts" | "evidence";

/** The announcement that everything of one kind in the entries of a stream before one goes. */
export type Floor = {
  readonly action: OperatorAction;
  readonly stream: string;
  readonly kind: RetainedKind;
  /** The collection of the failures or facts; "" for receipts and evidence, which all collections share. */
  readonly collection: string;
  /** The first entry that keeps its documents, or its evidence. */
  readonly seq: number;
  /** Its first offset. */
  readonly offset: bigint;
  /** Hash of the entry before it: the last one of which something goes. */
  readonly behind: string;
  /** How many documents go, or become tombstones; of evidence, of how many records. */
  readonly removed: number;
  /** How many failures of each group go, by fingerprint. */
  readonly groups: ReadonlyMap<string, number>;
};

/** What is of a kind in an entry: all there, on its way out, or gone. */
export type Standing = "kept" | "leaving" | "gone";

export type FloorBook = {
  /** Takes every action of the operator log, in order. */
  readonly see: (action: OperatorAction) => void;
  /** The highest floor; null where nothing goes. */
  readonly of: (place: FloorPlace) => Floor | null;
  readonly standing: (place: FloorPlace & { readonly seq: number }) => Standing;
  /** The offset below which failures of a stream are gone or on their way out, by collection. */
  readonly offsets: (stream: string) => ReadonlyMap<string, bigint>;
  /** How many failures of each group of a stream went or are on their way out, by fingerprint. */
  readonly removed: (stream: string) => ReadonlyMap<string, number>;
  /** The highest floors, with how many documents went under each in all. `isDone`: nothing is on its way out. */
  readonly standings: () => readonly {
    readonly floor: Floor;
    readonly removed: number;
    readonly isDone: boolean;
  }[];
  /** The floors that are not recorded as done, in the order in which they were announced. */
  readonly pending: () => readonly Floor[];
  readonly all: () => readonly Floor[];
  /** Seq of the last action taken; -1 before the first. */
  readonly through: () => number;
  /** Seqs of the actions about retention whose detail cannot be parsed. */
  readonly unread: () => readonly number[];
};

type FloorPlace = Pick<Floor, "stream" | "kind" | "collection">;

export function createFloorBook(): FloorBook {
  // An audit asks for the standing of every entry, so the highest floors are kept at hand.
  const highest = new Map<string, Floor>();
  const highestDone = new Map<string, Floor>();
  const done = new Map<string, number>();
  const unread: number[] = [];
  const all: Floor[] = [];
  let last = -1;
  const isDone = ({ stream, action }: Floor): boolean => action.seq <= (done.get(stream) ?? -1);
  const raise = (floors: Map<string, Floor>, floor: Floor): void => {
    const key = keyOf(floor);
    if (floor.seq > (floors.get(key)?.seq ?? 0)) floors.set(key, floor);
  };
  return {
    see: (action) => {
      last = action.seq;
      if (action.action === "retained") {
        const through = THROUGH.exec(action.detail)?.[1];
        if (through === undefined) unread.push(action.seq);
        else done.set(action.target, Math.max(done.get(action.target) ?? -1, Number(through)));
        for (const floor of all) if (floor.stream === action.target && isDone(floor)) raise(highestDone, floor);
      }
      if (action.action !== "retain") return;
      const floor = floorOf(action);
      if (floor === null) return void unread.push(action.seq);
      raise(highest, floor);
      all.push(floor);
    },
    of: (place) => highest.get(keyOf(place)) ?? null,
    standing: (place) => {
      const key = keyOf(place);
      if (place.seq >= (highest.get(key)?.seq ?? 0)) return "kept";
      return place.seq < (highestDone.get(key)?.seq ?? 0) ? "gone" : "leaving";
    },
    offsets: (stream) => {
      const offsets = new Map<string, bigint>();
      for (const floor of all) {
        if (floor.stream !== stream || floor.kind !== "failed") continue;
        const known = offsets.get(floor.collection) ?? 0n;
        offsets.set(floor.collection, floor.offset > known ? floor.offset : known);
      }
      return offsets;
    },
    removed: (stream) => {
      const removed = new Map<string, number>();
      for (const floor of all)
        if (floor.stream === stream)
          for (const [fingerprint, count] of floor.groups)
            removed.set(fingerprint, (removed.get(fingerprint) ?? 0) + count);
      return removed;
    },
    standings: () =>
      [...highest].map(([key, floor]) => {
        const own = all.filter((one) => keyOf(one) === key);
        const removed = own.reduce((sum, one) => sum + one.removed, 0);
        return { floor, removed, isDone: own.every(isDone) };
      }),
    pending: () => all.filter((floor) => !isDone(floor)),
    all: () => all,
    through: () => last,
    unread: () => unread,
  };
}

function keyOf({ stream, kind, collection }: FloorPlace): string {
  return `${kind} ${collection} ${stream}`;
}

/** Reads the new actions of the operator log into the book, and returns it. */
export type FollowedFloors = () => Promise<FloorBook>;

export function followFloors(reads: Pick<StoreReads, "operatorLog">): FollowedFloors {
  const book = createFloorBook();
  const catchUp = followActions(reads, book.see);
  return async () => {
    await catchUp();
    return book;
  };
}

/** The detail of a "retain" action. The operator log is kept for ever, so the detail holds nothing of the records. */
export function floorDetail({
  kind,
  collection,
  seq,
  offset,
  behind,
  removed,
  groups,
}: Omit<Floor, "action" | "stream">): string {
  const what = collection === "" ? kind : `${kind} of ${collection}`;
  const counts = [...groups].map(([fingerprint, count]) => ` ${fingerprint}=${count}`).join("");
  return `${what} before entry ${seq} offset ${offset} behind ${behind} removes ${removed}${counts}`;
}

/** The detail of a "retained" action: every floor of the stream announced up to action `through` is done. */
export function retainedDetail(through: number): string {
  return `through action ${through}`;
}

const KINDS: readonly RetainedKind[] = ["failed", "receipts", "facts", "evidence"];

const THROUGH = /^through action (\d{1,15})$/;

const DETAIL =
  /^(?:(receipts|evidence)|(failed|facts) of ([a-z][a-z0-9_]{0,62})) before entry (\d{1,15}) offset (\d{1,19}) behind ([0-9a-f]{64}) removes (\d{1,15})((?: [0-9a-f]{32}=\d{1,15})*)$/;

function floorOf(action: OperatorAction): Floor | null {
  const [, shared, own, collection = "", seq, offset, behind, removed, counts] = DETAIL.exec(action.detail) ?? [];
  const kind = KINDS.find((one) => one === (shared ?? own));
  if (kind === undefined) return null;
  if (seq === undefined || offset === undefined || behind === undefined) return null;
  const groups = new Map<string, number>();
  for (const one of (counts ?? "").split(" ").filter((text) => text !== "")) {
    const [fingerprint = "", count] = one.split("=");
    groups.set(fingerprint, Number(count));
  }
  const place = { action, stream: action.target, kind, collection } as const;
  return { ...place, seq: Number(seq), offset: BigInt(offset), behind, removed: Number(removed), groups };
}

/** Whether a floor is one that the ledger can have: the entry at which it lies, and the one before it. */
export function fitsLedger(
  { seq, offset, behind }: Pick<Floor, "seq" | "offset" | "behind">,
  before: LedgerEntry | null,
): boolean {
  return before !== null && before.seq === seq - 1 && before.hash === behind && before.to === offset;
}

/** What the counters of a stream's failures have to know of retention. */
export function goneOf(book: FloorBook, stream: string): GoneFailures {
  return { below: book.offsets(stream), removed: book.removed(stream) };
}
