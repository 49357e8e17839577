import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS, type PayloadLimits } from "../../src/core/contract-set.ts";
import { findPolicyFault, findSyntaxFault } from "../../src/json/json-scan.ts";
import type { LongInteger } from "../../src/core/long-integers.ts";
import { parsePayload } from "../../src/core/payload.ts";
import { toJsonText } from "../../src/json/json-text.ts";
import type { JsonValue } from "../../src/json/json.ts";
import { pointerOf, stepsOf } from "../../src/json/pointer.ts";

const SEED = 20_261_123;

function outcome(text: string | Uint8Array, limits: PayloadLimits = DEFAULT_LIMITS): string {
  const parsed = parsePayload(typeof text === "string" ? Buffer.from(text) : text, limits);
  if (parsed.ok) return parsed.integers === undefined ? "ok" : `ok ${told(parsed.integers)}`;
  const { code, byteOffset, pointer } = parsed.reason;
  return [code, byteOffset, pointer].filter((part) => part !== null).join(" ");
}

/** Places of the integers that only a contract can let pass: byte offset and pointer. */
function told(integers: readonly LongInteger[]): string {
  return integers.map(({ path, byteOffset }) => `${byteOffset}:${pointerOf(stepsOf(path))}`).join(" ");
}

/** The verdict of the exact scanner alone, without any of the cheap proofs. */
function exactly(text: string): string {
  try {
    JSON.parse(text);
  } catch {
    return "not-json";
  }
  return findPolicyFault(text)?.code ?? "ok";
}

