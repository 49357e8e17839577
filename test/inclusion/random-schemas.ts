import fc from "fast-check";
import type { JsonObject, JsonValue } from "../../src/json/json.ts";

/** Names, values and schemas small enough that random ones meet. */
const name = fc.constantFrom("a", "b", "c", "ü");
const number = fc.oneof(
  fc.integer({ min: -4, max: 12 }),
  fc.constantFrom<number>(0.5, 1.5, -0.5, 2.5, 0.1, 0.3, 1.1, 5e21, 5e-324, 9_007_199_254_740_992),
);
const text = fc.oneof(
  fc.constantFrom("", "a", "ab", "abc", "b", "ba", "A1", "😀", "aaaa", "toString"),
  fc.constantFrom("2024-02-29", "2023-02-29", "a:b", "/a", "1.2.3.4", "a@b"),
  fc.string({ maxLength: 4, unit: fc.constantFrom("a", "b", "c", "A", "1") }),
);
const scalar: fc.Arbitrary<JsonValue> = fc.oneof(fc.constantFrom<JsonValue>(null, true, false), number, text);

/** A payload that schemas of {@link randomSchema} may accept. */
export const randomPayload: fc.Arbitrary<JsonValue> = fc
  .letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(fc.oneof(name, fc.constantFrom("d", "toString")), tie("value"), {
        maxKeys: 3,
        noNullPrototype: true,
      }),
    ),
  }))
  .value.map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);

const anyValue: fc.Arbitrary<JsonValue> = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 2 }),
  fc.dictionary(fc.oneof(name, fc.constant("toString")), scalar, { maxKeys: 2, noNullPrototype: true }),
);

const PATTERNS = [
  "^a",
  "b$",
  "^.$",
  "[ab]+",
  "^[^a]*$",
  "^a{1,2}$",
  "^(a|b)c?$",
  "^[a-c]+$",
  "^\\w*$",
  "",
  "^(?!a)",
  "a|^b$",
];

const small = fc.nat(3);
const type = fc.constantFrom("null", "boolean", "number", "integer", "string", "array", "object");

