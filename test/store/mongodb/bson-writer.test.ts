import fc from "fast-check";
import { Binary, BSON, Double, Int32, Long } from "mongodb";
import { describe, expect, test } from "vitest";
import type { JsonValue } from "../../../src/json/json.ts";
import { compileNumberTypes, NOTHING_DECLARED, type NumberTypes } from "../../../src/schema/number-types.ts";
import { closeDocument, createBsonWriter, openDocument, writtenBytes } from "../../../src/store/mongodb/bson-writer.ts";
import { writePayload } from "../../../src/store/mongodb/payload.ts";
import { createRowWriters, type WriteRow } from "../../../src/store/mongodb/write-documents.ts";
import { failedRow, receiptRow, validatedRow } from "../rows.ts";

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

describe("a document in BSON", () => {
  const whole = { key: Buffer.from("k"), headers: [["h", Buffer.from("v")] as const, ["h", Buffer.alloc(0)] as const] };
  const other = { position: { stream: "s", topic: "t", partition: 7, offset: 2n ** 62n } };

  test("does not depend on the documents written before it", () => {
    const writers = createRowWriters();
    const bytesOf = <Row>(write: WriteRow<Row>, rows: readonly Row[]): Buffer => {
      const writer = createBsonWriter(8);
      let last = 0;
      for (const row of rows) {
        last = writer.size;
        write(writer, row);
      }
      return Buffer.from(writtenBytes(writer, last));
    };
    const own = createRowWriters();
    const facts = [validatedRow("a", 1n), validatedRow("b", 2n, other), { ...validatedRow("c", 3n, whole) }];
    const versions = facts.map((row, at) => ({ ...row, contract: { ...row.contract, version: at } }));
    for (const [at, row] of [...facts, ...versions].entries()) {
      expect(bytesOf(writers.validated, [...facts, ...versions].slice(0, at + 1))).toEqual(
        bytesOf(createRowWriters().validated, [row]),
      );
      expect(bytesOf(own.failed, [failedRow(4n, { contract: null, declaredBy: null }), failedRow(5n)])).toEqual(
        bytesOf(createRowWriters().failed, [failedRow(5n)]),
      );
    }
  });

  test("is read by the driver as the values it was written from", () => {
    const writer = createBsonWriter(8);
    const writers = createRowWriters();
    const fact = validatedRow("a", 2n ** 53n + 1n, whole);
    writers.validated(writer, fact);
    const end = writer.size;
    writers.receipt(writer, receiptRow(9n));
    const options = { useBigInt64: true, promoteBuffers: false };
    const read = BSON.deserialize(writtenBytes(writer).subarray(0, end), options);
    expect(read).toEqual({
      _id: "a",
      stream: fact.position.stream,
      topic: "orders",
      partition: 0,
      offset: 2n ** 53n + 1n,
      timestampMs: 1_700_000_000_000n,
      key: new Binary(Buffer.from("k")),
      headers: [
        { name: "h", value: new Binary(Buffer.from("v")) },
        { name: "h", value: new Binary(Buffer.alloc(0)) },
      ],
      raw: new Binary(fact.raw as Uint8Array),
      rawHash: fact.rawHash,
      contract: fact.contract,
      declaredBy: "header",
      payload: { n: 9_007_199_254_740_993n },
    });
    const receipt = BSON.deserialize(writtenBytes(writer, end), options);
    expect(receipt).toMatchObject({ _id: receiptRow(9n).id, offset: 9n, duplicateOf: receiptRow(9n).duplicateOf });
  });
});
