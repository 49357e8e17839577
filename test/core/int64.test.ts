import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileContractSet } from "../../src/core/compile.ts";
import { type CompiledContractSet } from "../../src/core/compiled.ts";
import {
  DEFAULT_LIMITS,
  openContractSet,
  sealContractSet,
  versionDigest,
  type ContractSet,
} from "../../src/core/contract-set.ts";
import { decide, type Decision } from "../../src/core/decide.ts";
import { canonicalText } from "../../src/json/canonical.ts";
import { toJsonText } from "../../src/json/json-text.ts";
import type { JsonObject, JsonValue } from "../../src/json/json.ts";
import { contentDigest } from "../../src/gateway/decided.ts";

const INT64: JsonObject = { type: "integer", format: "int64" };

function contents(schema: JsonObject, identity: readonly string[] = ["/id"]): ContractSet {
  const content = { version: 1, schema, rules: [], identity };
  const version = { ...content, status: "active" as const, digest: versionDigest("event", content) };
  const contract = { subject: "event", collection: "events", versionField: null, versions: [version] };
  return {
    limits: DEFAULT_LIMITS,
    contracts: [contract],
    bindings: [{ topic: "events", subject: "event", defaultVersion: 1 }],
  };
}

function compiled(schema: JsonObject, identity?: readonly string[]): CompiledContractSet {
  return compileContractSet(sealContractSet(contents(schema, identity)));
}

const SCHEMA: JsonObject = {
  type: "object",
  required: ["id"],
  properties: { id: INT64, list: { type: "array", items: { anyOf: [{ type: "string" }, INT64] } }, n: true },
};
const SET = compiled(SCHEMA);

function judged(text: string | Uint8Array, set: CompiledContractSet = SET): Decision {
  return decide({ topic: "events", headers: [], value: Buffer.from(text) }, set);
}

function idOf(text: string): string {
  const decision = judged(text);
  if (decision.status === "FAILED") throw new Error(`refused: ${toJsonText(decision.reason)}`);
  return decision.id;
}

const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 55n, -(2n ** 55n), 0n),
);

describe("an integer of 64 bits where it is declared", () => {
  test("comes out as it came in, digit for digit, and is the number that names the fact", () => {
    fc.assert(
      fc.property(int64, int64, (id, other) => {
        const text = `{"id":${id},"list":["x",${other}]}`;
        const decision = judged(text);
        if (decision.status === "FAILED") throw new Error(toJsonText(decision.reason));
        expect([toJsonText(decision.payload), canonicalText(decision.payload)]).toEqual([text, text]);
        expect(decision.id === idOf(`{"id":${other}}`)).toBe(id === other);
        expect(decision.id).toBe(idOf(`{ "id" : ${id} }`));
      }),
      { numRuns: 3_000 },
    );
  });

  test("is a double wherever that keeps it, so that one number has one form", () => {
    fc.assert(
      fc.property(int64, (id) => {
        const decision = judged(`{"id":${id}}`);
        const { id: held } = (decision as unknown as { payload: { id: number | bigint } }).payload;
        expect(typeof held === "number").toBe(String(Number(id)) === String(id));
      }),
      { numRuns: 2_000 },
    );
    expect(idOf('{"id":1e3}')).toBe(idOf('{"id":1000}'));
    expect(idOf('{"id":9007199254740992.0}')).toBe(idOf('{"id":9007199254740992}'));
  });
});

