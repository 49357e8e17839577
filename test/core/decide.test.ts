import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileContractSet } from "../../src/core/compile.ts";
import { DEFAULT_LIMITS, sealContractSet, versionDigest } from "../../src/core/contract-set.ts";
import { decide, ENGINE } from "../../src/core/decide.ts";
import { failureCode } from "../../src/core/failure.ts";
import { pinned, readVectors, recordOf, vectorContracts } from "./vectors.ts";

const { engine, rows } = readVectors();
const set = vectorContracts();

describe("decide()", () => {
  test("the vectors belong to this engine: a decision that changes raises ENGINE", () => {
    expect(engine).toBe(ENGINE);
  });

  test.each(rows)("$name", (vector) => {
    expect(pinned(decide(recordOf(vector), set))).toEqual(vector.decision);
  });

  test("every code a decision can give has a vector", () => {
    const codes = rows.flatMap(({ decision }) => (decision.status === "FAILED" ? [failureCode(decision.reason)] : []));
    expect([...new Set(codes)].toSorted()).toEqual([
      "contract-ambiguous",
      "contract-not-accepted",
      "contract-not-active",
      "contract-retired",
      "contract-undeclared",
      "contract-unknown",
      "malformed-duplicate-key",
      "malformed-empty",
      "malformed-forbidden-key",
      "malformed-lone-surrogate",
      "malformed-lossy-number",
      "malformed-not-cloudevent",
      "malformed-not-json",
      "malformed-not-utf8",
      "malformed-too-deep",
      "malformed-too-large",
      "rule",
      "schema",
    ]);
  });

  test("is total and gives the same answer twice, for any bytes and headers", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((text) => Buffer.from(text)),
    );
    const headers = fc.array(
      fc.tuple(fc.constantFrom("sigma-contract", "ce_dataschema", "x"), fc.uint8Array({ maxLength: 20 })),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(
        fc.option(bytes),
        headers,
        fc.constantFrom("shipments", "declared", "none"),
        (value, header, topic) => {
          const record = { topic, headers: header, value };
          expect(decide(record, set)).toEqual(decide(record, set));
        },
      ),
      { numRuns: 2_000, seed: 20_261_123 },
    );
  });

  test("the order in which a schema's keys were written changes no decision", () => {
    const properties = { b: { type: "integer" }, c: { type: "integer" }, a: { type: "integer" } };
    const reordered = { a: properties.a, b: properties.b, c: properties.c };
    const decisions = [properties, reordered].map((written) => {
      const content = { version: 1, schema: { type: "object", properties: written }, rules: [], identity: ["/a"] };
      const version = { ...content, status: "active" as const, digest: versionDigest("s", content) };
      const contract = { subject: "s", collection: "s", versionField: null, versions: [version] };
      const bindings = [{ topic: "t", subject: "s", defaultVersion: 1 }];
      const sealed = sealContractSet({ limits: DEFAULT_LIMITS, contracts: [contract], bindings });
      const value = Buffer.from('{"c":"x","b":"x","a":"x"}');
      return pinned(decide({ topic: "t", headers: [], value }, compileContractSet(sealed)));
    });
    expect(decisions[0]).toEqual(decisions[1]);
  });

  test("never changes the record it judges", () => {
    for (const vector of rows) {
      const record = recordOf(vector);
      const before = JSON.stringify(record);
      decide(record, set);
      expect(JSON.stringify(record)).toBe(before);
    }
  });

  test("no message quotes the payload", () => {
    const secret = "s3cr3t-canary";
    const told = rows.map(recordOf).flatMap(({ topic, headers, value }) => {
      if (value === null) return [];
      const text = Buffer.from(value)
        .toString("latin1")
        .replaceAll("Dublin", secret)
        .replaceAll("SHIP-TRUE-003", secret);
      const decision = decide({ topic, headers, value: Buffer.from(text, "latin1") }, set);
      // What was read goes into the document of the failure, and nowhere else.
      return decision.status === "FAILED" ? [JSON.stringify(pinned(decision))] : [];
    });
    expect(told.length).toBeGreaterThan(10);
    expect(told.filter((one) => one.includes(secret))).toEqual([]);
  });
});
