import type { DatabaseSync } from "node:sqlite";
import type { StreamNote } from "../stream-note.ts";
import { countOf, inPlace, look, tablesOf, type SqliteInPlace } from "./in-place-sqlite.ts";
import type { Migration, Operator } from "./migration.ts";
import { producersIn } from "./producers.ts";

const [FROM, TO] = [2, 3];

/** The store file to migrate, and what the adapter of the present layout does in it. */
type Target = SqliteInPlace & {
  /** Creates the shared tables that are missing. */
  readonly createShared: (db: DatabaseSync) => void;
  /** Creates the table of a collection's failures, and indexes, that are missing. */
  readonly createFailures: (db: DatabaseSync, collection: string) => void;
  /** Counts the stored failures of a stream below an offset: those of the entries up to `seq`. */
  readonly recount: (db: DatabaseSync, stream: StreamNote, below: bigint, seq: number) => void;
};

/**
 * The migration from layout 2. One transaction adds the counters of failures, the producer of each failure, and wider indexes. A gateway
 * of layout 2 that still had the file open could not write failures afterwards, since it knows one column less; it is refused before.
 */
export function fromLayout2(target: Target): Migration {
  return {
    from: FROM,
    to: TO,
    plan: async () => {
      const failures = look(target, (db) => failedTables(db).reduce((sum, name) => sum + countOf(db, name), 0));
      return {
        steps: [
          `add the producer to ${failures} failures, from the evidence in the ledger`,
          "add wider indexes to the failures",
          "count the failures by group and hour",
          "decide nothing again: every decision, fact and failure stays as it is",
        ],
        decided: [],
        heldOutside: async () => 0,
      };
    },
    up: async (tell, operator) => up(target, tell, operator),
  };
}

async function up(target: Target, tell: (step: string) => void, operator: Operator): Promise<void> {
  await inPlace(target, { from: FROM, to: TO, why: "failures are counted by group" }, tell, operator, (db) => {
    tell("make the new tables");
    target.createShared(db);
    for (const table of failedTables(db)) {
      tell(`widen ${table}`);
      widen(db, table);
      target.createFailures(db, table.slice("failed_".length));
      tell(`add the producers to ${table}`);
      nameProducers(db, table);
    }
    tell("count the failures");
    // An entry and its documents are one transaction here, so the last entry is complete too.
    for (const { note, to, seq } of tailsOf(db)) target.recount(db, note, to, seq);
  });
}

function widen(db: DatabaseSync, table: string): void {
  db.exec(`ALTER TABLE ${table} ADD COLUMN producer TEXT`);
  for (const name of ["time", "group", "code"]) db.exec(`DROP INDEX IF EXISTS ${table}_${name}`);
}

/** Names the producer of each failure whose evidence is kept and whose record is not erased. */
function nameProducers(db: DatabaseSync, table: string): void {
  const failures = db.prepare(`SELECT s.stream AS name, f.stream, f.offset FROM ${table} f
    JOIN sigma_streams s ON s.number = f.stream WHERE (f.stream, f.offset) > (?, ?)
    ORDER BY f.stream, f.offset LIMIT ${PAGE}`);
  const set = db.prepare(`UPDATE ${table} SET producer = ? WHERE stream = ? AND offset = ?`);
  failures.setReadBigInts(true);
  const producers = openProducers(db);
  for (let after: readonly [bigint, bigint] = [-1n, -1n]; ;) {
    const page = failures.all(...after);
    for (const row of page) {
      const [stream, offset] = [row["stream"] as bigint, row["offset"] as bigint];
      after = [stream, offset];
      const producer = producers(String(row["name"]), offset);
      if (producer !== null) set.run(producer, stream, offset);
    }
    if (page.length < PAGE) return;
  }
}

const PAGE = 1_000;

type Known = { readonly stream: string; readonly to: bigint; readonly producers: ReadonlyMap<bigint, string> };

/** Reads the producer of a position from the evidence. Positions are asked for in order, so the entry read last is kept. */
function openProducers(db: DatabaseSync): (stream: string, offset: bigint) => string | null {
  const covering = db.prepare(`SELECT l.from_offset, l.to_offset, e.packed FROM sigma_ledger l
    LEFT JOIN sigma_evidence e ON e.stream = l.stream AND e.seq = l.seq
    WHERE l.stream = ? AND l.from_offset <= ? ORDER BY l.from_offset DESC, l.seq DESC LIMIT 1`);
  covering.setReadBigInts(true);
  let known: Known = { stream: "", to: 0n, producers: new Map() };
  return (stream, offset) => {
    if (known.stream !== stream || offset >= known.to) {
      const row = covering.get(stream, offset);
      const packed = row?.["packed"];
      known = {
        stream,
        to: (row?.["to_offset"] ?? offset + 1n) as bigint,
        producers: producersIn(packed instanceof Uint8Array ? packed : null, stream),
      };
    }
    return known.producers.get(offset) ?? null;
  };
}

// Reads of layout 2.

function failedTables(db: DatabaseSync): readonly string[] {
  return tablesOf(db, "failed");
}

type Tail = { readonly note: StreamNote; readonly to: bigint; readonly seq: number };

function tailsOf(db: DatabaseSync): readonly Tail[] {
  const tails = db.prepare(`SELECT s.number, s.stream, s.topic, s.partition, l.seq, l.to_offset
    FROM sigma_streams s JOIN sigma_ledger l ON l.stream = s.stream
    WHERE l.seq = (SELECT max(seq) FROM sigma_ledger WHERE stream = s.stream)`);
  tails.setReadBigInts(true);
  return tails.all().map((row) => ({
    note: {
      number: Number(row["number"]),
      stream: String(row["stream"]),
      topic: String(row["topic"]),
      partition: Number(row["partition"]),
    },
    to: row["to_offset"] as bigint,
    seq: Number(row["seq"]),
  }));
}
