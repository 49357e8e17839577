import type { JournalEntry } from "./book.ts";
import { INVALID, isInvalid } from "./plan.ts";
import type { VisibleRecord } from "./visible.ts";

/** A document as MongoDB holds it, of any of the three kinds of collections. */
export type StoredDocument = {
  readonly kind: "validated" | "failed" | "receipt";
  readonly id: string;
  readonly stream: string;
  readonly partition: number;
  readonly offset: bigint;
  /** SHA-256 of the bytes it holds, hex; "-" for none. */
  readonly sha256: string;
  /** Failure code; null unless `failed`. */
  readonly code: string | null;
  /** Identity in its payload; null unless `validated`. */
  readonly shipmentId: string | null;
  /** What its payload says, as the plan of the records puts it; null unless `validated`. */
  readonly content: string | null;
};

type ViolationKind =
  /** The journal and the visible set disagree: the harness or the broker is at fault, not the gateway. */
  | "journal"
  /** A visible record of which nothing is stored. */
  | "lost"
  /** One position stored more than once. */
  | "double"
  /** Stored as what it cannot be: two outcomes, two facts of one identity, a valid record refused, an invalid one let in. */
  | "contradictory"
  /** Stored, though no reader may see it: an aborted record, or none at all. */
  | "invented"
  /** The stored bytes, payload or names are not those of the record. */
  | "altered"
  /** The records of one identity are not one fact, receipts for what repeats it, and conflicts for what contradicts it. */
  | "fact";

export type Violation = { readonly kind: ViolationKind; readonly place: string; readonly message: string };

export type Evidence = {
  /** What an independent reader sees. */
  readonly visible: readonly VisibleRecord[];
  /** What the producers were promised. */
  readonly journal: readonly JournalEntry[];
  /** What is stored, straight from the database. */
  readonly documents: readonly StoredDocument[];
};

type Found = (kind: ViolationKind, place: string, message: string) => void;

/**
 * Compares what could be decided with what is stored, and knows nothing of how the gateway works: no ledger, no decision,
 * no hash of ours. Within a partition, records count in the order of their offsets; between partitions, any order is right.
 */
export function judgeRun(evidence: Evidence): readonly Violation[] {
  const violations: Violation[] = [];
  const found: Found = (kind, place, message) => violations.push({ kind, place, message });
  const documents = Map.groupBy(evidence.documents, placeOf);
  checkJournal(evidence, found);
  checkPositions(evidence.visible, documents, found);
  const visible = new Set(evidence.visible.map(placeOf));
  const written = evidence.journal.filter((entry) => visible.has(placeOf(entry)));
  checkOutcomes(written, documents, found);
  checkFacts(written, documents, found);
  checkIdentities(evidence.documents, found);
  return violations;
}

function placeOf({ partition, offset }: { readonly partition: number; readonly offset: bigint }): string {
  return `${partition}@${offset}`;
}

function checkJournal({ visible, journal }: Evidence, found: Found): void {
  const seen = new Map(visible.map((record) => [placeOf(record), record.sha256]));
  if (seen.size !== visible.length) found("journal", "-", "a position is visible twice");
  for (const entry of journal) {
    const place = placeOf(entry);
    const sha256 = seen.get(place);
    seen.delete(place);
    if (sha256 === undefined) found("journal", place, `${entry.kind} was acknowledged and is not visible`);
    else if (sha256 !== entry.sha256) found("journal", place, `${entry.kind} was acknowledged with other bytes`);
  }
  for (const [place, sha256] of seen) found("journal", place, `visible and never acknowledged (${sha256.slice(0, 8)})`);
}

type ByPlace = ReadonlyMap<string, readonly StoredDocument[]>;

/** Every visible position is stored once, with its bytes, and no other position is. */
function checkPositions(visible: readonly VisibleRecord[], documents: ByPlace, found: Found): void {
  const unseen = new Map(documents);
  for (const record of visible) {
    const place = placeOf(record);
    const stored = unseen.get(place) ?? [];
    unseen.delete(place);
    const kinds = stored.map(({ kind }) => kind);
    if (stored.length === 0) found("lost", place, "nothing is stored");
    if (stored.length > 1) found("double", place, `stored as ${kinds.join(" and ")}`);
    if (kinds.includes("failed") && kinds.some((kind) => kind !== "failed"))
      found("contradictory", place, `stored as ${kinds.join(" and ")}`);
    for (const { kind, sha256 } of stored)
      if (sha256 !== record.sha256) found("altered", place, `the ${kind} document holds other bytes than the log`);
  }
  for (const [place, stored] of unseen)
    found("invented", place, `stored as ${stored.map(({ kind }) => kind).join(" and ")}, no reader can see a record`);
}

