import { appendFileSync, copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createAnchorFile } from "../../src/anchor/file.ts";
import { makeKey, readRotations, rotateKey } from "../../src/anchor/keys.ts";
import { NOTHING_KEPT, type KeptHeads } from "../../src/audit/anchors.ts";
import type { SourceRecord } from "../../src/core/record.ts";
import { openEmbedded, shipment, shipmentContracts, temporaryDirectory } from "../embedded.ts";
import {
  type Anchored,
  COPIED_TABLES,
  type Forge,
  openAnchored,
  runAnchored,
  auditOf,
  auditWith,
  codesOf,
  linesOf,
  writeLines,
  history,
  OPERATOR,
  replaceBy,
  entriesOf,
} from "./anchored.ts";

/** What somebody who may write all of the store does, and what is consistent in itself: an audit without anchors finds nothing. */
const FORGERIES: readonly (readonly [
  what: string,
  codes: readonly string[],
  forge: (anchored: Anchored) => Promise<Forge>,
])[] = [
  [
    "the chain is made anew as a whole, with right hashes, evidence and documents",
    ["ANCHOR_DIFFERS"],
    async (anchored) => {
      // The same log position by position, decided with another record A.
      const other = await openEmbedded(temporaryDirectory());
      const [stream] = await anchored.log.streams();
      const source = {
        ...other.log,
        streams: async () => (stream === undefined ? [] : [stream]),
        onStreamsChange: () => undefined,
      };
      await other.append(shipment("A", 99), shipment("B"), shipment("A", 99), "{broken", shipment("C"));
      await other.append(shipment("D"), shipment("E"), shipment("F"), shipment("G"), shipment("H"), shipment("I"));
      const [own] = await other.log.streams();
      if (own === undefined || stream === undefined) throw new Error("there is no stream");
      await other.settle({
        source: {
          ...source,
          fetch: async (_, ...rest) => {
            const fetched = await other.log.fetch(own, ...rest);
            if (fetched.kind !== "records") return fetched;
            const moved = (record: SourceRecord) => ({
              ...record,
              position: { ...record.position, stream: stream.id },
            });
            return { ...fetched, read: () => fetched.read().map(moved) };
          },
          bounds: async () => other.log.bounds(own),
          commitHint: () => undefined,
        },
      });
      const entries = await entriesOf(other);
      await other.store.close();
      return (db) => replaceBy(db, other, stream.id, entries);
    },
  ],
  [
    "the end is cut off together with its documents",
    ["ANCHOR_BEHIND"],
    async (anchored) => {
      const { seq, from } = (await entriesOf(anchored)).at(-1) ?? { seq: 0, from: 0n };
      return (db) => {
        db.exec(`DELETE FROM sigma_ledger WHERE seq = ${seq}; DELETE FROM sigma_evidence WHERE seq = ${seq}`);
        for (const table of ["validated_shipments", "failed_shipments", "sigma_receipts"])
          db.exec(`DELETE FROM ${table} WHERE offset >= ${from}`);
        db.exec(`UPDATE sigma_volume SET count = count - 1, seq = ${seq - 1} WHERE seq = ${seq}`);
      };
    },
  ],
  [
    "everything of the stream is gone",
    ["ANCHOR_MISSING"],
    async () => (db) => {
      for (const table of [...COPIED_TABLES, "sigma_streams", ...COUNTERS]) db.exec(`DELETE FROM ${table}`);
    },
  ],
  [
    "the last action of an operator is taken out",
    ["ANCHOR_BEHIND"],
    async () => (db) => db.exec("DELETE FROM sigma_operator_log WHERE seq = 1"),
  ],
  [
    "all actions of operators are taken out",
    ["ANCHOR_MISSING"],
    async () => (db) => db.exec("DELETE FROM sigma_operator_log"),
  ],
];

const COUNTERS = ["sigma_groups", "sigma_group_hours", "sigma_group_days", "sigma_volume"] as const;