describe("an integer that no double keeps, anywhere else", () => {
  test.each<[string, number, string]>([
    ['{"id":1,"n":9007199254740993}', 12, "/n"],
    ['{"id":9007199254740993,"n":9007199254740993}', 27, "/n"],
    ['{"n":{"ä~/":[0,9007199254740993]},"id":1}', 16, "/n/ä~0~1/1"],
    ['{"list":["x",[9007199254740993]],"id":1}', 14, "/list/1/0"],
    ["9007199254740993", 0, ""],
  ])("is lossy in %s", (text, byteOffset, pointer) => {
    expect(judged(text)).toMatchObject({
      status: "FAILED",
      reason: { kind: "malformed", code: "lossy-number", byteOffset, pointer },
      contract: { subject: "event", version: 1 },
    });
  });

  test("is placed in the record's own bytes, those before the payload included", () => {
    const ids = [{ id: "7", subject: "event", version: 1 }];
    const set = compileContractSet(sealContractSet({ ...contents(SCHEMA), schemaIds: ids }));
    const framed = Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), Buffer.from('{"id":1,"n":9007199254740993}')]);
    expect(judged(framed, set)).toMatchObject({ reason: { code: "lossy-number", byteOffset: 17, pointer: "/n" } });
  });

  test("has a pointer that is no longer than any other, however many there are below however long a name", () => {
    const [name, items] = ["k".repeat(400_000), Array.from({ length: 30_000 }, () => "9007199254740993").join()];
    expect(judged(`{"id":1,"${name}":{"a":[${items}]}}`)).toMatchObject({
      reason: { code: "lossy-number", pointer: "" },
    });
  });

  test("is the double whose exact value it is, when there is one", () => {
    fc.assert(
      fc.property(int64, (integer) => {
        const decision = judged(`{"id":1,"n":${integer}}`);
        const isExact = BigInt(Number(integer)) === integer || String(Number(integer)) === String(integer);
        expect(decision.status).toBe(isExact ? "PASSED" : "FAILED");
        if (decision.status === "PASSED") expect(decision.payload).toEqual({ id: 1, n: Number(integer) });
      }),
      { numRuns: 3_000 },
    );
    expect(judged('{"id":1,"n":[-9223372036854775808,36028797018963968]}')).toMatchObject({
      status: "PASSED",
      payload: { n: [-9_223_372_036_854_775_808, 36_028_797_018_963_968] },
    });
  });

  test("a payload judged by two versions is changed for neither", () => {
    const text = '{"id":36028797018963968,"n":36028797018963968}';
    const plain = compiled({ type: "object", properties: { id: true } });
    const [one, other, again] = [judged(text), judged(text, plain), judged(text)];
    expect([one, other, again].map((decision) => decision.status === "PASSED" && toJsonText(decision.payload))).toEqual(
      [
        '{"id":36028797018963968,"n":36028797018963970}',
        '{"id":36028797018963970,"n":36028797018963970}',
        '{"id":36028797018963968,"n":36028797018963970}',
      ],
    );
  });
});

describe("contentDigest()", () => {
  const numbers = SET.bySubject.get("event")?.versions.get(1)?.numbers ?? null;
  const same = (a: string, b: string): boolean => contentDigest(a, numbers) === contentDigest(b, numbers);

  test("tells integers of 64 bits apart by every digit, and only those", () => {
    fc.assert(
      fc.property(int64, int64, (one, other) => {
        expect(same(`{"id":${one},"n":1}`, ` { "n" : 1.0, "id" : ${other} } `)).toBe(one === other);
      }),
      { numRuns: 1_000 },
    );
    expect(same('{"id":36028797018963968}', '{"id":36028797018963970}')).toBe(false);
    expect(same('{"n":36028797018963968}', '{"n":36028797018963970}')).toBe(true);
    expect(same('{"n":36028797018963968}', '{"n":3.602879701896397e16}')).toBe(true);
  });
});

describe("a schema's own integers", () => {
  const bounded: JsonObject = {
    ...SCHEMA,
    maximum: 9_223_372_036_854_775_807n,
    "x-least": -9_223_372_036_854_775_808n,
  };

  test("are in the set's text as they were written, and come back so", () => {
    const sealed = sealContractSet(contents(bounded));
    expect(sealed.text).toContain('"maximum":9223372036854775807');
    expect(sealed.text).toContain('"x-least":-9223372036854775808');
    const opened = openContractSet(sealed.digest, sealed.text);
    expect(opened?.set.contracts[0]?.versions[0]?.schema).toEqual(bounded);
    expect(sealed.set.contracts[0]?.versions[0]?.schema).toEqual(bounded);
  });

  test("are part of the version's digest, to the last digit", () => {
    const digestOf = (maximum: JsonValue): string =>
      versionDigest("event", { version: 1, schema: { maximum }, rules: [], identity: [] });
    const digests = [2n ** 63n - 1n, 2n ** 63n - 2n, 2 ** 63].map(digestOf);
    expect(new Set(digests).size).toBe(3);
  });
});