/** Each single record: the invalid ones failed for their own reason, no valid one failed but for a conflict. */
function checkOutcomes(written: readonly JournalEntry[], documents: ByPlace, found: Found): void {
  for (const entry of written) {
    const place = placeOf(entry);
    for (const { kind, code, content } of documents.get(place) ?? []) {
      if (isInvalid(entry.kind)) {
        if (kind !== "failed") found("contradictory", place, `${entry.kind} is stored as ${kind}`);
        else if (code !== INVALID[entry.kind])
          found("contradictory", place, `${entry.kind} failed as ${code}, not as ${INVALID[entry.kind]}`);
      } else if (kind === "failed" && code !== "conflict")
        found("contradictory", place, `${entry.kind} and valid, failed as ${code}`);
      else if (kind === "validated" && content !== entry.content)
        found("altered", place, `the payload stored for ${entry.shipmentId} is not what was written`);
    }
  }
}

/** Each identity: one validated document, receipts for the same content, conflicts for any other. */
function checkFacts(written: readonly JournalEntry[], documents: ByPlace, found: Found): void {
  const kindAt = (entry: JournalEntry): StoredDocument["kind"] | undefined => documents.get(placeOf(entry))?.[0]?.kind;
  const stated = written.filter(({ shipmentId }) => shipmentId !== null);
  for (const [shipmentId, entries] of Map.groupBy(stated, (entry) => entry.shipmentId)) {
    const holders = entries.filter((entry) =>
      (documents.get(placeOf(entry)) ?? []).some(({ kind }) => kind === "validated"),
    );
    const [holder, second] = holders;
    if (holder === undefined) {
      found("fact", entries.map(placeOf).join(" "), `${shipmentId} is stored nowhere as a fact`);
      continue;
    }
    if (second !== undefined)
      found(
        "contradictory",
        holders.map(placeOf).join(" "),
        `the fact ${shipmentId} is stored ${holders.length} times`,
      );
    for (const entry of entries) {
      const place = placeOf(entry);
      const kind = kindAt(entry);
      if (kind === undefined || kind === "validated") continue;
      const due = entry.content === holder.content ? "receipt" : "failed";
      if (kind !== due)
        found("fact", place, `${shipmentId} is held by ${placeOf(holder)}: due a ${due}, stored ${kind}`);
      if (entry.partition === holder.partition && entry.offset < holder.offset)
        found("fact", place, `${shipmentId} is held by ${placeOf(holder)}, which comes later in the same partition`);
    }
  }
}

/** What the documents say by themselves, whatever was written: their names, and one identity, one fact. */
function checkIdentities(documents: readonly StoredDocument[], found: Found): void {
  for (const [partition, same] of Map.groupBy(documents, (document) => document.partition)) {
    const streams = [...new Set(same.map(({ stream }) => stream))];
    if (streams.length > 1 || !(streams[0] ?? "").endsWith(`/${partition}`))
      found("altered", String(partition), `the partition is stored as the streams ${streams.join(", ")}`);
  }
  for (const document of documents)
    if (document.kind !== "validated" && document.id !== `${document.stream}@${document.offset}`)
      found("altered", placeOf(document), `the ${document.kind} document is called ${document.id}`);
  const validated = documents.filter(({ kind }) => kind === "validated");
  for (const [shipmentId, holders] of Map.groupBy(validated, (document) => document.shipmentId))
    if (shipmentId === null || holders.length > 1)
      found("contradictory", holders.map(placeOf).join(" "), `${holders.length} documents hold the fact ${shipmentId}`);
  for (const [id, same] of Map.groupBy(documents, ({ kind, id: own }) => `${kind} ${own}`))
    if (same.length > 1) found("double", same.map(placeOf).join(" "), `${same.length} documents are called ${id}`);
}
