import { EVIDENCE_DROPPED, type LedgerEntry } from "../ledger/entry.ts";
import type { OperatorAction } from "../ledger/operator-log.ts";
import { createFloorBook, fitsLedger, type Floor, type FloorBook, type Standing } from "../operator/floors.ts";
import type { Finding } from "./finding.ts";

/** What retention took, as the operator log says. */
export type RetainedFloor = Pick<Floor, "stream" | "kind" | "collection" | "seq" | "removed"> & {
  /** The first offset whose document is kept. */
  readonly offset: bigint;
  /** When, by whom and why the floor was last raised, as recorded in the operator log. */
  readonly at: string;
  readonly actor: string;
  readonly reason: string;
  /** False while documents below it are on their way out. */
  readonly isDone: boolean;
};

/** What an entry has of what retention takes, numbers of documents. */
export type Retainable = {
  readonly collection: string;
  readonly facts: number;
  readonly failed: number;
  readonly receipts: number;
  /** Failures by fingerprint; null when this build cannot tell, or the evidence is gone. */
  readonly groups: ReadonlyMap<string, number> | null;
};

/** The audit of retention: what is announced is what the ledger had, and it alone is gone. */
export type RetentionAudit = {
  /** Takes every action of the operator log, in order. */
  readonly see: (action: OperatorAction) => void;
  readonly book: FloorBook;
  readonly standing: (entry: LedgerEntry, kind: Floor["kind"], collection: string) => Standing;
  /** Takes every entry of a stream, in order, with what it has; null when that is not known. */
  readonly saw: (entry: LedgerEntry, has: Retainable | null) => void;
  /** The findings about the floors of a stream whose last entry was seen. */
  readonly end: (stream: string) => readonly Finding[];
  /** The findings about floors of no stream there is, and about actions that do not say what they take. */
  readonly strays: (streams: ReadonlySet<string>) => readonly Finding[];
  readonly floors: () => readonly RetainedFloor[];
};

/** A floor that was announced when the audit began, and what the ledger has between it and the one before. */
type Checked = {
  readonly floor: Floor;
  readonly from: number;
  fits: boolean;
  /** Whether the number is sure, and whether the number of each group is. */
  isSure: boolean;
  areGroupsSure: boolean;
  removed: number;
  readonly groups: Map<string, number>;
};

export function auditRetention(): RetentionAudit {
  const book = createFloorBook();
  let current: { readonly stream: string; readonly checked: readonly Checked[]; readonly open: Set<Checked> } | null =
    null;
  const checkedOf = (stream: string): NonNullable<typeof current> => {
    if (current?.stream === stream) return current;
    const checked = checkedFloors(book, stream);
    current = { stream, checked, open: new Set(checked.filter((one) => one.from === 0 && rises(one))) };
    return current;
  };
  return {
    see: book.see,
    book,
    standing: ({ stream, seq }, kind, collection) => book.standing({ stream, seq, kind, collection }),
    saw: (entry, has) => {
      const { checked, open } = checkedOf(entry.stream);
      for (const one of open) {
        if (entry.seq >= one.from && entry.seq < one.floor.seq) addTo(one, entry, has);
        if (entry.seq < one.floor.seq - 1) continue;
        // Here a floor lies: the next one of its kind begins behind it.
        one.fits = entry.seq === one.floor.seq - 1 && fitsLedger(one.floor, entry);
        open.delete(one);
        for (const other of checked)
          if (other.from === one.floor.seq && rises(other) && isSameKind(one, other)) open.add(other);
      }
    },
    end: (stream) => checkedOf(stream).checked.flatMap(findingsOf),
    strays: (streams) => [
      ...book.unread().map((seq) => finding(null, null, `action ${seq} does not say what it takes away`)),
      ...book
        .all()
        .filter(({ stream }) => !streams.has(stream))
        .map(({ action, stream }) => finding(stream, null, `action ${action.seq} takes away of no stream there is`)),
    ],
    floors: () => floorsIn(book),
  };
}

function checkedFloors(book: FloorBook, stream: string): readonly Checked[] {
  const own = book.all().filter((floor) => floor.stream === stream);
  return own.map((floor, at): Checked => {
    const earlier = own.slice(0, at).filter((one) => one.kind === floor.kind && one.collection === floor.collection);
    const from = Math.max(0, ...earlier.map(({ seq }) => seq));
    return { floor, from, fits: false, isSure: true, areGroupsSure: true, removed: 0, groups: new Map() };
  });
}

/** Whether a floor is higher than those announced before it, as it has to be. */
function rises({ from, floor }: Checked): boolean {
  return floor.seq > from;
}

function isSameKind({ floor }: Checked, { floor: other }: Checked): boolean {
  return floor.kind === other.kind && floor.collection === other.collection;
}

function addTo(one: Checked, { count, note }: LedgerEntry, has: Retainable | null): void {
  if (count === 0) return;
  const { kind, collection } = one.floor;
  if (kind === "evidence") one.removed += note === EVIDENCE_DROPPED ? 0 : count;
  else if (has === null) one.isSure = false;
  else if (collection === "" || collection === has.collection) {
    one.removed += has[kind];
    if (has.groups === null) one.areGroupsSure = false;
    for (const [fingerprint, failures] of has.groups ?? [])
      one.groups.set(fingerprint, (one.groups.get(fingerprint) ?? 0) + failures);
  }
}

function findingsOf({ floor, from, fits, isSure, areGroupsSure, removed, groups }: Checked): readonly Finding[] {
  const { action, stream, seq } = floor;
  const what = `action ${action.seq} takes away what is before entry ${seq}`;
  const noun = floor.kind === "evidence" ? "records" : "documents";
  if (seq <= from) return [finding(stream, seq, `${what}, which an action before it took away`)];
  if (!fits) return [finding(stream, null, `${what}, and the ledger has no such entry behind the one it names`)];
  if (!isSure) return [];
  const differing = [...new Set([...groups.keys(), ...floor.groups.keys()])].find(
    (fingerprint) => floor.kind === "failed" && groups.get(fingerprint) !== floor.groups.get(fingerprint),
  );
  if (removed !== floor.removed)
    return [finding(stream, null, `${what}: ${floor.removed} ${noun}, and the ledger has ${removed}`)];
  if (differing === undefined || !areGroupsSure) return [];
  const [said, had] = [floor.groups.get(differing) ?? 0, groups.get(differing) ?? 0];
  return [finding(stream, null, `${what}: ${said} of group ${differing}, and the ledger has ${had}`)];
}

function finding(stream: string | null, seq: number | null, message: string): Finding {
  return { code: "RETENTION", stream, seq, offset: null, message };
}

/** What is told of the highest floors. */
function floorsIn(book: FloorBook): readonly RetainedFloor[] {
  return book.standings().map(({ floor, removed, isDone }) => {
    const { stream, kind, collection, seq, offset, action } = floor;
    const { at, actor, reason } = action;
    return { stream, kind, collection, seq, offset, removed, at, actor, reason, isDone };
  });
}
