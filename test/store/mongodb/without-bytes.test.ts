import { hash } from "node:crypto";
import { Int32 } from "mongodb";
import { describe, expect, test } from "vitest";
import { audit, type AuditReport } from "../../../src/audit/audit.ts";
import { canonicalText } from "../../../src/json/canonical.ts";
import { compileContractSet } from "../../../src/core/compile.ts";
import { DEFAULT_LIMITS, sealContractSet, versionDigest } from "../../../src/core/contract-set.ts";
import type { JsonValue } from "../../../src/json/json.ts";
import { startGateway } from "../../../src/gateway/gateway.ts";
import { BYTES_DROPPED, type PassedRaw } from "../../../src/store/ledger.ts";
import type { Store } from "../../../src/store/store.ts";
import { openEmbedded, TOPIC } from "../../embedded.ts";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { failingAfter } from "../unit.ts";
import { testDatabase } from "./database.ts";

const mongo = mongoForTests(1);

/** Any object with an id and, perhaps, a whole number of at most ten. */
function anyContracts() {
  const properties = { id: { type: "string" }, n: { type: "integer", maximum: 10 } };
  const content = {
    version: 1,
    schema: { type: "object", properties, required: ["id"] },
    rules: [],
    identity: ["/id"],
  };
  const version = { ...content, status: "active" as const, digest: versionDigest("any", content) };
  const contract = { subject: "any", collection: "orders", versionField: null, versions: [version] };
  const bindings = [{ topic: TOPIC, subject: "any", defaultVersion: 1 }];
  return compileContractSet(sealContractSet({ limits: DEFAULT_LIMITS, contracts: [contract], bindings }));
}

const SET = anyContracts();
const HOSTILE =
  '{"id":"h","_bsontype":"Long","toBSON":{"$where":"1","a.b":[1e5,-0.0,0.1]},"big":9007199254740991,"\\u00e9":"\\u0000\u{1f4e6}","10":1,"2":[]}';
const TEXTS = [
  '{"id":"a","n":1}',
  '{ "n": 1.0, "id": "a" }',
  '{"id":"a","n":2}',
  HOSTILE,
  HOSTILE.replace('{"id":"h",', '{ "id":"h",').replace("1e5", "100000"),
  '{"id":"b","n":11}',
  '{"id":"c","n":3}',
];

async function opened() {
  const database = await testDatabase(mongo.server());
  const embedded = await openEmbedded();
  const store = await database.open();
  const [stream] = await embedded.log.streams();
  const settle = async (passedRaw: PassedRaw, to: bigint): Promise<void> => {
    const gateway = await startGateway({ ...embedded.deps, store, contracts: () => SET, passedRaw });
    await expect.poll(() => gateway.streams()[0]?.settledTo).toBe(to);
    await gateway.stop();
  };
  const check = async (withSource: boolean): Promise<AuditReport> =>
    audit(store.reads, {
      ...(withSource ? { source: embedded.log } : {}),
      tailMayBeIncomplete: false,
      findingsMax: 100,
      signal: new AbortController().signal,
    });
  const facts = database.raw.collection<{ _id: string; raw: unknown; rawHash: string }>("validated_orders");
  return { embedded, store, settle, check, facts, stream: stream?.id ?? "", database };
}

