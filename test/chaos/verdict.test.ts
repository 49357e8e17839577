import { describe, expect, test } from "vitest";
import type { JournalEntry } from "./book.ts";
import { INVALID, isInvalid, type Kind } from "./plan.ts";
import { judgeRun, type Evidence, type StoredDocument } from "./verdict.ts";

/** `kind partition@offset [shipment_id[=content]]`, as it was written and is rightly stored. */
function written(kind: Kind, partition: number, offset: number, fact: string | null = null): JournalEntry {
  const [shipmentId = null] = fact?.split("=") ?? [];
  const sha256 = kind === "tombstone" ? "-" : `bytes of ${partition}@${offset}`;
  return { kind, partition, offset: BigInt(offset), shipmentId, content: fact, sha256 };
}

const JOURNAL: readonly JournalEntry[] = [
  written("valid", 0, 0, "A=1"),
  written("duplicate", 0, 1, "A=1"),
  written("conflict", 1, 0, "A=2"),
  written("valid", 1, 1, "B=1"),
  written("broken-json", 1, 3),
  written("tombstone", 1, 4),
];

function stored(entry: JournalEntry, kind: StoredDocument["kind"], code: string | null = null): StoredDocument {
  const { partition, offset, sha256, shipmentId, content } = entry;
  const stream = `topic/${partition}`;
  const place = { stream, partition, offset, sha256, code };
  if (kind === "validated") return { kind, id: `machine ${shipmentId}`, ...place, shipmentId, content };
  return { kind, id: `${stream}@${offset}`, ...place, shipmentId: null, content: null };
}

function rightly(entry: JournalEntry): StoredDocument {
  if (isInvalid(entry.kind)) return stored(entry, "failed", INVALID[entry.kind]);
  if (entry.kind === "conflict") return stored(entry, "failed", "conflict");
  return stored(entry, entry.kind === "valid" ? "validated" : "receipt");
}

/** A run without a fault, then changed. */
function run(change: Partial<Evidence> = {}): Evidence {
  return {
    visible: JOURNAL.map(({ partition, offset, sha256 }) => ({ partition, offset, sha256 })),
    journal: JOURNAL,
    documents: JOURNAL.map(rightly),
    ...change,
  };
}

/** The same documents, those of one place replaced. */
function replaced(place: string, ...by: readonly StoredDocument[]): Evidence {
  const others = JOURNAL.filter(({ partition, offset }) => `${partition}@${offset}` !== place);
  return run({ documents: [...others.map(rightly), ...by] });
}

const [A, A_AGAIN, A_OTHER, B, BROKEN, TOMBSTONE] = JOURNAL as readonly [
  JournalEntry,
  JournalEntry,
  JournalEntry,
  JournalEntry,
  JournalEntry,
  JournalEntry,
];

function judge(evidence: Evidence): readonly string[] {
  return judgeRun(evidence).map(({ kind, place, message }) => `${kind} ${place}: ${message}`);
}

describe("a run without a fault", () => {
  test("has no violation", () => {
    expect(judge(run())).toEqual([]);
  });

  test("may store any of an identity's contents when they come from different partitions", () => {
    const documents = [
      stored(A_OTHER, "validated"),
      stored(A, "failed", "conflict"),
      stored(A_AGAIN, "failed", "conflict"),
      ...[B, BROKEN, TOMBSTONE].map(rightly),
    ];
    expect(judge(run({ documents }))).toEqual([]);
  });

  test("stores the same content in other bytes as a duplicate", () => {
    const rewritten = { ...A_AGAIN, kind: "rewritten" as const, sha256: "other bytes" };
    const journal = [A, rewritten, A_OTHER, B, BROKEN, TOMBSTONE];
    const documents = journal.map((entry) => (entry === rewritten ? stored(entry, "receipt") : rightly(entry)));
    expect(judge({ visible: journal, journal, documents })).toEqual([]);
  });
});

