import fc from "fast-check";
import { Int32, Long, type Binary } from "mongodb";
import { describe, expect, test } from "vitest";
import { audit } from "../../../src/audit/audit.ts";
import type { AuditReport } from "../../../src/audit/report.ts";
import { compileContractSet } from "../../../src/core/compile.ts";
import { DEFAULT_LIMITS, sealContractSet, versionDigest } from "../../../src/core/contract-set.ts";
import { uuidText } from "../../../src/core/uuid.ts";
import { startGateway } from "../../../src/gateway/gateway.ts";
import type { JsonObject } from "../../../src/json/json.ts";
import { openEmbedded, TOPIC } from "../../embedded.ts";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { testDatabase } from "./database.ts";

const mongo = mongoForTests(1);

const INT64: JsonObject = { type: "integer", format: "int64" };
const SCHEMA: JsonObject = {
  type: "object",
  required: ["id"],
  properties: { id: INT64, list: { type: "array", items: INT64 }, n: { type: "number" }, i: { type: "integer" } },
};

function contracts() {
  const content = { version: 1, schema: SCHEMA, rules: [], identity: ["/id"] };
  const version = { ...content, status: "active" as const, digest: versionDigest("change", content) };
  const contract = { subject: "change", collection: "orders", versionField: null, versions: [version] };
  const bindings = [{ topic: TOPIC, subject: "change", defaultVersion: 1 }];
  return compileContractSet(sealContractSet({ limits: DEFAULT_LIMITS, contracts: [contract], bindings }));
}

const SET = contracts();

async function settled(texts: readonly string[]) {
  const database = await testDatabase(mongo.server());
  const embedded = await openEmbedded();
  const store = await database.open();
  await embedded.append(...texts);
  const gateway = await startGateway({ ...embedded.deps, store, contracts: () => SET });
  await expect.poll(() => gateway.streams()[0]?.settledTo).toBe(BigInt(texts.length));
  await gateway.stop();
  const check = async (): Promise<AuditReport> =>
    audit(store.reads, {
      source: embedded.log,
      tailMayBeIncomplete: false,
      findingsMax: 100,
      signal: new AbortController().signal,
    });
  const facts = database.raw.collection<{ _id: Binary; payload: unknown }>("validated_orders");
  return { check, store, facts };
}

/** The same for every run. */
const INTEGERS = [
  ...new Set([
    ...fc.sample(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { numRuns: 300, seed: 20_261_123 }),
    0n,
    1n,
    -1n,
    2n ** 31n,
    2n ** 53n,
    2n ** 53n + 1n,
    -(2n ** 63n),
    2n ** 63n - 1n,
    1_764_288_000_123_456_789n,
    1_764_288_000_123_456_800n,
    2n ** 55n,
    36_028_797_018_963_970n,
  ]),
];

describe("integers of 64 bits in MongoDB", () => {
  test("are Longs of the very value, whatever their size, and the audit finds each as its bytes say", async () => {
    const texts = INTEGERS.map((integer) => `{"id":${integer},"list":[${integer},${-integer - 1n}]}`);
    const { check, facts, store } = await settled(texts);
    expect(await store.reads.tally()).toEqual({ validated: texts.length, failed: 0, receipts: 0 });
    const stored = await facts.find({}, { sort: { "source.offset": 1 } }).toArray();
    expect(stored.map(({ payload }) => payload)).toEqual(
      INTEGERS.map((integer) => ({ id: integer, list: [integer, -integer - 1n] })),
    );
    expect(await facts.countDocuments({ "payload.id": { $type: "long" }, "payload.list": { $type: "long" } })).toBe(
      texts.length,
    );
    const ids = stored.map(({ _id }) => uuidText(_id.buffer));
    const held = await store.holders("orders", ids);
    expect(ids.map((id) => held.get(id)?.payloadText())).toEqual(texts);
    expect(await check()).toMatchObject({ findings: [], records: texts.length });
    // One bit of one number, which the nearest double would not show.
    const id = 1_764_288_000_123_456_789n;
    for (const [field, value] of [
      ["payload.list.0", id + 1n],
      ["payload.list.1", -id],
    ] as const) {
      const { payload } = (await facts.findOne({ "payload.id": id })) as { payload: { list: bigint[] } };
      await facts.updateOne({ "payload.id": id }, { $set: { [field]: Long.fromBigInt(value) } });
      expect((await check()).findings).toHaveLength(1);
      const list = payload.list.map((one) => Long.fromBigInt(one));
      await facts.updateOne({ "payload.id": id }, { $set: { "payload.list": list } });
      expect((await check()).findings).toEqual([]);
    }
  });

  test("repeat a fact when they are equal, and contradict it when they are not, however they are written", async () => {
    const { check, facts, store } = await settled([
      '{"id":36028797018963968,"n":36028797018963968,"i":-9223372036854775808}',
      '{ "i":-9223372036854775808, "n":36028797018963970, "id":36028797018963968 }',
      '{"id":36028797018963970,"n":1}',
      '{"id":3.602879701896397e16,"n":1.0}',
      '{"id":7,"list":[36028797018963968]}',
      '{"id":7.0,"list":[36028797018963970]}',
      '{"id":8,"i":9007199254740993}',
    ]);
    expect(await store.reads.tally()).toEqual({ validated: 3, failed: 2, receipts: 2 });
    expect(new Set((await store.reads.failureCounts()).map(({ code }) => code))).toEqual(
      new Set(["conflict", "malformed-lossy-number"]),
    );
    expect(await check()).toMatchObject({ findings: [] });
    const first = await facts.findOne({}, { sort: { "source.offset": 1 } });
    expect(first?.payload).toEqual({ id: 2n ** 55n, n: 2 ** 55, i: -(2 ** 63) });
    // Its value is the same, and its type is not the one that is declared.
    await facts.updateOne({ "payload.id": 7 }, { $set: { "payload.id": new Int32(7) } });
    expect((await check()).findings).toMatchObject([{ code: "ROW_DIFFERS", offset: 4n }]);
  });
});
