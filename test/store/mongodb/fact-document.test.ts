import fc from "fast-check";
import { Binary, BSON, Double, Int32, Long } from "mongodb";
import { expect, test } from "vitest";
import { exactInteger } from "../../../src/json/exact-integer.ts";
import type { JsonValue } from "../../../src/json/json.ts";
import { compileNumberTypes } from "../../../src/schema/number-types.ts";
import { createBsonWriter, writtenBytes } from "../../../src/store/mongodb/bson-writer.ts";
import { createRowWriters } from "../../../src/store/mongodb/write-documents.ts";
import type { NewValidated } from "../../../src/store/store.ts";

const CONTRACTS = [1, 2].map((version) => ({ subject: "order", version, digest: `sha256:${"c".repeat(64)}` }));
const NUMBERS = compileNumberTypes({ type: "object", properties: { d: { type: "number" } } });

const facts = fc.array(
  fc.record<NewValidated>({
    kind: fc.constant("validated"),
    // A machine id, another text of its length that is more than ASCII, and one of another length.
    id: fc.oneof(fc.uuid(), fc.uuid(), fc.constant("\u00e9".repeat(36)), fc.string({ maxLength: 40 }).filter(isName)),
    position: fc.record({
      stream: fc.constantFrom("cluster/topic/0", "cluster/topic/1"),
      topic: fc.constantFrom("orders", "b\u00fccher"),
      partition: fc.nat(3),
      offset: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
    }),
    timestampMs: fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(exactInteger)),
    key: fc.constantFrom(null, null, null, Buffer.from("k")),
    headers: fc.constantFrom([], [], [], [["h", Buffer.from("v")] as const]),
    raw: fc.option(fc.uint8Array({ maxLength: 200 }), { freq: 9 }),
    rawHash: fc.constantFrom("0123456789abcdef".repeat(4), "f".repeat(64), "-"),
    contract: fc.constantFrom(...CONTRACTS) as fc.Arbitrary<NewValidated["contract"]>,
    declaredBy: fc.constantFrom("default", "header"),
    payload: fc.oneof(
      fc.dictionary(fc.constantFrom("a", "d", "\u00e9", ""), fc.jsonValue({ maxDepth: 2 })),
      fc.jsonValue({ maxDepth: 2 }),
    ) as fc.Arbitrary<JsonValue>,
    numbers: fc.constant(NUMBERS),
  }),
  { minLength: 1, maxLength: 30 },
);

function isName(text: string): boolean {
  return text.isWellFormed();
}

test("facts one behind the other are written as the driver would write each of them, whatever is the same in them", () => {
  fc.assert(
    fc.property(facts, (rows) => {
      const writer = createBsonWriter(16);
      const { validated } = createRowWriters();
      for (const row of rows) {
        const from = writer.size;
        validated(writer, row);
        const written = Buffer.from(writtenBytes(writer, from));
        expect(written.toString("hex")).toBe(Buffer.from(BSON.serialize(documentOf(row))).toString("hex"));
      }
    }),
    { numRuns: 1_000 },
  );
});

function documentOf({
  id,
  position,
  timestampMs,
  key,
  headers,
  raw,
  rawHash,
  contract,
  declaredBy,
  payload,
}: NewValidated) {
  return {
    _id: id,
    stream: position.stream,
    topic: position.topic,
    partition: new Int32(position.partition),
    offset: Long.fromBigInt(position.offset),
    timestampMs: Long.fromBigInt(BigInt(timestampMs)),
    ...(key === null ? {} : { key: new Binary(key) }),
    ...(headers.length === 0 ? {} : { headers: headers.map(([name, value]) => ({ name, value: new Binary(value) })) }),
    raw: raw === null ? null : new Binary(raw),
    rawHash,
    contract: { ...contract, version: new Int32(contract.version) },
    declaredBy,
    payload: typed(payload, false, true),
  };
}

/** `d` of the payload itself is declared a number; any other has the type of its value. */
function typed(value: JsonValue, declared: boolean, whole = false): unknown {
  if (typeof value === "number") {
    if (declared || !Number.isSafeInteger(value) || Object.is(value, -0)) return new Double(value);
    return value >= -(2 ** 31) && value < 2 ** 31 ? new Int32(value) : Long.fromNumber(value);
  }
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => typed(item, false));
  return new Map(Object.entries(value).map(([key, part]) => [key, typed(part, whole && key === "d")]));
}
