import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "vitest";
import { createAnchorFile, filePlaces } from "../../src/anchor/file.ts";
import { makeKey, readRotations } from "../../src/anchor/keys.ts";
import { readWritten } from "../../src/anchor/written.ts";
import { audit } from "../../src/audit/audit.ts";
import type { AuditReport } from "../../src/audit/report.ts";
import { NOTHING_KEPT, type KeptHeads } from "../../src/audit/anchors.ts";
import { startAnchors } from "../../src/gateway/anchors.ts";
import type { AnchorEvent } from "../../src/gateway/event.ts";
import { recordAction } from "../../src/gateway/operate.ts";
import { verifyAnchors, type VerifiedAnchors } from "../../src/ledger/anchor-chain.ts";
import type { LedgerEntry } from "../../src/ledger/entry.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { openEmbedded, shipment, temporaryDirectory, type Embedded } from "../embedded.ts";
import { PATIENCE_MS } from "../patience.ts";

const OPTIONS = { tailMayBeIncomplete: false, findingsMax: 100, signal: new AbortController().signal };

/** A gateway whose heads are anchored, with its key and its anchors outside the data directory. */
export type Anchored = Embedded & {
  readonly outside: string;
  readonly keyFile: string;
  readonly anchorFile: string;
  readonly keyId: string;
  /** Appends, decides and anchors: one run of a gateway. */
  readonly run: (...texts: readonly string[]) => Promise<readonly AnchorEvent[]>;
};

export async function openAnchored(embedded?: Embedded): Promise<Anchored> {
  const own = embedded ?? (await openEmbedded());
  const outside = temporaryDirectory();
  const keyFile = join(outside, "keys/anchor.key");
  const anchorFile = join(outside, "anchors.jsonl");
  const key = makeKey(keyFile);
  return {
    ...own,
    outside,
    keyFile,
    anchorFile,
    keyId: key?.id ?? "",
    run: async (...texts) => runAnchored(own, anchorFile, keyFile, texts),
  };
}

export async function runAnchored(
  { append, settle, store, deps }: Pick<Embedded, "append" | "settle" | "store" | "deps">,
  anchorFile: string,
  keyFile: string,
  texts: readonly string[],
): Promise<readonly AnchorEvent[]> {
  const events: AnchorEvent[] = [];
  const anchors = startAnchors({
    reads: store.reads,
    writers: [createAnchorFile(anchorFile, keyFile)],
    entries: 1,
    everyMs: 3_600_000,
    now: () => 1_700_000_000_000,
    report: (event) => events.push(event),
  });
  const { observe } = deps;
  if (texts.length > 0) await append(...texts);
  await settle({
    observe: (event) => {
      observe(event);
      anchors.observe(event);
    },
  });
  await anchors.close();
  return events;
}

export async function verified(
  { anchorFile, keyFile }: Anchored,
  trusted: readonly string[],
): Promise<VerifiedAnchors> {
  return verifyAnchors(filePlaces(anchorFile, readWritten(keyFile)), trusted, await readRotations(keyFile));
}

/** As an auditor does who kept the public key. */
export async function auditOf(
  anchored: Anchored,
  { keyId = anchored.keyId, forge }: { keyId?: string; forge?: Forge } = {},
): Promise<AuditReport> {
  const kept = { ...NOTHING_KEPT, anchors: await verified(anchored, [keyId]) };
  return auditWith(anchored, kept, forge);
}

export type Forge = (db: DatabaseSync) => void;

export async function auditWith(
  embedded: Embedded,
  kept: KeptHeads,
  forge: Forge = () => undefined,
): Promise<AuditReport> {
  await embedded.store.close();
  const path = join(embedded.directory, "store.db");
  const db = new DatabaseSync(path);
  forge(db);
  db.close();
  const store = openSqliteStore({ path, collections: ["shipments"], busyTimeoutMs: PATIENCE_MS });
  try {
    return await audit(store.reads, { ...OPTIONS, kept });
  } finally {
    await store.close();
  }
}

export function codesOf({ findings }: AuditReport): readonly string[] {
  return findings.map(({ code }) => code);
}

export function linesOf({ anchorFile }: Anchored): readonly string[] {
  return readFileSync(anchorFile, "utf8").split("\n").slice(0, -1);
}

export function writeLines({ anchorFile }: Anchored, lines: readonly string[]): void {
  writeFileSync(anchorFile, lines.map((line) => `${line}\n`).join(""));
}

export const OPERATOR = { actor: "tester", at: "2026-01-01T00:00:00.000Z", reason: "because" };

/** Entries 0 to 3, anchored twice or more, and two actions of an operator. */
export async function history(): Promise<Anchored> {
  const anchored = await openAnchored();
  for (const action of ["activate", "deprecate"] as const)
    await recordAction(anchored.store, { ...OPERATOR, action, target: "shipment@1", detail: "" });
  await anchored.run(shipment("A"), shipment("B"), shipment("A"), "{broken", shipment("C"));
  await anchored.run(shipment("D"), shipment("E"), shipment("F"), shipment("G"), shipment("H"), shipment("I"));
  return anchored;
}

export const COPIED_TABLES: readonly string[] = [
  "sigma_ledger",
  "sigma_evidence",
  "sigma_receipts",
  "validated_shipments",
  "failed_shipments",
];

/** Puts everything that another store says into the place of this one's, under the same stream. */
export function replaceBy(db: DatabaseSync, other: Embedded, stream: string, entries: readonly LedgerEntry[]): void {
  db.exec(`ATTACH '${join(other.directory, "store.db")}' AS other`);
  for (const table of COPIED_TABLES) {
    db.exec(`DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM other.${table}`);
  }
  expect(entries.every((entry) => entry.stream === stream)).toBe(true);
}

export async function entriesOf({ store }: Embedded): Promise<readonly LedgerEntry[]> {
  const [stream = ""] = await store.reads.streams();
  return store.reads.ledger(stream, 0, 100);
}
