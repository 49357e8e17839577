import { describe, expect, test } from "vitest";
import { audit } from "../../../src/audit/audit.ts";
import { compileContractSet } from "../../../src/core/compile.ts";
import { sealContractSet, versionDigest } from "../../../src/core/contract-set.ts";
import { startGateway } from "../../../src/gateway/gateway.ts";
import { parsePayload } from "../../../src/core/payload.ts";
import { Unavailable } from "../../../src/core/unavailable.ts";
import { refusalOf } from "../../../src/store/mongodb/refusal.ts";
import type { Store } from "../../../src/store/store.ts";
import { openEmbedded, TOPIC } from "../../embedded.ts";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { LAW_COLLECTION, NOTE, validatedRow } from "../rows.ts";
import { testDatabase } from "./database.ts";

const LIMITS = { bytesMax: 16_000_000, depthMax: 64 };

function listContracts() {
  const list = { type: "array", items: { type: "integer" } };
  const map = { type: "object", additionalProperties: { type: "object", additionalProperties: false } };
  const schema = { type: "object", properties: { id: { type: "string" }, list, map }, required: ["id", "list"] };
  const content = { version: 1, schema, rules: [], identity: ["/id"] };
  const version = { ...content, status: "active" as const, digest: versionDigest("list", content) };
  const contract = { subject: "list", collection: "orders", versionField: null, versions: [version] };
  const bindings = [{ topic: TOPIC, subject: "list", defaultVersion: 1 }];
  return compileContractSet(sealContractSet({ limits: LIMITS, contracts: [contract], bindings }));
}

function listText(id: string, count: number): string {
  return `{"id":"${id}","list":[${"1,".repeat(count - 1)}1]}`;
}

/** As the gateway asks. */
function refused(text: string, depthMax = 1_000): string | null {
  const value = Buffer.from(text);
  const parsed = parsePayload(value, { bytesMax: 100_000_000, depthMax });
  if (!parsed.ok) throw new Error(parsed.reason.message);
  const position = { stream: "s", topic: TOPIC, partition: 0, offset: 0n };
  return refusalOf({ position, timestampMs: 0, key: null, headers: [], value }, parsed.payload);
}

function nested(levels: number, open: string, close: string): string {
  return `${open.repeat(levels)}1${close.repeat(levels)}`;
}