describe("parsePayload()", () => {
  test.each([
    ['{"a":1}', "ok"],
    ["1", "ok"],
    ['"x"', "ok"],
    ["", "empty"],
    [" ", "not-json 1"],
    ['{"a":1,"a":1}', "duplicate-key 7 /a"],
    ['{"a":{"b":1,"b":2}}', "duplicate-key 12 /a/b"],
    ['[{"a":1},{"a":2}]', "ok"],
    ['{"a":1,"\\u0061":2}', "duplicate-key 7 /a"],
    ['{"ü":1,"a":[0,{"x/y~z":1,"x/y~z":2}]}', "duplicate-key 26 /a/1/x~1y~0z"],
    ['{"__proto__":1}', "forbidden-key 1 /__proto__"],
    ['{"a":[{"prototype":1}]}', "forbidden-key 7 /a/0/prototype"],
    ['{"\\u005f_proto__":1}', "forbidden-key 1 /__proto__"],
    ['{"a\\u0000":1}', "forbidden-key 1 /a\u0000"],
    ['{"a":"\\u0000"}', "ok"],
    ['{"a":"\\ud83d\\ude00"}', "ok"],
    ['{"a":"\\ude00\\ud83d"}', "lone-surrogate 5 /a"],
    ['{"\\ud800":1}', "lone-surrogate 1 "],
    ['{"a":"\\\\u0000"}', "ok"],
    ["9007199254740993", "ok 0:"],
    ["9007199254740992", "ok"],
    ["9223372036854775807", "ok 0:"],
    ["-9223372036854775808", "ok 0:"],
    ["9223372036854775809", "lossy-number 0 "],
    ["-9223372036854775809", "lossy-number 0 "],
    ["9007199254740993.0", "lossy-number 0 "],
    ["9007199254740993e0", "lossy-number 0 "],
    [' { "ü~/" : [ 1, { "a": -9007199254740993 } ] } ', "ok 24:/ü~0~1/1/a"],
    ["[9007199254740993,1764288000123456800,1764288000123456789]", "ok 1:/0 38:/2"],
    ["[9007199254740993,0.1234567890123456789]", "lossy-number 18 /1"],
    ['{"a":9007199254740993,"a":9007199254740993}', "duplicate-key 22 /a"],
    ["36028797018963968", "ok 0:"],
    ["18446744073709551616", "ok"],
    ["1180591620717411303424", "ok"],
    ["1180591620717411303425", "lossy-number 0 "],
    ["0.1000000000000000055511151231257827021181583404541015625", "ok"],
    ["0.1000000000000000055511151231257827021181583404541015626", "lossy-number 0 "],
    ["[1.0,15.20,1e3,-0,0.1,1E400]", "lossy-number 22 /5"],
    ["[0.30000000000000004,1234567890123456]", "ok"],
    ["1e-400", "lossy-number 0 "],
    ["0e-400", "ok"],
    ["0.1234567890123456789", "lossy-number 0 "],
    ["12345678901234567890123", "lossy-number 0 "],
    ["100000000000000000000", "ok"],
    ['{"a":1}}', "not-json 7"],
    ['{"a":"b', "not-json 5"],
    ["[1,2", "not-json 4"],
    ["[1,,2]", "not-json 3"],
    ["[01]", "not-json 2"],
    ['"a\tb"', "not-json 0"],
    ["{'a':1}", "not-json 1"],
    ["nul", "not-json 0"],
    ["\ufeff{}", "not-json 0"],
  ])("%j is %s", (text, expected) => {
    expect(outcome(text)).toBe(expected);
  });

  test("refuses bytes that are not UTF-8, whatever they would decode to, and names the first", () => {
    for (const [at, bytes] of [
      [0, [0xff]],
      [1, [0x22, 0xc0, 0x80, 0x22]],
      [1, [0x22, 0xed, 0xa0, 0x80, 0x22]],
      [1, [0x22, 0xf5, 0x80, 0x80, 0x80, 0x22]],
      [1, [0x22, 0xc3]],
    ] as const) {
      expect(outcome(Uint8Array.from(bytes))).toBe(`not-utf8 ${at}`);
    }
  });

  test("a tombstone and no bytes are empty", () => {
    expect([parsePayload(null, DEFAULT_LIMITS), outcome("")]).toMatchObject([
      { ok: false, reason: { code: "empty" } },
      "empty",
    ]);
  });

  test("what stands far inside a long string is seen: bytes that are not UTF-8, escapes, and where the string ends", () => {
    const x = "x".repeat(200);
    const limits = { bytesMax: 1_000, depthMax: 1 };
    expect(outcome(Buffer.concat([Buffer.from(`"${x}`), Buffer.from([0xff]), Buffer.from(`${x}"`)]), limits)).toBe(
      "not-utf8 201",
    );
    expect([
      outcome(`{"a":"${x}é${x}"}`, limits),
      outcome(`{"a":"${x}\\ud800${x}"}`, limits),
      outcome(`{"a":"${x}\\"${x}:{[\\\\","a":1}`, limits),
      outcome(`{"a":"${x}","b":"${x}:","a":1}`, limits),
      outcome(`{"${x}":"${x}","b":[]}`, limits),
      outcome(`{"a":"${x}`, limits),
      outcome(`{"a":"${x}\\`, limits),
    ]).toEqual([
      "ok",
      "lone-surrogate 5 /a",
      "duplicate-key 415 /a",
      "duplicate-key 416 /a",
      "too-deep",
      "not-json 5",
      "not-json 5",
    ]);
  });

  test("takes exactly the limit of bytes and of depth, and not one more", () => {
    const limits = { bytesMax: 10, depthMax: 3 };
    expect([outcome('"12345678"', limits), outcome('"123456789"', limits)]).toEqual(["ok", "too-large"]);
    expect([outcome("[[[]]]", limits), outcome("[[[[]]]]", limits), outcome('{"":{}}', limits)]).toEqual([
      "ok",
      "too-deep",
      "ok",
    ]);
  });

  test("what is no JSON leaves the stack traces of others as long as they were", () => {
    const before = Error.stackTraceLimit;
    expect([outcome("{"), outcome("{}")]).toEqual(["not-json 1", "ok"]);
    expect(Error.stackTraceLimit).toBe(before);
  });

  test("brackets inside strings are not depth", () => {
    expect(outcome('"[[[[[[{{{{"', { bytesMax: 100, depthMax: 1 })).toBe("ok");
  });

  test("a hundred thousand open brackets are not JSON rather than a full stack", () => {
    expect(outcome("[".repeat(100_000))).toBe("not-json 100000");
    expect(outcome("[".repeat(100_000) + "]".repeat(100_000))).toBe("too-deep");
  });

  test("a string of ten megabytes with an escape in it costs no stack", () => {
    const limits = { bytesMax: 20_000_000, depthMax: 64 };
    expect(outcome(`"${"x".repeat(5_000_000)}\\ud800${"y".repeat(5_000_000)}"`, limits)).toBe("lone-surrogate 0 ");
    expect(outcome(`"${"x".repeat(10_000_000)}`, limits)).toBe("not-json 0");
  });

  test("the fast proofs and the exact scanner agree on any document", () => {
    const key = fc.oneof(
      fc.constantFrom("a", "b", "__proto__", "constructor", "\u0000", "\ud800", "ü", "y".repeat(50)),
      fc.string({ maxLength: 4 }),
    );
    const number = fc.oneof(
      fc.double().map((value) => (Number.isFinite(value) ? String(value) : "0")),
      fc.bigInt().map(String),
      fc.tuple(fc.bigInt(), fc.integer({ min: -400, max: 400 })).map(([digits, power]) => `${digits}e${power}`),
      fc.tuple(fc.nat(), fc.bigInt({ min: 0n })).map(([whole, fraction]) => `${whole}.${fraction}`),
    );
    const short = fc.string({ unit: "binary", maxLength: 6 });
    // Long enough that the rest of a string is searched and not walked.
    const filler = fc.tuple(fc.constantFrom("x", '"', "\\", "é", ":1e999"), fc.nat(90)).map(([c, n]) => c.repeat(n));
    const long = fc.array(fc.oneof(filler, short), { maxLength: 4 }).map((parts) => parts.join(""));
    const string = fc.oneof(short, long).map((text) => JSON.stringify(text));
    const { value } = fc.letrec<{ value: string }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        number,
        string,
        fc.constantFrom("true", "null"),
        fc.array(tie("value"), { maxLength: 4 }).map((items) => `[${items.join(",")}]`),
        fc
          .array(
            fc.tuple(
              key.map((text) => JSON.stringify(text)),
              tie("value"),
            ),
            { maxLength: 4 },
          )
          .map((pairs) => `{${pairs.map(([name, item]) => `${name}:${item}`).join(" , ")}}`),
      ),
    }));
    fc.assert(
      fc.property(value, (text) => {
        expect(outcome(text).split(" ", 1)[0]).toBe(exactly(text));
      }),
      { numRuns: 20_000, seed: SEED },
    );
  });

  test("on mutilated documents the scanner finds a syntax fault exactly when JSON.parse does", () => {
    const pieces = [
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"',
      '"a"',
      "\\",
      "\\u00e9",
      "1",
      "-",
      "0",
      ".",
      "e",
      "E+",
      "true",
      "nul",
      " ",
      "\n",
      "\u0001",
      "ü",
      "x".repeat(60),
      `"${"x".repeat(60)}`,
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), (parts) => {
        const text = parts.join("");
        fc.pre(text !== "");
        const code = outcome(text).split(" ", 1)[0];
        expect(code === "not-json").toBe(exactly(text) === "not-json");
        if (code === "not-json") expect(findSyntaxFault(text).index).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 50_000, seed: SEED },
    );
  });

  test("what it accepts is what JSON.parse gives", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const parsed = parsePayload(Buffer.from(text), DEFAULT_LIMITS);
        fc.pre(parsed.ok);
        expect(parsed.payload).toEqual(JSON.parse(text));
      }),
      { numRuns: 2_000, seed: SEED },
    );
  });

  test("an integer of 64 bits is a bigint exactly where the double would be another integer", () => {
    const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.constantFrom("ü", 1, null),
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(fc.string({ unit: "binary", maxLength: 3 }), tie("value"), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    const asRead = (one: JsonValue): JsonValue => {
      if (typeof one === "bigint") return String(Number(one)) === String(one) ? Number(one) : one;
      if (one === null || typeof one !== "object") return one;
      if (Array.isArray(one)) return one.map(asRead);
      return Object.fromEntries(Object.entries(one).map(([name, part]) => [name, asRead(part)]));
    };
    fc.assert(
      fc.property(value, (wanted) => {
        const text = toJsonText(wanted);
        const parsed = parsePayload(Buffer.from(text), DEFAULT_LIMITS);
        fc.pre(parsed.ok);
        expect(parsed.payload).toEqual(asRead(wanted));
        const bytes = Buffer.from(text);
        for (const { path, byteOffset } of parsed.integers ?? []) {
          const found = stepsOf(path).reduce<unknown>((at, step) => (at as never)[step], parsed.payload);
          expect(bytes.toString("latin1", byteOffset ?? -1)).toMatch(new RegExp(`^${String(found)}(?![0-9])`));
        }
        const bigints = text.match(/(?<![0-9"])-?[0-9]{16,}/g)?.filter((one) => String(Number(one)) !== one) ?? [];
        expect(parsed.integers?.length ?? 0).toBe(bigints.length);
      }),
      { numRuns: 5_000, seed: SEED },
    );
  });
});