function keywords(sub: fc.Arbitrary<JsonObject | boolean>): fc.Arbitrary<JsonObject> {
  const list = fc.array(sub, { minLength: 1, maxLength: 3 });
  return fc.oneof(
    type.map((one) => ({ type: one })),
    fc.uniqueArray(type, { minLength: 1, maxLength: 3 }).map((types) => ({ type: types })),
    fc.uniqueArray(scalar, { minLength: 1, maxLength: 4 }).map((values) => ({ enum: values })),
    scalar.map((value) => ({ const: value })),
    number.map((minimum) => ({ minimum })),
    number.map((maximum) => ({ maximum })),
    number.map((exclusiveMinimum) => ({ exclusiveMinimum })),
    number.map((exclusiveMaximum) => ({ exclusiveMaximum })),
    fc.constantFrom(1, 2, 3, 6, 0.5, 0.25, 0.1, 0.01, 10).map((multipleOf) => ({ multipleOf })),
    fc.constantFrom(1, 2, 3, 6, 0.5).map((multipleOf) => ({ type: "integer", minimum: -6, maximum: 9, multipleOf })),
    small.map((minLength) => ({ minLength })),
    small.map((maxLength) => ({ maxLength })),
    fc.constantFrom(...PATTERNS).map((pattern) => ({ pattern })),
    fc
      .tuple(fc.constantFrom(...PATTERNS), small)
      .map(([pattern, maxLength]) => ({ type: "string", pattern, maxLength })),
    fc.constantFrom("date", "hostname", "uri", "uri-reference", "iri", "ipv4", "email").map((format) => ({ format })),
    fc.tuple(fc.constantFrom("date", "uri", "ipv4"), small).map(([format, maxLength]) => ({ format, maxLength })),
    small.map((minItems) => ({ minItems })),
    small.map((maxItems) => ({ maxItems })),
    fc.constantFrom("string", "integer").map((one) => ({ maxItems: 5, uniqueItems: true, items: { type: one } })),
    fc.constant({ uniqueItems: true }),
    fc.array(anyValue, { minLength: 1, maxLength: 2 }).map((values) => ({ enum: values })),
    sub.map((unevaluatedProperties) => ({ unevaluatedProperties })),
    fc.constant({ type: "object", unevaluatedProperties: false }),
    fc
      .tuple(list, fc.dictionary(name, sub, { maxKeys: 2, noNullPrototype: true }))
      .map(([allOf, properties]) => ({ allOf, properties, unevaluatedProperties: false })),
    fc.tuple(list, sub).map(([anyOf, unevaluatedProperties]) => ({ anyOf, unevaluatedProperties })),
    sub.map((unevaluatedItems) => ({ unevaluatedItems })),
    fc.tuple(list, sub).map(([prefixItems, contains]) => ({ prefixItems, contains, unevaluatedItems: false })),
    sub.map((items) => ({ items })),
    sub.map((items) => ({ type: "array", items })),
    fc.tuple(list, sub).map(([prefixItems, items]) => ({ prefixItems, items })),
    fc.tuple(sub, small, small).map(([contains, minContains, maxContains]) => ({ contains, minContains, maxContains })),
    sub.map((contains) => ({ contains })),
    fc.uniqueArray(name, { minLength: 1, maxLength: 2 }).map((required) => ({ required })),
    fc.dictionary(name, sub, { minKeys: 1, maxKeys: 3, noNullPrototype: true }).map((properties) => ({ properties })),
    fc
      .tuple(fc.dictionary(name, sub, { maxKeys: 3, noNullPrototype: true }), sub)
      .map(([properties, additionalProperties]) => ({ type: "object", properties, additionalProperties })),
    fc
      .dictionary(name, sub, { minKeys: 1, maxKeys: 3, noNullPrototype: true })
      .map((properties) => ({ type: "object", properties, required: Object.keys(properties) })),
    fc
      .tuple(fc.constantFrom("^[ab]$", "^a", "b", "ü"), sub)
      .map(([one, schema]) => ({ patternProperties: { [one]: schema } })),
    fc.tuple(name, name).map(([key, needed]) => ({ dependentRequired: { [key]: [needed] } })),
    fc.tuple(name, sub).map(([key, schema]) => ({ dependentSchemas: { [key]: schema } })),
    small.map((maxProperties) => ({ maxProperties })),
    small.map((minProperties) => ({ minProperties })),
    fc.constantFrom("^.{0,1}$", "^[a-z]+$").map((pattern) => ({ propertyNames: { pattern } })),
    fc.uniqueArray(name, { minLength: 1, maxLength: 2 }).map((names) => ({ propertyNames: { enum: names } })),
    list.map((allOf) => ({ allOf })),
    list.map((anyOf) => ({ anyOf })),
    list.map((oneOf) => ({ oneOf })),
    sub.map((not) => ({ not })),
    fc.tuple(sub, sub, sub).map(([condition, then, otherwise]) => ({ if: condition, then, else: otherwise })),
    fc.constantFrom("#", "#/$defs/d").map(($ref) => ({ properties: { a: { $ref } } })),
    fc.constantFrom("#", "#/$defs/d").map(($ref) => ({ type: "array", items: { $ref } })),
    fc.constant({ $ref: "#/$defs/d" }),
  ) as fc.Arbitrary<JsonObject>;
}

const anySchema = fc.letrec<{ schema: JsonObject | boolean }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4 },
    { weight: 1, arbitrary: fc.boolean() },
    {
      weight: 9,
      arbitrary: fc
        .array(keywords(tie("schema")), { minLength: 1, maxLength: 3 })
        .map((parts) => Object.assign({}, ...parts) as JsonObject),
    },
  ),
})).schema;

/** One keyword with its value, for an edit. */
export const randomKeyword: fc.Arbitrary<JsonObject> = keywords(anySchema);

/** A schema with a definition `d` to refer to. Not every one passes the lint. */
export const randomSchema: fc.Arbitrary<JsonObject> = fc
  .tuple(fc.array(keywords(anySchema), { minLength: 1, maxLength: 4 }), anySchema)
  .map(([parts, d]) => JSON.parse(JSON.stringify({ ...Object.assign({}, ...parts), $defs: { d } })) as JsonObject);