describe("what MongoDB could never keep", () => {
  test("is told by the size its document would have", () => {
    expect(refused(listText("a", 10))).toBeNull();
    expect(refused(listText("a", 700_000))).toBeNull();
    expect(refused(listText("a", 1_100_000))).toMatch(
      /^As a MongoDB document it would have \d{8} bytes, more than 16777216$/,
    );
    expect(refused(`{"id":"${"x".repeat(16_770_000)}"}`)).toBeNull();
    expect(refused(`{"id":"${"x".repeat(17_000_000)}"}`)).not.toBeNull();
  });

  test("never is a name with NUL, which no payload has", () => {
    expect(() => refused('{"a\\u0000b":1}')).toThrow("NUL");
  });

  const mongo = mongoForTests(1);

  /** Whether the server takes a fact under the contract with the longest name there can be. */
  async function isKept(store: Store, text: string, offset: bigint): Promise<boolean> {
    const { contract: _, ...row } = validatedRow(String(offset), offset, { raw: Buffer.from(text) });
    const contract = { subject: "s".repeat(249), version: 999_999_999, digest: "" };
    const facts = store.stageFacts({ ...NOTE, topic: TOPIC });
    facts.add({ ...row, contract, declaredBy: "wire-format" });
    try {
      return (await store.insertFacts(LAW_COLLECTION, facts)).size === 0;
    } catch (error) {
      if (error instanceof Unavailable) return false;
      throw error;
    }
  }

  test("is what the server refuses, to the byte and to the level, and nothing else", async () => {
    const store = await (await testDatabase(mongo.server())).open();
    const ofLength = (length: number): string => JSON.stringify({ id: "x".repeat(length) });
    const most = longest((length) => refused(ofLength(length)) === null, 16_000_000, 17_000_000);
    const texts = [
      ofLength(most),
      ofLength(most + 1),
      nested(179, '{"a":', "}"),
      nested(180, '{"a":', "}"),
      nested(179, "[", "]"),
      nested(180, "[", "]"),
    ];
    const told = texts.map((text) => refused(text) === null);
    const kept: boolean[] = [];
    for (const [index, text] of texts.entries()) kept.push(await isKept(store, text, BigInt(index)));
    expect(told).toEqual([true, false, true, false, true, false]);
    expect(kept).toEqual(told);
  });

  test("is FAILED store-rejected before the ledger, its bytes in the evidence, and never stops the stream", async () => {
    const database = await testDatabase(mongo.server());
    const store = await database.open();
    const embedded = await openEmbedded();
    const largest = listText("x".repeat(15_990_000), 3);
    await embedded.append(listText("a", 10), listText("b", 1_500_000), listText("c", 700_000), largest);
    const set = listContracts();
    const gateway = await startGateway({ ...embedded.deps, store, contracts: () => set });
    await expect.poll(() => gateway.streams()[0]?.settledTo).toBe(4n);
    await gateway.stop();
    expect(await store.reads.tally()).toEqual({ validated: 3, failed: 1, receipts: 0 });
    const failed = await database.raw.collection("failed_orders").findOne({});
    expect(failed).toMatchObject({ code: "store-rejected", source: { offset: 1n } });
    expect([failed?.["raw"], failed?.["payload"]]).toEqual([undefined, undefined]);
    const checked = await audit(store.reads, { source: embedded.log, ...AUDIT, signal: new AbortController().signal });
    expect(checked).toMatchObject({ findings: [], records: 4, validated: 3, failed: 1 });
  });

  test("is no key, header or explanation, however long: what a batch brings is stored, and proved", async () => {
    const database = await testDatabase(mongo.server());
    const store = await database.open();
    const embedded = await openEmbedded();
    const long = { key: Buffer.alloc(9_000_000, "k"), value: Buffer.alloc(11_000_000, "v") };
    const below = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`x${n}`, n]));
    const wide = JSON.stringify({ id: "n", list: [], map: { ["m".repeat(900_000)]: below } });
    const many = JSON.stringify({ id: "m", list: Array.from({ length: 30 }, () => "?") });
    const record = (text: string, changes: object = {}) => ({
      key: null,
      headers: [],
      value: Buffer.from(text),
      partition: null,
      ...changes,
    });
    const headers = [["h", long.value] as const, ["h", Buffer.from("2")] as const];
    await embedded.log.append(TOPIC, [
      record(listText("a", 3), { key: long.key, headers }),
      record("{", { key: long.key, headers }),
      record(wide),
      ...Array.from({ length: 3_000 }, () => record(many)),
    ]);
    const set = listContracts();
    const limits = { bytesMax: 100_000_000, recordsMax: 4_000, waitMs: 20 };
    const gateway = await startGateway({ ...embedded.deps, store, contracts: () => set, limits });
    await expect.poll(() => gateway.streams()[0]?.settledTo).toBe(3_003n);
    await gateway.stop();
    const codes = await database.raw
      .collection("failed_orders")
      .find({}, { sort: { "source.offset": 1 } })
      .toArray();
    expect(codes.slice(0, 3).map(({ code }) => String(code))).toEqual(["malformed-not-json", "schema", "schema"]);
    expect(await store.reads.tally()).toEqual({ validated: 1, failed: 3_002, receipts: 0 });
    const checked = await audit(store.reads, { source: embedded.log, ...AUDIT, signal: new AbortController().signal });
    expect(checked.findings).toEqual([]);
  });
});

const AUDIT = { tailMayBeIncomplete: false, findingsMax: 10 };

/** The largest number for which something is so, which it is up to there. */
function longest(isSo: (length: number) => boolean, from: number, to: number): number {
  let [least, most] = [from, to];
  while (most - least > 1) {
    const middle = Math.floor((least + most) / 2);
    if (isSo(middle)) least = middle;
    else most = middle;
  }
  return least;
}
