import fc from "fast-check";
import { Binary, BSON, Double, Int32, Long, UUID } from "mongodb";
import { describe, expect, test } from "vitest";
import type { JsonValue } from "../../../src/json/json.ts";
import { compileNumberTypes, NOTHING_DECLARED, type NumberTypes } from "../../../src/schema/number-types.ts";
import { closeDocument, createBsonWriter, openDocument, writtenBytes } from "../../../src/store/mongodb/bson-writer.ts";
import { writePayload } from "../../../src/store/mongodb/payload.ts";
import { writeFailed } from "../../../src/store/mongodb/failure-document.ts";
import { blocksOf, writeBlock } from "../../../src/store/mongodb/receipts.ts";
import type { FailedRow } from "../../../src/store/store.ts";
import { failedRow, idOf, NOTE, receiptRow } from "../rows.ts";

/** The driver's own serializer is the oracle: the same bytes, whatever the value. */
function asDriver(value: JsonValue, types: NumberTypes): unknown {
  if (typeof value === "number") {
    if (types.here === "int64" && Number.isInteger(value)) {
      const integer = Math.abs(value) < 1e21 ? BigInt(String(value)) : 2n ** 64n;
      return BigInt.asIntN(64, integer) === integer ? Long.fromBigInt(integer) : new Double(value);
    }
    const whole = Number.isSafeInteger(value) && !Object.is(value, -0);
    if (types.here === "number" || !whole) return new Double(value);
    return value >= -(2 ** 31) && value < 2 ** 31 ? new Int32(value) : Long.fromNumber(value);
  }
  if (typeof value === "bigint") return Long.fromBigInt(value);
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) {
    return value.map((item: JsonValue, at) => asDriver(item, types.item(at)));
  }
  // A plain object with a key such as `_bsontype` would mean something to the driver.
  return new Map(Object.entries(value).map(([key, part]) => [key, asDriver(part, types.member(key))]));
}

function written(value: JsonValue, types: NumberTypes = NOTHING_DECLARED): Buffer {
  const writer = createBsonWriter(8);
  const opened = openDocument(writer);
  writePayload(writer, "payload", value, types);
  closeDocument(writer, opened);
  return Buffer.from(writtenBytes(writer));
}

function serialized(value: JsonValue, types: NumberTypes = NOTHING_DECLARED): Buffer {
  return Buffer.from(BSON.serialize(new Map([["payload", asDriver(value, types)]])));
}

describe("a payload in BSON", () => {
  const name = fc.oneof(
    fc.string({ unit: "binary", maxLength: 90 }).filter((text) => !text.includes("\u0000")),
    fc.constantFrom("_bsontype", "toBSON", "$where", "a.b", "", "__proto__", "n", "id"),
  );
  const number = fc.oneof(
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(Number),
  );
  const text = fc.string({ unit: "binary", maxLength: 90 });
  const { payload } = fc.letrec<{ payload: JsonValue }>((tie) => ({
    payload: fc.oneof(
      { depthSize: "medium", withCrossShrink: true },
      fc.constant(null),
      fc.boolean(),
      number,
      text,
      fc.array(tie("payload"), { maxLength: 12 }),
      fc.array(fc.tuple(name, tie("payload")), { maxLength: 8 }).map((entries) => Object.fromEntries(entries)),
    ),
  }));
  const types = compileNumberTypes({
    properties: { n: { type: "number" }, id: { type: "integer", format: "int64" } },
    additionalProperties: { type: "integer" },
    items: { type: "number" },
  });

  test("is, byte for byte, what the driver writes of the same value, with and without declared number types", () => {
    fc.assert(
      fc.property(payload, (value) => {
        expect(written(value)).toEqual(serialized(value));
        expect(written(value, types)).toEqual(serialized(value, types));
      }),
      { numRuns: 3_000 },
    );
  });

  test.each([31, 32, 33, 34, 63, 64, 65, 66, 1_000, 100_000])("holds text of %i characters, ASCII or not", (length) => {
    const values = ["x".repeat(length), `${"x".repeat(length - 1)}\u00e9`, `\u{1f4e6}${"x".repeat(length)}`];
    for (const value of values) {
      expect(written({ [value]: value })).toEqual(serialized({ [value]: value }));
    }
  });

  test("cannot have a name that would end early", () => {
    expect(() => written({ "a\u0000b": 1 })).toThrow("NUL");
  });
});

