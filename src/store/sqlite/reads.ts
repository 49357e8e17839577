import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import { guarded } from "../../sqlite/open.ts";
import type { StoredRow, StoreReads, ValidatedRow } from "../store.ts";
import { assertCollectionName, collectionsOf, STORE_FILE } from "./layout.ts";
import { readEntry, readRow } from "./rows.ts";

type Row = Record<string, SQLOutputValue>;
type Table = { readonly name: string; readonly kind: "validated" | "failed" | "receipt" };

/** Reads on a connection of their own: they see what is committed, and never wait for a unit. */
export function openReads(db: DatabaseSync, path: string): StoreReads {
  const guard = <T>(run: () => T): T => guarded(STORE_FILE, path, run);
  const prepared = new Map<string, StatementSync>();
  const statement = (sql: string): StatementSync => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    const made = db.prepare(sql);
    made.setReadBigInts(true);
    prepared.set(sql, made);
    return made;
  };
  const all = (sql: string, ...values: SQLInputValue[]): readonly Row[] => guard(() => statement(sql).all(...values));
  const tables = (): readonly Table[] => guard(() => tablesOf(db));

  return {
    streams: async () => all("SELECT DISTINCT stream FROM sigma_ledger ORDER BY stream").map((row) => String(row["stream"])),
    ledger: async (stream, fromSeq, limit) =>
      all("SELECT * FROM sigma_ledger WHERE stream = ? AND seq >= ? ORDER BY seq LIMIT ?", stream, fromSeq, limit).map(readEntry),
    rows: async (stream, from, to) => {
      const rows = tables().flatMap(({ name, kind }) =>
        all(`SELECT * FROM ${name} WHERE stream = ? AND offset >= ? AND offset < ?`, stream, from, to).map((row) => readRow(kind, row)),
      );
      return rows.toSorted(byOffset);
    },
    streamsOfRows: async () => {
      const names = tables().flatMap(({ name }) => all(`SELECT DISTINCT stream FROM ${name}`).map((row) => String(row["stream"])));
      return [...new Set(names)].toSorted();
    },
    extent: async (stream) => {
      const parts = tables()
        .map(({ name }) => all(`SELECT min(offset) AS first, max(offset) AS last FROM ${name} WHERE stream = ?`, stream)[0])
        .flatMap((row) => (typeof row?.["first"] === "bigint" && typeof row["last"] === "bigint" ? [{ first: row["first"], last: row["last"] }] : []));
      return parts.length === 0 ? null : parts.reduce((a, b) => ({ first: a.first < b.first ? a.first : b.first, last: a.last > b.last ? a.last : b.last }));
    },
    validatedById: async (collection, ids) => {
      assertCollectionName(collection);
      const found = new Map<string, ValidatedRow>();
      for (const id of ids) {
        const [row] = all(`SELECT * FROM validated_${collection} WHERE _id = ?`, id);
        const read = row === undefined ? null : readRow("validated", row);
        if (read?.kind === "validated") found.set(id, read);
      }
      return found;
    },
    tally: async () => {
      const total = (kind: Table["kind"]): number =>
        tables()
          .filter((table) => table.kind === kind)
          .reduce((sum, { name }) => sum + Number(all(`SELECT count(*) AS count FROM ${name}`)[0]?.["count"] ?? 0), 0);
      return { validated: total("validated"), failed: total("failed"), receipts: total("receipt") };
    },
    failureCounts: async () => {
      const counts = new Map<string, number>();
      for (const { name, kind } of tables()) {
        if (kind !== "failed") continue;
        for (const row of all(`SELECT code, count(*) AS count FROM ${name} GROUP BY code`)) {
          const code = String(row["code"]);
          counts.set(code, (counts.get(code) ?? 0) + Number(row["count"]));
        }
      }
      return [...counts].map(([code, count]) => ({ code, count })).toSorted((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1));
    },
    contractSets: async () =>
      all("SELECT digest, text FROM sigma_contract_sets ORDER BY digest").map((row) => ({ digest: String(row["digest"]), text: String(row["text"]) })),
    integrity: async () => {
      const found = all("PRAGMA integrity_check").map((row) => String(row["integrity_check"]));
      return found.length === 1 && found[0] === "ok" ? [] : found;
    },
  };
}

function tablesOf(db: DatabaseSync): readonly Table[] {
  const collections = collectionsOf(db);
  return [
    ...collections.map((collection): Table => ({ name: `validated_${collection}`, kind: "validated" })),
    ...collections.map((collection): Table => ({ name: `failed_${collection}`, kind: "failed" })),
    { name: "sigma_receipts", kind: "receipt" },
  ];
}

function byOffset(a: StoredRow, b: StoredRow): number {
  return a.position.offset < b.position.offset ? -1 : a.position.offset > b.position.offset ? 1 : 0;
}
