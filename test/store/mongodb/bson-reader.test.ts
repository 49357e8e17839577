import fc from "fast-check";
import {
  Binary,
  BSON,
  BSONRegExp,
  BSONSymbol,
  Code,
  DBRef,
  Decimal128,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from "mongodb";
import { describe, expect, test } from "vitest";
import type { JsonValue } from "../../../src/json/json.ts";
import { NOTHING_DECLARED } from "../../../src/schema/number-types.ts";
import { readDocument } from "../../../src/store/mongodb/bson-reader.ts";
import { closeDocument, createBsonWriter, openDocument, writtenBytes } from "../../../src/store/mongodb/bson-writer.ts";
import { isSamePayload, jsonTextOf, writePayload } from "../../../src/store/mongodb/payload.ts";

function reread(value: JsonValue): unknown {
  const writer = createBsonWriter(8);
  const opened = openDocument(writer);
  writePayload(writer, "payload", value, NOTHING_DECLARED);
  closeDocument(writer, opened);
  return readDocument(writtenBytes(writer))["payload"];
}

describe("a document that is read", () => {
  const name = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 20 }).filter((text) => !text.includes("\u0000")),
    fc.constantFrom("$ref", "$id", "$db", "_bsontype", "toBSON", "$numberLong", "$oid", "", "__proto__", "length"),
  );
  const { payload } = fc.letrec<{ payload: JsonValue }>((tie) => ({
    payload: fc.oneof(
      { depthSize: "medium", withCrossShrink: true },
      fc.constant(null),
      fc.boolean(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.maxSafeInteger(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.string({ unit: "grapheme", maxLength: 40 }),
      fc.array(tie("payload"), { maxLength: 8 }),
      fc.array(fc.tuple(name, tie("payload")), { maxLength: 8 }).map((entries) => Object.fromEntries(entries)),
    ),
  }));

  test("is what was written, whatever its members are called", () => {
    fc.assert(
      fc.property(payload, (value) => {
        const read = reread(value);
        expect(isSamePayload(read, value)).toBe(true);
        // What differs is found: a part more, at the top.
        expect(isSamePayload(read, { more: value })).toBe(false);
      }),
      { numRuns: 3_000 },
    );
  });

  test.each<[string, Record<string, JsonValue>]>([
    ["a reference to another document", { $ref: "c", $id: "1" }],
    ["one with a database", { $ref: "c", $id: 1, $db: "d", more: true }],
    ["one whose id is a document", { $ref: "c", $id: { $ref: "c", $id: null } }],
    ["extended JSON", { $oid: "0123456789ab0123456789ab", $numberLong: "1", $date: 0, $binary: { base64: "" } }],
    ["the driver's own marks", { _bsontype: "Long", low: 1, high: 2, toBSON: null }],
  ])("called %s, keeps its members", (_, value) => {
    expect(jsonTextOf(reread({ inner: [value] }))).toBe(JSON.stringify({ inner: [value] }));
  });

  const FOREIGN: Readonly<Record<string, unknown>> = {
    date: new Date(0),
    id: new ObjectId(),
    regex: new BSONRegExp("a", "i"),
    code: new Code("f"),
    scoped: new Code("f", { a: 1 }),
    symbol: new BSONSymbol("s"),
    timestamp: Timestamp.fromBits(1, 2),
    decimal: Decimal128.fromString("1.5"),
    uuid: new Binary(Buffer.alloc(16), 4),
    least: new MinKey(),
    greatest: new MaxKey(),
  };

  test.each(Object.entries(FOREIGN))("holds a %s for no JSON, and goes on behind it", (_, value) => {
    const { foreign, ...rest } = readDocument(BSON.serialize({ _id: "a", foreign: value, behind: 7 }));
    expect(rest).toEqual({ _id: "a", behind: 7 });
    for (const json of [null, {}, [], "", "s", 0, 1.5, false]) expect(isSamePayload(foreign, json)).toBe(false);
    expect(() => jsonTextOf(foreign)).toThrow("its payload is no JSON");
    expect([Number(foreign), typeof String(foreign)]).toEqual([NaN, "string"]);
  });

  test("of a type that is deprecated, too", () => {
    // A pointer as MongoDB had it before references: type 12, a text, twelve bytes.
    const pointer = Buffer.from("260000000c70000300000064620000112233445566778899aabb106e000700000000", "hex");
    pointer.writeInt32LE(pointer.length, 0);
    expect(readDocument(pointer)).toMatchObject({ n: 7 });
  });

  test("is a member that a reference of the driver would have hidden", () => {
    const { ref } = readDocument(BSON.serialize({ ref: new DBRef("c", new ObjectId(), "d", { more: 1 }) }));
    expect(Object.keys(ref as object)).toEqual(["$ref", "$id", "$db", "more"]);
  });
});