/** A failure whose payload is this text. */
function failure(text: string, changes: Partial<FailedRow> = {}): FailedRow {
  return failedRow(7n, { raw: Buffer.from(text), ...changes });
}

describe("a failure in BSON", () => {
  function read(row: FailedRow): BSON.Document {
    const writer = createBsonWriter(8);
    writeFailed(writer, NOTE, row);
    return BSON.deserialize(writtenBytes(writer), { useBigInt64: true, promoteBuffers: false });
  }

  const SOURCE = { stream: 1, topic: "orders", partition: 0, offset: 7n, at: new Date(1_700_000_000_000) };
  const REASON = { kind: "rule", violations: [{ id: "max", message: "too much" }] };

  test("is read by the driver as the values it was written from, in their order", () => {
    const document = read(failure('{"n":9007199254740991,"d":1}', { declaredBy: "header" }));
    expect(document).toEqual({
      _id: "orders/0@7#1",
      code: "rule",
      reason: REASON,
      fingerprint: "f".repeat(16),
      contract: "order@2",
      declared: "header",
      payload: { n: 9_007_199_254_740_991n, d: 1 },
      raw: new Binary(Buffer.from('{"n":9007199254740991,"d":1}')),
      source: SOURCE,
      producer: "svc-a",
    });
    expect(Object.keys(document)).toEqual([
      "_id",
      "code",
      "reason",
      "fingerprint",
      "contract",
      "declared",
      "payload",
      "raw",
      "source",
      "producer",
    ]);
  });

  test("of a conflict names the identity that both records claim", () => {
    const identity = new UUID(idOf("b")).toBinary();
    expect(read(failure("{}", { machineId: idOf("b") }))["identity"]).toEqual(identity);
  });

  test("that no contract judged, and that says nothing, has neither", () => {
    const document = read(failure("{}", { contract: null, declaredBy: null, parsed: null, raw: Buffer.from("{") }));
    expect(document).toEqual({
      _id: "orders/0@7#1",
      code: "rule",
      reason: REASON,
      fingerprint: "f".repeat(16),
      contract: null,
      declared: null,
      raw: new Binary(Buffer.from("{")),
      source: SOURCE,
      producer: "svc-a",
    });
  });

  test("keeps its bytes and what they say up to 65,536 bytes; beyond it has neither, and a tombstone has none", () => {
    const kept = (length: number): readonly unknown[] => {
      const { raw, payload } = read(failure(JSON.stringify("x".repeat(length - 2)))) as Record<string, unknown>;
      return [raw instanceof Binary ? raw.length() : raw, typeof payload];
    };
    expect(kept(65_536)).toEqual([65_536, "string"]);
    expect(kept(65_537)).toEqual([undefined, "undefined"]);
    expect(read(failure("{}", { raw: null, parsed: null }))).toMatchObject({ raw: null });
  });

  test("keeps its bytes without what they say where that is nested too deep", () => {
    const nested = (levels: number): string => `${"[".repeat(levels)}1${"]".repeat(levels)}`;
    expect(read(failure(nested(179)))["payload"]).toBeDefined();
    expect(read(failure(nested(180)))).toMatchObject({ raw: new Binary(Buffer.from(nested(180))) });
    expect(read(failure(nested(180)))["payload"]).toBeUndefined();
  });
});

test("receipts in BSON are a document for each 256 offsets: offsets in their order, and the fact that each repeats, 30 bytes or less", () => {
  const stream = { ...NOTE, topic: "shipments" };
  const receipts = [300n, 256n, 255n, 301n].map((offset) => receiptRow(offset, "b"));
  const documents = blocksOf(stream, receipts).map((block) => {
    const writer = createBsonWriter(8);
    writeBlock(writer, block);
    return BSON.deserialize(writtenBytes(writer));
  });
  const of = new UUID(idOf("b"));
  expect(documents).toEqual([
    { _id: "shipments/0@0#1", of: { 255: of } },
    { _id: "shipments/0@256#1", of: { 256: of, 300: of, 301: of } },
  ]);
  const sizeOf = (count: number): number => {
    const writer = createBsonWriter(8);
    writeBlock(writer, {
      id: "x",
      receipts: Array.from({ length: count }, (_, n) => receiptRow(BigInt(n + 1_000_000))),
    });
    return writer.size;
  };
  expect(sizeOf(2) - sizeOf(1)).toBe(30);
});