describe("the verdict names", () => {
  test("a visible record of which nothing is stored", () => {
    expect(judge(replaced("1@4"))).toEqual(["lost 1@4: nothing is stored"]);
  });

  test("a lost fact, and that its identity has no fact", () => {
    expect(judge(replaced("1@1"))).toEqual(["lost 1@1: nothing is stored", "fact 1@1: B is stored nowhere as a fact"]);
  });

  test("a visible record that is stored twice", () => {
    expect(judge(replaced("0@1", stored(A_AGAIN, "receipt"), stored(A_AGAIN, "receipt")))).toEqual([
      "double 0@1: stored as receipt and receipt",
      "double 0@1 0@1: 2 documents are called receipt topic/0@1",
    ]);
  });

  test("an offset both validated and failed", () => {
    expect(judge(replaced("1@1", rightly(B), stored(B, "failed", "conflict")))).toEqual([
      "double 1@1: stored as validated and failed",
      "contradictory 1@1: stored as validated and failed",
    ]);
  });

  test("one identity stored as two facts", () => {
    const second = { ...stored(A_OTHER, "validated"), id: "another machine id" };
    expect(judge(replaced("1@0", second))).toEqual([
      "contradictory 0@0 1@0: the fact A is stored 2 times",
      "contradictory 0@0 1@0: 2 documents hold the fact A",
    ]);
  });

  test("a valid record that failed", () => {
    expect(judge(replaced("1@1", stored(B, "failed", "schema")))).toEqual([
      "contradictory 1@1: valid and valid, failed as schema",
      "fact 1@1: B is stored nowhere as a fact",
    ]);
  });

  test("a valid record alone in its identity that is called a conflict", () => {
    expect(judge(replaced("1@1", stored(B, "failed", "conflict")))).toEqual([
      "fact 1@1: B is stored nowhere as a fact",
    ]);
  });

  test("an invalid record that was validated", () => {
    const let_in = { ...stored(BROKEN, "validated"), shipmentId: "C" };
    expect(judge(replaced("1@3", let_in))).toEqual(["contradictory 1@3: broken-json is stored as validated"]);
  });

  test("an invalid record that failed for another reason", () => {
    expect(judge(replaced("1@3", stored(BROKEN, "failed", "schema")))).toEqual([
      "contradictory 1@3: broken-json failed as schema, not as malformed-not-json",
    ]);
  });

  test("an aborted record that was stored", () => {
    const aborted = written("valid", 1, 2, "D=1");
    expect(judge(run({ documents: [...JOURNAL, aborted].map(rightly) }))).toEqual([
      "invented 1@2: stored as validated, no reader can see a record",
    ]);
  });

  test("bytes that are not those of the log", () => {
    expect(judge(replaced("1@3", { ...rightly(BROKEN), sha256: "others" }))).toEqual([
      "altered 1@3: the failed document holds other bytes than the log",
    ]);
  });

  test("a payload that is not what was written", () => {
    expect(judge(replaced("1@1", { ...rightly(B), content: "B=2" }))).toEqual([
      "altered 1@1: the payload stored for B is not what was written",
    ]);
  });

  test("a document that is not called by its position", () => {
    expect(judge(replaced("1@4", { ...rightly(TOMBSTONE), id: "topic/1@5" }))).toEqual([
      "altered 1@4: the failed document is called topic/1@5",
    ]);
  });

  test("a partition that is stored as two streams", () => {
    const stream = "topic made anew/1";
    expect(judge(replaced("1@4", { ...rightly(TOMBSTONE), stream, id: `${stream}@4` }))).toEqual([
      "altered 1: the partition is stored as the streams topic/1, topic made anew/1",
    ]);
  });

  test("a duplicate without a receipt", () => {
    expect(judge(replaced("0@1", stored(A_AGAIN, "failed", "conflict")))).toEqual([
      "fact 0@1: A is held by 0@0: due a receipt, stored failed",
    ]);
  });

  test("a conflict that is called a duplicate", () => {
    expect(judge(replaced("1@0", stored(A_OTHER, "receipt")))).toEqual([
      "fact 1@0: A is held by 0@0: due a failed, stored receipt",
    ]);
  });

  test("a fact held by a later record of the same partition", () => {
    const documents = [
      { ...stored(A_AGAIN, "validated") },
      stored(A, "receipt"),
      ...[A_OTHER, B, BROKEN, TOMBSTONE].map(rightly),
    ];
    expect(judge(run({ documents }))).toEqual(["fact 0@0: A is held by 0@1, which comes later in the same partition"]);
  });

  test("an id that two documents of one collection carry", () => {
    expect(
      judge(replaced("0@1", { ...rightly(A_AGAIN), kind: "failed", code: "conflict", id: "topic/1@0" })),
    ).toContain("double 1@0 0@1: 2 documents are called failed topic/1@0");
  });

  test("an acknowledged record that no reader can see, and one that nobody was promised", () => {
    const journal = [...JOURNAL.slice(0, -1), { ...TOMBSTONE, offset: 9n }];
    expect(judge(run({ journal }))).toEqual([
      "journal 1@9: tombstone was acknowledged and is not visible",
      "journal 1@4: visible and never acknowledged (-)",
    ]);
  });

  test("a log whose bytes are not those that were acknowledged", () => {
    const journal = JOURNAL.map((entry) => (entry === B ? { ...entry, sha256: "others" } : entry));
    expect(judge(run({ journal }))).toEqual(["journal 1@1: valid was acknowledged with other bytes"]);
  });
});
