import { registerSchema, unregisterSchema, validate } from "@hyperjump/json-schema/draft-2020-12";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../src/json/json.ts";
import { refuseSchema } from "../../src/schema/schema-lint.ts";
import { compileSchema } from "../../src/schema/schema.ts";

// A second, independent engine judges random payloads by random schemas; both must say the same.

const SEED = 20_261_123;
const SCHEMAS = Number(process.env["ORACLE"] ?? 2_000);
const PAYLOADS = 12;
const DIALECT = "https://json-schema.org/draft/2020-12/schema";

const name = fc.constantFrom("a", "b", "toString", "ü");
const scalar = fc.oneof(
  fc.constantFrom<JsonValue>(null, true, false, 0, 1, -1, 2, 1.5, 10, 0.3, 19.99, "", "a", "ab", "abc", "😀"),
  fc.integer({ min: -20, max: 20 }),
);
const payload = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(name, tie("value"), { maxKeys: 3 }),
  ),
})).value;

const schema = fc.letrec<{ schema: JsonObject | boolean }>((tie) => {
  const sub = tie("schema");
  const small = fc.nat(3);
  const keyword = fc.oneof(
    fc.constantFrom("null", "boolean", "number", "integer", "string", "array", "object").map((type) => ({ type })),
    fc.array(scalar, { minLength: 1, maxLength: 3 }).map((values) => ({ enum: [...new Set(values)] })),
    scalar.map((value) => ({ const: value })),
    small.map((minimum) => ({ minimum })),
    small.map((exclusiveMaximum) => ({ exclusiveMaximum })),
    // Decimals are tested against big integers: the second engine takes -13 for no multiple of 0.01.
    fc.constantFrom(1, 2, 0.5).map((multipleOf) => ({ multipleOf })),
    small.map((minLength) => ({ minLength })),
    small.map((maxLength) => ({ maxLength })),
    fc.constantFrom("^a", "b$", "^.$", "[ab]+", "^[^a]*$").map((pattern) => ({ pattern })),
    small.map((minItems) => ({ minItems })),
    small.map((maxItems) => ({ maxItems })),
    fc.constant({ uniqueItems: true }),
    sub.map((unevaluatedProperties) => ({ unevaluatedProperties })),
    sub.map((unevaluatedItems) => ({ unevaluatedItems })),
    payload.map((value) => ({ const: value })),
    fc.array(payload, { minLength: 1, maxLength: 3 }).map((values) => ({ enum: values })),
    sub.map((items) => ({ items })),
    fc.array(sub, { minLength: 1, maxLength: 2 }).chain((prefixItems) => sub.map((items) => ({ prefixItems, items }))),
    sub.map((contains) => ({ contains, maxContains: 2 })),
    fc.uniqueArray(name, { minLength: 1, maxLength: 2 }).map((required) => ({ required })),
    fc.dictionary(name, sub, { minKeys: 1, maxKeys: 2 }).map((properties) => ({ properties })),
    fc
      .tuple(fc.dictionary(name, sub, { maxKeys: 2 }), sub)
      .map(([properties, additionalProperties]) => ({ properties, additionalProperties })),
    sub.map((schemaOf) => ({ patternProperties: { "^[ab]$": schemaOf } })),
    fc.tuple(name, name).map(([key, needed]) => ({ dependentRequired: { [key]: [needed] } })),
    fc.tuple(name, sub).map(([key, dependent]) => ({ dependentSchemas: { [key]: dependent } })),
    small.map((maxProperties) => ({ maxProperties })),
    fc.constantFrom("^.{0,1}$", "^[a-z]+$").map((pattern) => ({ propertyNames: { pattern } })),
    fc.array(sub, { minLength: 1, maxLength: 2 }).map((allOf) => ({ allOf })),
    fc.array(sub, { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    fc.array(sub, { minLength: 1, maxLength: 3 }).map((oneOf) => ({ oneOf })),
    sub.map((not) => ({ not })),
    fc.tuple(sub, sub, sub).map(([condition, then, otherwise]) => ({ if: condition, then, else: otherwise })),
  );
  return {
    schema: fc.oneof(
      { maxDepth: 4 },
      fc.boolean(),
      fc
        .array(keyword as fc.Arbitrary<JsonObject>, { minLength: 1, maxLength: 3 })
        .map((parts) => Object.assign({}, ...parts) as JsonObject),
    ),
  };
}).schema;

test("agrees with a second engine on random schemas and payloads, and explains every refusal", async () => {
  let compared = 0;
  const differ: string[] = [];
  const schemas = fc.sample(schema, { numRuns: SCHEMAS, seed: SEED }).filter((one) => refuseSchema(one).length === 0);
  // As JSON.parse makes them: the generator's own objects have no prototype.
  const payloads = fc
    .sample(payload, { numRuns: SCHEMAS * PAYLOADS, seed: SEED })
    .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);
  for (const [index, one] of schemas.entries()) {
    const mine = compileSchema(one);
    const uri = `https://oracle.example/${index}`;
    registerSchema(one as Parameters<typeof registerSchema>[0], uri, DIALECT);
    const theirs = await validate(uri);
    for (const value of payloads.slice(index * PAYLOADS, (index + 1) * PAYLOADS)) {
      const verdict = mine.accepts(value);
      compared += 1;
      if (theirs(value as Parameters<typeof theirs>[0]).valid !== verdict)
        differ.push(`${JSON.stringify(one)} on ${JSON.stringify(value)}: ${verdict}`);
      if (!verdict && mine.explain(value).length === 0)
        differ.push(`${JSON.stringify(one)} on ${JSON.stringify(value)}: no explanation`);
    }
    unregisterSchema(uri);
  }
  expect(differ.slice(0, 10)).toEqual([]);
  expect(compared).toBeGreaterThan(15_000);
});