describe("what an audit without anchors cannot see is named with them", () => {
  test.each(FORGERIES)("%s", async (_, codes, prepare) => {
    const anchored = await history();
    const forge = await prepare(anchored);
    // Nothing to be seen from within.
    const blind = await auditWith(anchored, NOTHING_KEPT, forge);
    expect(codesOf(blind)).toEqual([]);
    const report = await auditOf(anchored);
    expect([...new Set(codesOf(report))]).toEqual(codes);
    expect(report.findings[0]?.message).toContain("anchor ");
  });

  test("the backup of yesterday is put back", async () => {
    const anchored = await openAnchored();
    await anchored.run(shipment("A"), shipment("B"));
    await anchored.store.close();
    const [path, backup] = [join(anchored.directory, "store.db"), join(anchored.outside, "backup.db")];
    copyFileSync(path, backup);
    const again = await openEmbedded(anchored.directory);
    const goesOn = { ...anchored, ...again };
    await runAnchored(again, anchored.anchorFile, anchored.keyFile, [shipment("C"), shipment("D")]);
    expect(codesOf(await auditOf(goesOn))).toEqual([]);
    copyFileSync(backup, path);
    const behind = await auditOf(goesOn);
    expect(codesOf(behind)).toEqual(["ANCHOR_BEHIND"]);

    // A gateway that goes on from it writes other entries, and anchors them as well.
    const late = await openEmbedded(anchored.directory);
    const other = shipmentContracts(9_000);
    await late.settle({ contracts: () => other });
    const events = await runAnchored(late, anchored.anchorFile, anchored.keyFile, [shipment("E"), shipment("F")]);
    expect(events.map(({ kind }) => kind)).toContain("anchored");
    expect(codesOf(await auditOf({ ...anchored, ...late }))).toContain("ANCHOR_DIFFERS");
  });

  test("a head that was kept by hand is not in the chain", async () => {
    const anchored = await history();
    const [entries, [stream = ""]] = [await entriesOf(anchored), await anchored.store.reads.streams()];
    const action = (await anchored.store.reads.operatorLog(1, 1))[0]?.hash ?? "";
    const kept = (hash: string, operator: string): KeptHeads => ({
      ...NOTHING_KEPT,
      byHand: new Map([[stream, [hash]]]),
      operatorByHand: [operator],
    });
    expect(codesOf(await auditWith(anchored, kept(entries.at(-2)?.hash ?? "", action)))).toEqual([]);
    const wrong = "ab".repeat(32);
    expect(codesOf(await auditWith(anchored, kept(wrong, wrong)))).toEqual(["ANCHOR_MISSING", "ANCHOR_MISSING"]);
    const elsewhere = { ...NOTHING_KEPT, byHand: new Map([["another/stream/0", [wrong]]]) };
    expect(codesOf(await auditWith(anchored, elsewhere))).toEqual(["ANCHOR_MISSING"]);
  });
});

