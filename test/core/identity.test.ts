import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileMachineId, compilePointers, machineId } from "../../src/core/identity.ts";
import type { JsonValue } from "../../src/json/json.ts";

describe("machineId()", () => {
  test("is the first 128 bits of SHA-256 over the named parts, as a version 8 UUID", () => {
    const hex = createHash("sha256").update('sigma-id-1\0payload\0shipment\0["SHIP-TRUE-003"]').digest("hex");
    const id = machineId("payload", "shipment", ["SHIP-TRUE-003"]);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    // Version and variant replace four and two bits; all others are the hash's.
    const plain = id.replaceAll("-", "");
    expect(plain.slice(0, 12) + plain.slice(13, 16)).toBe(hex.slice(0, 12) + hex.slice(13, 16));
    expect(Number.parseInt(plain.charAt(16), 16) & 3).toBe(Number.parseInt(hex.charAt(16), 16) & 3);
    expect(plain.slice(17)).toBe(hex.slice(17, 32));
  });

  test("never changes: these ids are stored", () => {
    expect(machineId("payload", "shipment", ["SHIP-TRUE-003"])).toBe("a5f61ec8-b693-8c5a-a740-f79df91353c8");
    expect(machineId("payload", "order", ["é", 1, null, true, { b: 1, a: [2] }])).toBe(
      "893b116b-1caf-8e4c-a8c5-2613a4a2564d",
    );
  });

  test("tells kinds, subjects, types and field boundaries apart", () => {
    const ids = [
      machineId("payload", "a", ["x"]),
      machineId("other", "a", ["x"]),
      machineId("payload", "b", ["x"]),
      machineId("payload", "a", ["x", ""]),
      machineId("payload", "a", ["1"]),
      machineId("payload", "a", [1]),
      machineId("payload", "a", [null]),
      machineId("payload", "a", ["null"]),
      machineId("payload", "a", []),
      machineId("payload", "a", [["x"]]),
      machineId("payload", "a", ["é"]),
      machineId("payload", "a", ["e\u0301"]),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("1 and 1.0 are one identity, and so are 0 and -0", () => {
    expect(machineId("payload", "a", [JSON.parse("1.0") as number])).toBe(machineId("payload", "a", [1]));
    expect(machineId("payload", "a", [-0])).toBe(machineId("payload", "a", [0]));
  });

  test("the short way for one plain string gives the same ids", () => {
    const short = compileMachineId("payload", "shipment");
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 150 }),
          fc.string({ unit: "grapheme", maxLength: 20 }),
          fc.constantFrom('"', "\\", "\u007f", "~", " ", "x".repeat(128), "x".repeat(129)),
        ),
        (text) => {
          expect(short([text])).toBe(machineId("payload", "shipment", [text]));
        },
      ),
      { numRuns: 5_000, seed: 20_261_123 },
    );
    expect(short(["a", "b"])).toBe(machineId("payload", "shipment", ["a", "b"]));
    expect(short([7])).toBe(machineId("payload", "shipment", [7]));
  });
});

describe("compilePointers()", () => {
  test("the short way to one field reads what the long way reads, whatever the field and the payload", () => {
    const name = fc.oneof(
      fc.constantFrom("a", "b", "", "0", "1", "01", "length", "toString", "constructor", "hasOwnProperty", "map", "-"),
      fc.string({ maxLength: 3 }),
    );
    const payload = fc.oneof(fc.dictionary(name, fc.jsonValue()), fc.array(fc.jsonValue()), fc.jsonValue());
    fc.assert(
      fc.property(name, payload, (field, value) => {
        const pointer = `/${field.replaceAll("~", "~0").replaceAll("/", "~1")}`;
        const parsed = JSON.parse(JSON.stringify(value)) as JsonValue;
        const long = compilePointers([pointer, pointer])(parsed);
        expect(compilePointers([pointer])(parsed)).toEqual("missing" in long ? long : long.slice(0, 1));
      }),
      { numRuns: 2_000 },
    );
  });

  const payload: JsonValue = { a: { "b/c": [10, { "~d": null }] }, "": 5, n: null, length: 1 };
  test.each<readonly [string, JsonValue]>([
    ["", payload],
    ["/a/b~1c/0", 10],
    ["/a/b~1c/1/~0d", null],
    ["/", 5],
    ["/n", null],
  ])("%j leads to its value", (pointer, value) => {
    expect(compilePointers([pointer])(payload)).toEqual([value]);
  });

  test.each(["/x", "/a/b~1c/2", "/a/b~1c/-", "/a/b~1c/00", "/a/b~1c/length", "/n/x", "/toString", "/a/hasOwnProperty"])(
    "%j leads nowhere",
    (pointer) => {
      expect(compilePointers(["/n", pointer])(payload)).toEqual({ missing: pointer });
    },
  );
});

describe("RFC 8785", () => {
  test.each([
    [
      '{"peach":"This sorting order","péché":"is wrong according to French","pêche":"but canonicalization MUST","sin":"ignore locale"}',
      '{"peach":"This sorting order","péché":"is wrong according to French","pêche":"but canonicalization MUST","sin":"ignore locale"}',
    ],
    [
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    ],
    [
      '{"\\u20ac":"Euro Sign","\\r":"Carriage Return","\\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\\ud83d\\ude00":"Emoji: Grinning Face","\\u0080":"Control","\\u00f6":"Latin Small Letter O With Diaeresis"}',
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    ],
    ["[-0,56.0,1e21,9007199254740992]", "[0,56,1e+21,9007199254740992]"],
  ])("the library writes %s as the RFC does", (text, canonical) => {
    expect(canonicalize(JSON.parse(text))).toBe(canonical);
  });
});
