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
import { exactInteger } from "../../../src/json/exact-integer.ts";
import type { JsonValue } from "../../../src/json/json.ts";
import { NOTHING_DECLARED } from "../../../src/schema/number-types.ts";
import { fieldsOf, readDocument, valueOf } from "../../../src/store/mongodb/bson-reader.ts";
import { closeDocument, createBsonWriter, openDocument, writtenBytes } from "../../../src/store/mongodb/bson-writer.ts";
import { jsonOf, jsonTextOf, writePayload } from "../../../src/store/mongodb/payload.ts";

function reread(value: JsonValue): unknown {
  const writer = createBsonWriter(8);
  const opened = openDocument(writer);
  writePayload(writer, "payload", value, NOTHING_DECLARED);
  closeDocument(writer, opened);
  return readDocument(writtenBytes(writer))["payload"];
}

function exact(value: JsonValue): JsonValue {
  if (typeof value === "bigint") return exactInteger(value);
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(exact);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, exact(part)]));
}

describe("a document that is read", () => {
  const names = fc.oneof(
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
      fc.array(fc.tuple(names, tie("payload")), { maxLength: 8 }).map((entries) => Object.fromEntries(entries)),
    ),
  }));

  test("is what was written, whatever its members are called", () => {
    fc.assert(
      fc.property(payload, (value) => {
        const read = jsonOf(reread(value));
        // A 64-bit integer says the same as a number that is exact.
        expect(read).toEqual(exact(value));
        expect(Object.keys((read as object | null) ?? {})).toEqual(Object.keys((value as object | null) ?? {}));
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
    expect(() => jsonTextOf(foreign)).toThrow("its payload is no JSON");
    expect([Number(foreign), typeof String(foreign)]).toEqual([NaN, "string"]);
  });

  test("can be asked for its fields alone, in their order, where they stand, and for one of them", () => {
    const bytes = Buffer.from(BSON.serialize({ ...FOREIGN, inner: { a: [1, "x"] }, text: "t", n: 2.5, none: null }));
    const fields = fieldsOf(bytes);
    expect(fields.map(({ name }) => name)).toEqual([...Object.keys(FOREIGN), "inner", "text", "n", "none"]);
    fields.forEach(({ name, from, to }, index) => {
      const next = fields[index + 1];
      expect(to).toBe(next === undefined ? bytes.length - 1 : next.from - next.name.length - 2);
      expect(to).toBeGreaterThanOrEqual(from);
      expect(name).not.toBe("");
    });
    const values = fields.slice(-4).map((field) => valueOf(bytes, field));
    expect(values).toEqual([{ a: [1, "x"] }, "t", 2.5, null]);
    const inner = fields.find(({ name }) => name === "inner");
    expect(fieldsOf(bytes, inner?.from).map(({ name, type }) => [name, type])).toEqual([["a", 4]]);
  });

  test("shows a field that is there twice both times", () => {
    const twice = Buffer.from("13000000106e0001000000106e000200000000", "hex");
    twice.writeInt32LE(twice.length, 0);
    expect(fieldsOf(twice).map((field) => [field.name, valueOf(twice, field)])).toEqual([
      ["n", 1],
      ["n", 2],
    ]);
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
