import fc from "fast-check";
import { Binary, BSON, Double, Int32, Long } from "mongodb";
import { describe, expect, test } from "vitest";
import { uuidBytes } from "../../../src/core/uuid.ts";
import { exactInteger } from "../../../src/json/exact-integer.ts";
import type { JsonValue } from "../../../src/json/json.ts";
import { compileNumberTypes } from "../../../src/schema/number-types.ts";
import { createBsonWriter, writtenBytes } from "../../../src/store/mongodb/bson-writer.ts";
import { createFactWriter } from "../../../src/store/mongodb/fact-document.ts";
import type { ValidatedRow } from "../../../src/store/store.ts";
import type { StreamNote } from "../../../src/store/stream-note.ts";
import { validatedRow } from "../rows.ts";

const CONTRACTS = [1, 2].map((version) => ({ subject: "order", version, digest: `sha256:${"c".repeat(64)}` }));
const NUMBERS = compileNumberTypes({ type: "object", properties: { d: { type: "number" } } });
const STREAMS: readonly StreamNote[] = [
  { number: 1, stream: "cluster/topic/0", topic: "orders", partition: 0 },
  { number: 2_147_483_647, stream: "cluster/other/1", topic: "b\u00fccher", partition: 1 },
];

const SHIPMENTS: StreamNote = { number: 1, stream: "cluster/topic/0", topic: "shipments", partition: 0 };

/** A fact of the contract shipment@1. */
function fact(payload: JsonValue = { n: 1 }): ValidatedRow {
  const contract = { subject: "shipment", version: 1, digest: "c".repeat(64) };
  return { ...validatedRow("a", 1n), contract, declaredBy: "default", payload };
}

const facts = fc.array(
  fc.record({
    stream: fc.constantFrom(...STREAMS),
    id: fc.uuid(),
    offset: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
    timestampMs: fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(exactInteger)),
    contract: fc.constantFrom(...CONTRACTS),
    declaredBy: fc.constantFrom("default" as const, "header" as const, "cloudevents" as const),
    payload: fc.oneof(
      fc.dictionary(fc.constantFrom("a", "d", "\u00e9", ""), fc.jsonValue({ maxDepth: 2 })),
      fc.jsonValue({ maxDepth: 2 }),
    ) as fc.Arbitrary<JsonValue>,
  }),
  { minLength: 1, maxLength: 30 },
);

function bytesOf(rows: readonly { readonly row: ValidatedRow; readonly stream: StreamNote }[]): readonly Buffer[] {
  const writer = createBsonWriter(16);
  const write = createFactWriter();
  return rows.map(({ row, stream }) => {
    const from = writer.size;
    write(writer, stream, row);
    return Buffer.from(writtenBytes(writer, from));
  });
}

describe("the document of a fact", () => {
  test("is, one behind the other, what the driver would write of each, whatever is the same in them", () => {
    fc.assert(
      fc.property(facts, (drawn) => {
        const rows = drawn.map(({ stream, offset, ...rest }) => {
          const { number: _, ...place } = stream;
          return { stream, row: { ...fact(), ...rest, position: { ...place, offset }, numbers: NUMBERS } };
        });
        const written = bytesOf(rows).map((bytes) => bytes.toString("hex"));
        expect(written).toEqual(rows.map(({ row, stream }) => serialized(row, stream).toString("hex")));
      }),
      { numRuns: 1_000 },
    );
  });

  test("has the time of its record as a date", () => {
    const [bytes] = bytesOf([{ stream: SHIPMENTS, row: fact() }]);
    const { source } = BSON.deserialize(bytes ?? new Uint8Array(0)) as { source: object };
    expect(source).toEqual({ stream: 1, topic: "shipments", partition: 0, offset: 1, at: new Date(1_700_000_000_000) });
  });

  test("is 145 bytes more than its payload as a field, for the topic shipments and the contract shipment@1", () => {
    const payload = { shipment_id: "SHP-1", weight_kg: 12.5, destination: "Dublin" };
    const [bytes] = bytesOf([{ stream: SHIPMENTS, row: fact(payload) }]);
    const empty = BSON.calculateObjectSize({});
    expect((bytes?.length ?? 0) - (BSON.calculateObjectSize({ payload }) - empty)).toBe(145);
  });

  test.each([
    ["of another length", "0a1b2c3d-4e5f-8a6b-9c7d-00000000001"],
    ["with more behind it", "0a1b2c3d-4e5f-8a6b-9c7d-0000000000012"],
    ["in capitals", "0A1B2C3D-4E5F-8A6B-9C7D-000000000001"],
    ["with its hyphens elsewhere", "0a1b2c3d4-e5f-8a6b-9c7d-000000000001"],
    ["with another digit", "0a1b2c3d-4e5f-8a6b-9c7d-00000000000g"],
    ["with a digit of another script", "0a1b2c3d-4e5f-8a6b-9c7d-00000000000\u0661"],
    ["that is empty", ""],
  ])("is not written under an id %s", (_, id) => {
    expect(() => bytesOf([{ stream: SHIPMENTS, row: { ...fact(), id } }])).toThrow("no lower-case UUID");
  });
});

function serialized(
  { id, position, timestampMs, contract, declaredBy, payload }: ValidatedRow,
  stream: StreamNote,
): Buffer {
  const document = {
    _id: new Binary(uuidBytes(id), Binary.SUBTYPE_UUID),
    payload: typed(payload, false, true),
    contract: `${contract.subject}@${contract.version}`,
    ...(declaredBy === "default" ? {} : { declared: declaredBy }),
    source: {
      stream: new Int32(stream.number),
      topic: stream.topic,
      partition: new Int32(stream.partition),
      offset: Long.fromBigInt(position.offset),
      at: Long.fromBigInt(BigInt(timestampMs)),
    },
  };
  const bytes = Buffer.from(BSON.serialize(document));
  // A date is any 64 bits, of which the driver takes 53: it writes an integer, and its type is put right here.
  const typeAt = bytes.length - "..".length - 8 - "?at?".length;
  expect([bytes[typeAt], bytes.toString("latin1", typeAt + 1, typeAt + 3)]).toEqual([0x12, "at"]);
  bytes[typeAt] = 0x09;
  return bytes;
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