describe("facts without their bytes (passed.raw: drop)", () => {
  test("keep their payload and hash; failures, conflicts and duplicates keep every byte, and the audit says what it saw", async () => {
    const { embedded, store, settle, check, facts, stream, database } = await opened();
    await embedded.append(...TEXTS);
    await settle("drop", 7n);
    const rows = await store.reads.rows(stream, 0n, 7n);
    expect(rows.map((row) => (row.kind === "failed" ? row.reason.kind : row.kind))).toEqual([
      "validated",
      "receipt",
      "conflict",
      "validated",
      "receipt",
      "schema",
      "validated",
    ]);
    expect(rows.map((row) => (row.kind === "unreadable" ? "?" : row.raw !== null))).toEqual([
      false,
      true,
      true,
      false,
      true,
      true,
      false,
    ]);
    const kept = await facts.find().sort({ offset: 1 }).toArray();
    expect(kept.map(({ raw, rawHash }) => [raw, rawHash])).toEqual(
      [0, 3, 6].map((offset) => [null, hash("sha256", TEXTS[offset] ?? "")]),
    );
    const entries = await store.reads.ledger(stream, 1, 10);
    expect(new Set(entries.map(({ note }) => note))).toEqual(new Set([BYTES_DROPPED]));
    expect(await check(true)).toMatchObject({ findings: [], records: 7, redecided: 4, withoutBytes: 3 });
    const evidence = await store.reads.evidence(stream, 0n, 7n);
    const content = (text: string): string => canonicalText(JSON.parse(text) as JsonValue);
    expect(evidence.map(({ text }) => content(text ?? "null"))).toEqual(TEXTS.map(content));

    // A payload that somebody changed: without the log as far as its identity and contract reach, with it wholly.
    const change = async (field: string, value: unknown): Promise<void> =>
      void (await database.raw
        .collection("validated_orders")
        .updateOne({ "payload.id": "c" }, { $set: { [field]: value } }));
    await change("payload.n", new Int32(4));
    expect((await check(false)).findings).toEqual([]);
    expect((await check(true)).findings).toMatchObject([{ code: "SOURCE_DIFFERS", offset: 6n }]);
    await change("payload.n", new Int32(12));
    expect((await check(false)).findings).toMatchObject([{ code: "ROW_DIFFERS", offset: 6n }]);
    await change("payload", { id: new Date() });
    expect((await check(false)).findings).not.toEqual([]);
  });

  test("bytes that are gone from an entry that kept them were lost: the chain tells the two apart", async () => {
    const { embedded, settle, check, facts } = await opened();
    await embedded.append('{"id":"a"}');
    await settle("keep", 1n);
    await embedded.append('{"id":"b"}');
    await settle("drop", 2n);
    expect(await check(true)).toMatchObject({ findings: [], redecided: 1, withoutBytes: 1 });
    await facts.updateMany({}, { $set: { raw: null } });
    expect((await check(false)).findings).toMatchObject([{ code: "RAW_HASH", offset: 0n }]);
  });

  test("who redoes an entry stores what the entry says, whatever its own configuration", async () => {
    const { embedded, store, settle, facts } = await opened();
    await embedded.append('{"id":"a"}');
    // The entry goes in, and the process ends before its documents do.
    const dying: Store = { ...store, unit: async (work) => work(failingAfter(1, store)) };
    const deps = { ...embedded.deps, store: dying, contracts: () => SET, passedRaw: "drop" } as const;
    await expect((await startGateway(deps)).done).rejects.toThrow("cut off");
    expect(await facts.countDocuments()).toBe(0);
    await settle("keep", 1n);
    expect(await facts.findOne({})).toMatchObject({ raw: null, payload: { id: "a" } });
  });
});

/** What means something to the driver, or to a tool of MongoDB's. */
const SPECIAL = [
  '{"id":"r","$ref":"c","$id":"1"}',
  '{"id":"n","at":{"$ref":"c","$id":{"$ref":"d","$id":2},"$db":"e"}}',
  '{"id":"l","at":[{"$ref":"c","$id":null}]}',
  '{"id":"e","a":{"$oid":"0123456789ab0123456789ab"},"b":{"$numberLong":"1"},"c":{"$date":0},"d":{"$code":"f"}}',
  '{"id":"m","a":{"$minKey":1},"b":{"$symbol":"s"},"c":{"$binary":{"base64":"","subType":"00"}},"d":{"$undefined":true}}',
  '{"id":"t","_bsontype":"Long","low":1,"high":0}',
];

describe("payloads that look like something else to the driver", () => {
  test.each(["keep", "drop"] as const)(
    "are stored, recognised, read and proved with passed.raw: %s",
    async (passedRaw) => {
      const { embedded, store, settle, check, stream } = await opened();
      const again = SPECIAL.map((text) => text.replace("{", "{ "));
      await embedded.append(...SPECIAL, ...again);
      await settle(passedRaw, BigInt(2 * SPECIAL.length));
      expect(await store.reads.tally()).toEqual({ validated: SPECIAL.length, failed: 0, receipts: SPECIAL.length });
      const rows = await store.reads.rows(stream, 0n, BigInt(2 * SPECIAL.length));
      expect(rows.map(({ kind }) => kind)).toEqual(
        [...SPECIAL, ...again].map((_, index) => (index < SPECIAL.length ? "validated" : "receipt")),
      );
      const evidence = await store.reads.evidence(stream, 0n, BigInt(SPECIAL.length));
      expect(evidence.map(({ text }) => JSON.parse(text ?? "null") as JsonValue)).toEqual(
        SPECIAL.map((text) => JSON.parse(text) as JsonValue),
      );
      expect(await check(true)).toMatchObject({ findingsTotal: 0 });
    },
  );
});
