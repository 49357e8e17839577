import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import canonicalize from "canonicalize";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileIdRecipe, compilePointers, machineId } from "../../src/core/identity.ts";
import { machineIdsOf } from "../../src/core/machine-ids.ts";
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
});

describe("machineIdsOf()", () => {
  const recipes = ["shipment", "order", "s".repeat(200), "t".repeat(249)].map((subject) => ({
    subject,
    recipe: compileIdRecipe("payload", subject),
  }));
  const texts = fc.oneof(
    { weight: 4, arbitrary: fc.string({ maxLength: 30 }) },
    fc.string({ maxLength: 260 }),
    fc.string({ unit: "grapheme", maxLength: 60 }),
    fc.constantFrom('"', "\\", "\u007f", "~", " ", "x".repeat(9), "x".repeat(21), "x".repeat(300)),
  );
  const fields = fc.oneof(
    { weight: 4, arbitrary: texts.map((text): JsonValue[] => [text]) },
    fc.array(fc.oneof(texts, fc.integer(), fc.constantFrom<JsonValue>(null, true, -0, { b: "é", a: [1] })), {
      maxLength: 4,
    }),
  );

  test("makes the ids that each identity has by itself, whatever was made before", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(recipes.length - 1), fields), { maxLength: 11 }), (asked) => {
        const of = asked.map(([n, values]) => ({ ...(recipes[n] ?? raise()), fields: values }));
        expect(machineIdsOf(of)).toEqual(
          of.map(({ subject, fields: values }) => machineId("payload", subject, values)),
        );
      }),
      { numRuns: 3_000, seed: 20_261_130 },
    );
  });

  test("makes the ids of names of every length, also where the names beside have others", () => {
    const lengths = Array.from({ length: 300 }, (_, length) => length);
    const named = [...lengths, ...lengths.toReversed(), ...lengths.map((length) => (length * 89) % 300)];
    const of = named.map((length) => ({ ...(recipes[0] ?? raise()), fields: ["y".repeat(length)] }));
    expect(machineIdsOf(of)).toEqual(of.map(({ fields: values }) => machineId("payload", "shipment", values)));
  });

  test("makes them also where Node has no WebAssembly", () => {
    const [recipe, module] = ["src/core/identity.ts", "src/core/machine-ids.ts"].map((path) =>
      JSON.stringify(resolve(path)),
    );
    const code = `const { compileIdRecipe } = await import(${recipe});
      const { machineIdsOf } = await import(${module});
      const recipe = compileIdRecipe("payload", "shipment");
      delete globalThis.WebAssembly;
      console.log(typeof WebAssembly, ...machineIdsOf([{ recipe, fields: ["SHIP-TRUE-003"] }, { recipe, fields: [7] }]));`;
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
      encoding: "utf8",
    });
    const ids = [machineId("payload", "shipment", ["SHIP-TRUE-003"]), machineId("payload", "shipment", [7])];
    expect(stdout + stderr).toBe(`undefined ${ids.join(" ")}\n`);
  });
});

function raise(): never {
  throw new Error("there is no such recipe");
}

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
