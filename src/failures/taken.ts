import { remember } from "../core/remember.ts";
import { storedContractSet } from "../gateway/stored-set.ts";
import { decodeApplied, outcomeAt, type AppliedLetter } from "../ledger/proof.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { followFloors, type Floor, type FloorBook, type RetainedKind } from "../operator/floors.ts";
import type { StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { isNamed, type NamedPosition } from "./failure-id.ts";

/** Something of a record that retention took, or is taking, as the HTTP interface and `--json` show it. */
export type Taken = {
  readonly what: "failure" | "receipt" | "fact" | "evidence";
  /** When it was announced, by whom and for which term: the action of the operator log with this number. */
  readonly at: string;
  readonly actor: string;
  readonly reason: string;
  readonly action: number;
  /** False while retention is at it: some of it may be there still. */
  readonly gone: boolean;
};

/** What retention took of a decision; absent where it took nothing. */
export type TakenOf = { readonly taken?: readonly Taken[] };

export function takenOf(taken: readonly Taken[] = []): TakenOf {
  return taken.length === 0 ? {} : { taken };
}

/** What the ledger alone knows of a decided record. */
export type DecidedPlace = {
  /** Null while the entry is the last of its stream, and the record passed: what became of it is sealed by the next one. */
  readonly became: AppliedLetter | null;
  /** What retention took of it, in the order of {@link Taken.what}. */
  readonly taken: readonly Taken[];
};

export type TakenReads = Pick<StoreReads, "entryAt" | "ledger" | "operatorLog" | "contractSet">;

/** Says what became of a position by the ledger, and what retention took of it; null where nothing is decided. */
export type Places = (stream: Pick<StreamNote, "stream" | "topic">, offset: bigint) => Promise<DecidedPlace | null>;

export function openPlaces(reads: TakenReads): Places {
  const floors = followFloors(reads);
  const collections = new Map<string, string | null>();
  const collectionOf = async ({ contractSet }: LedgerEntry, topic: string): Promise<string | null> => {
    const key = `${contractSet} ${topic}`;
    const known = collections.get(key);
    if (known !== undefined) return known;
    const set = await storedContractSet(reads, contractSet);
    const collection = set?.byTopic.get(topic)?.contract.collection ?? null;
    remember(collections, key, collection, COLLECTIONS_MAX);
    return collection;
  };
  return async ({ stream, topic }, offset) => {
    const entry = await reads.entryAt(stream, offset);
    const letter = entry === null ? null : outcomeAt(entry.from, entry.outcomes, offset);
    if (entry === null || letter === null) return null;
    const became = letter === "F" ? "F" : await appliedAt(reads, entry, offset);
    const book = await floors();
    const taken: Taken[] = [];
    for (const [what, kind] of [...(became === null ? [] : [DOCUMENT[became]]), EVIDENCE]) {
      const above = floorsAbove(book, entry, kind);
      if (above.length === 0) continue;
      // Most streams never need it: a contract set is compiled for the name of a collection.
      const own = kind === "failed" || kind === "facts" ? await collectionOf(entry, topic) : "";
      const floor = above.find(({ collection }) => collection === own);
      if (floor !== undefined) taken.push(takenBy(book, floor, what, entry));
    }
    return { became, taken };
  };
}

/** Names of collections that are remembered. */
const COLLECTIONS_MAX = 64;

const EVIDENCE = ["evidence", "evidence"] as const satisfies readonly [Taken["what"], RetainedKind];

/** The document of a record, and the retention that takes it. */
const DOCUMENT: Readonly<Record<AppliedLetter, readonly [Taken["what"], RetainedKind]>> = {
  S: ["fact", "facts"],
  D: ["receipt", "receipts"],
  C: ["failure", "failed"],
  F: ["failure", "failed"],
};

/** What applying an entry did with a record, as the next one says; null without a next one. */
async function appliedAt(
  reads: Pick<StoreReads, "ledger">,
  { stream, seq, from }: LedgerEntry,
  offset: bigint,
): Promise<AppliedLetter | null> {
  const [next] = await reads.ledger(stream, seq + 1, 1);
  const leaves = next === undefined ? null : decodeApplied(from, next.applied)?.leaves;
  return leaves?.find((leaf) => leaf.offset === offset)?.outcome ?? null;
}

/** The floors under which an entry lies; the first of them took it. */
function floorsAbove(book: FloorBook, { stream, seq }: LedgerEntry, kind: RetainedKind): readonly Floor[] {
  return book.all().filter((floor) => floor.stream === stream && floor.kind === kind && seq < floor.seq);
}

function takenBy(book: FloorBook, floor: Floor, what: Taken["what"], { stream, seq }: LedgerEntry): Taken {
  const { kind, collection, action } = floor;
  const gone = book.standing({ stream, kind, collection, seq }) === "gone";
  return { what, at: action.at, actor: action.actor, reason: action.reason, action: action.seq, gone };
}

/** What was taken, for people: "failure taken 2026-11-29T08:00:00.000Z by ops (retention.failed 90d: ...)". */
export function describeTaken({ what, at, actor, reason, gone }: Taken): string {
  return `${what} ${gone ? "taken" : "being taken"} by retention ${at} by ${actor} (${reason})`;
}

/** A failure whose document retention took. */
export type TakenFailure = { readonly stream: StreamNote; readonly offset: bigint; readonly taken: readonly Taken[] };

/** Those of the failures that a person names whose documents retention took; in the order of their streams. */
export async function takenFailures(
  reads: TakenReads & Pick<StoreReads, "streamNotes">,
  position: NamedPosition,
): Promise<readonly TakenFailure[]> {
  const places = openPlaces(reads);
  const { offset } = position;
  const found: TakenFailure[] = [];
  for (const stream of (await reads.streamNotes()).filter((note) => isNamed(position, note))) {
    const taken = (await places(stream, offset))?.taken ?? [];
    if (taken.some(({ what }) => what === "failure")) found.push({ stream, offset, taken });
  }
  return found;
}
