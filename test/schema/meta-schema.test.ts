import fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../src/json/json.ts";
import { META_SCHEMA, metaSchema } from "../../src/schema/meta-schema.ts";
import { compileSchema } from "../../src/schema/schema.ts";
import { remoteSchemas, schemaGroups } from "../conformance.ts";

const OFFICIAL = compileSchema(
  { $ref: "https://json-schema.org/draft/2020-12/schema" },
  { references: remoteSchemas() },
);

/** What a keyword of an older draft is asked by the official one. */
const OLDER = ["dependencies", "$recursiveAnchor", "$recursiveRef", "$vocabulary"];

test("agrees with the official meta-schema on every schema of the suite", () => {
  const differ = [...schemaGroups(), ...schemaGroups("optional"), ...schemaGroups("optional/format")]
    .map(({ schema }) => schema as JsonValue)
    .filter((schema) => metaSchema().accepts(schema) !== OFFICIAL.accepts(schema));
  expect(differ).toEqual([]);
});

test("agrees with the official meta-schema on random values of every keyword, at any depth", () => {
  const keywords = Object.keys(META_SCHEMA["properties"] as JsonObject);
  const value = fc.oneof(
    fc.constantFrom<JsonValue>(null, true, 0, -1, 1, 1.5, "", "a", "#a", "string", "object", "https://example.org/a#b"),
    fc.constantFrom<JsonValue>([], ["a"], ["a", "a"], [1], [{}], {}, { a: {} }, { a: 1 }, { a: ["a"] }, { a: [1] }),
    fc.constantFrom<JsonValue>(["string", "null"], ["string", "string"], [true], { a: true }, { type: 3 }, [
      { type: [] },
    ]),
  );
  const schema = fc.letrec<{ schema: JsonObject }>((tie) => ({
    schema: fc.dictionary(fc.constantFrom(...keywords), fc.oneof({ weight: 4, arbitrary: value }, tie("schema")), {
      maxKeys: 2,
    }),
  })).schema;
  let refused = 0;
  fc.assert(
    fc.property(schema, (one) => {
      const verdict = metaSchema().accepts(one);
      if (!verdict) refused += 1;
      expect([one, verdict]).toEqual([one, OFFICIAL.accepts(one)]);
    }),
    { numRuns: 5_000, seed: 20_261_128 },
  );
  expect(refused).toBeGreaterThan(1_000);
  expect(OLDER.some((keyword) => keywords.includes(keyword))).toBe(false);
});