const TAMPERINGS: readonly (readonly [what: string, codes: readonly string[], tamper: (anchored: Anchored) => void])[] =
  [
    [
      "a head is edited",
      ["ANCHOR_SIGNATURE", "ANCHOR_CHAIN"],
      (anchored) =>
        writeLines(
          anchored,
          linesOf(anchored).with(
            1,
            (linesOf(anchored)[1] ?? "").replace(/"seq":\d+,"settledTo"/, '"seq":0,"settledTo"'),
          ),
        ),
    ],
    [
      "the last line is edited",
      ["ANCHOR_SIGNATURE", "ANCHOR_CHAIN"],
      (anchored) =>
        writeLines(
          anchored,
          linesOf(anchored).map((line, at, all) =>
            at === all.length - 1 ? line.replace(/"at":"2023/, '"at":"2024') : line,
          ),
        ),
    ],
    [
      "a line is written another way",
      ["ANCHOR_CHAIN"],
      (anchored) => writeLines(anchored, linesOf(anchored).with(1, (linesOf(anchored)[1] ?? "").replace(",", ", "))),
    ],
    [
      "two lines change places",
      ["ANCHOR_CHAIN"],
      (anchored) => {
        const [first = "", second = "", ...others] = linesOf(anchored);
        writeLines(anchored, [second, first, ...others]);
      },
    ],
    ["the first line is taken out", ["ANCHOR_CHAIN"], (anchored) => writeLines(anchored, linesOf(anchored).slice(1))],
    [
      "a line in the middle is taken out",
      ["ANCHOR_CHAIN"],
      (anchored) => writeLines(anchored, linesOf(anchored).toSpliced(1, 1)),
    ],
    [
      "the last line is taken out",
      ["ANCHOR_CHAIN"],
      (anchored) => writeLines(anchored, linesOf(anchored).slice(0, -1)),
    ],
    [
      "the last line is cut in the middle",
      ["ANCHOR_CHAIN"],
      (anchored) => truncateSync(anchored.anchorFile, readFileSync(anchored.anchorFile).length - 20),
    ],
    [
      "a line stands twice",
      ["ANCHOR_CHAIN"],
      (anchored) => writeLines(anchored, [...linesOf(anchored), linesOf(anchored).at(-1) ?? ""]),
    ],
    [
      "there is something else behind",
      ["ANCHOR_CHAIN"],
      (anchored) => appendFileSync(anchored.anchorFile, "something else\n"),
    ],
    ["the file is gone", ["ANCHOR_CHAIN"], (anchored) => rmSync(anchored.anchorFile)],
  ];

describe("anchors that were tampered with are named", () => {
  test.each(TAMPERINGS)("%s", async (_, codes, tamper) => {
    const anchored = await history();
    expect(linesOf(anchored).length).toBeGreaterThan(2);
    tamper(anchored);
    const report = await auditOf(anchored);
    expect([...new Set(codesOf(report))]).toEqual(codes);
  });

  test("another key has signed them, from the beginning or from some line on", async () => {
    const anchored = await history();
    const forger = join(anchored.outside, "forger.key");
    makeKey(forger);
    const own = linesOf(anchored);
    rmSync(anchored.anchorFile);
    await runAnchored(await openEmbedded(anchored.directory), anchored.anchorFile, forger, []);
    const forged = linesOf(anchored);
    expect(codesOf(await auditOf(anchored))).toEqual(expect.arrayContaining(["ANCHOR_SIGNATURE", "ANCHOR_CHAIN"]));
    writeLines(anchored, [...own, ...forged]);
    expect(codesOf(await auditOf(anchored))).toEqual(expect.arrayContaining(["ANCHOR_SIGNATURE", "ANCHOR_CHAIN"]));
  });

  test("a key that was put in the place of another goes back to it", async () => {
    const anchored = await history();
    const before = readFileSync(anchored.keyFile);
    await rotateKey(anchored.keyFile, "2026-01-01T00:00:00.000Z");
    await anchored.run(shipment("R"));
    // Whoever stole the old key cannot go on with it.
    const rotations = await readRotations(anchored.keyFile);
    expect(rotations).toHaveLength(1);
    writeFileSync(anchored.keyFile, before);
    const events = await anchored.run(shipment("S"));
    expect(events).toContainEqual(expect.objectContaining({ kind: "anchor-trouble", code: "ANCHOR_KEY" }));
  });

  test("a file that loses its last line under a gateway that runs", async () => {
    const anchored = await openAnchored();
    const writer = createAnchorFile(anchored.anchorFile, anchored.keyFile);
    for (let round = 0; round < 3; round += 1) await writer.write({ streams: [], operator: null }, OPERATOR.at);
    writeLines(anchored, linesOf(anchored).slice(0, -1));
    await writer.write({ streams: [], operator: null }, OPERATOR.at);
    await writer.close();
    rmSync(`${anchored.keyFile}.written`, { recursive: true });
    expect(codesOf(await auditOf(anchored))).toEqual(["ANCHOR_CHAIN"]);
  });

  test("a file that lost its last line shows so for good, though the gateway goes on with it", async () => {
    const anchored = await history();
    writeLines(anchored, linesOf(anchored).slice(0, -1));
    await anchored.run(shipment("X"));
    expect(codesOf(await auditOf(anchored))).toEqual(["ANCHOR_CHAIN"]);
    rmSync(`${anchored.keyFile}.written`, { recursive: true });
    expect(codesOf(await auditOf(anchored))).toEqual(["ANCHOR_CHAIN"]);
  });
});
