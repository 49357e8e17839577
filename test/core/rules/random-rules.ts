import fc from "fast-check";
import type { JsonObject, JsonValue } from "../../../src/json/json.ts";

/** A random schema with what is needed to make payloads for it and rules about it. */
export type RandomContract = {
  readonly schema: JsonObject;
  /** Payloads that are meant to fit; the schema has the last word. */
  readonly payloads: fc.Arbitrary<JsonValue>;
  readonly rules: fc.Arbitrary<string>;
};

/** A part of a schema, and values for it. */
type Part = { readonly schema: JsonObject; readonly values: fc.Arbitrary<JsonValue> };

const EXTREMES = [0, -0, 1, -1, 0.1, 515.29, 4637.61, 1e308, -1e308, 5e-324, 2 ** 53, -(2 ** 53), 1e21, 0.3];
const numbers = fc.oneof(
  fc.constantFrom(...EXTREMES),
  fc.integer({ min: -5, max: 5 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const longs = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(2n ** 63n - 1n, -(2n ** 63n), 9_007_199_254_740_993n),
);
const texts = fc.oneof(
  fc.constantFrom("", "a", "b", "ab", "true", "1", "-0.10", "1e5", "😀", "toString", "2026-01-31"),
  fc.string({ maxLength: 4 }),
);
const instants = fc.constantFrom(
  "2026-01-31T00:00:00Z",
  "2024-02-29t23:59:59.999999999999+23:59",
  "1998-12-31T23:59:60Z",
  "0000-01-01T00:00:00-00:01",
  "9999-12-31T23:59:59.1-23:59",
);
const dates = fc.constantFrom("2026-01-31", "0000-01-01", "9999-12-31", "2024-02-29");
const decimals = fc.constantFrom("0", "-0", "0.00", "515.29", "-12.5", "99999999999999999999999999.99", "007");

const part = (schema: JsonObject, values: fc.Arbitrary<JsonValue>): Part => {
  return { schema, values };
};

const leaves: readonly Part[] = [
  part({ type: "boolean" }, fc.boolean()),
  part({ type: "number" }, numbers),
  part({ type: "number", exclusiveMinimum: 0 }, numbers),
  part({ type: "integer" }, numbers),
  part({ type: "integer", minimum: 1 }, fc.integer({ min: 1, max: 9 })),
  part({ type: "integer", format: "int64" }, longs),
  part({ type: "string" }, texts),
  part({ type: "string", maxLength: 3 }, texts),
  part({ type: "string", format: "date-time" }, instants),
  part({ type: "string", format: "date" }, dates),
  part({ type: "string", pattern: String.raw`^-?\d+(\.\d{1,2})?$` }, decimals),
  part({ enum: ["a", "b"] }, fc.constantFrom("a", "b")),
  part({ enum: [1, "a", null] }, fc.constantFrom(1, "a", null)),
  part({ const: 0 }, fc.constant(0)),
  part({ type: "null" }, fc.constant(null)),
  part({ type: ["number", "null"] }, fc.oneof(numbers, fc.constant(null))),
  part({ type: ["string", "null"], format: "date-time" }, fc.oneof(instants, fc.constant(null))),
  part({ anyOf: [{ type: "string" }, { type: "integer" }] }, fc.oneof(texts, numbers)),
  part({}, fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<JsonValue>),
];

/** Fields have few names, so that rules meet them. */
const NAMES = ["a", "b", "c", "d", "payload", "type"];

const parts: fc.Arbitrary<Part> = fc.letrec<{ part: Part }>((tie) => ({
  part: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 4, arbitrary: fc.constantFrom(...leaves) },
    {
      weight: 2,
      arbitrary: fc.tuple(tie("part"), fc.nat(2), fc.boolean()).map(([item, min, bounded]) => list(item, min, bounded)),
    },
    { weight: 1, arbitrary: fc.tuple(tie("part"), tie("part")).map(([one, other]) => tuple(one, other)) },
    { weight: 1, arbitrary: tie("part").map((value) => map(value)) },
    {
      weight: 2,
      arbitrary: fc
        .dictionary(fc.constantFrom(...NAMES), fc.tuple(tie("part"), fc.boolean()), { maxKeys: 3 })
        .map(object),
    },
    { weight: 1, arbitrary: fc.tuple(tie("part"), tie("part")).map(([one, other]) => choice(one, other)) },
    { weight: 1, arbitrary: fc.tuple(tie("part"), tie("part")).map(([one, other]) => condition(one, other)) },
    {
      weight: 1,
      arbitrary: tie("part").map((inner) => part({ allOf: [inner.schema, {}] }, inner.values)),
    },
  ),
})).part;

function list(item: Part, min: number, bounded: boolean): Part {
  const schema = { type: "array", items: item.schema, minItems: min, ...(bounded ? { maxItems: 4 } : {}) };
  return part(schema, fc.array(item.values, { minLength: min, maxLength: 4 }));
}

function tuple(one: Part, other: Part): Part {
  const schema = { type: "array", prefixItems: [one.schema], items: other.schema, minItems: 1 };
  return part(
    schema,
    fc.tuple(one.values, fc.array(other.values, { maxLength: 2 })).map(([a, b]) => [a, ...b]),
  );
}

function map(value: Part): Part {
  const schema = { type: "object", additionalProperties: value.schema };
  return part(schema, fc.dictionary(fc.constantFrom(...NAMES), value.values, { maxKeys: 3 }));
}

function object(fields: Readonly<Record<string, readonly [Part, boolean]>>): Part {
  const entries = Object.entries(fields);
  const schema: JsonObject = {
    type: "object",
    required: entries.filter(([, [, required]]) => required).map(([name]) => name),
    properties: Object.fromEntries(entries.map(([name, [field]]) => [name, field.schema])),
  };
  const values = fc.record(Object.fromEntries(entries.map(([name, [field]]) => [name, field.values])), {
    requiredKeys: entries.filter(([, [, required]]) => required).map(([name]) => name),
  });
  return part(schema, values);
}

function choice(one: Part, other: Part): Part {
  return part({ oneOf: [one.schema, other.schema] }, fc.oneof(one.values, other.values));
}

function condition(one: Part, other: Part): Part {
  const schema = { if: one.schema, then: true, else: other.schema };
  return part(schema, fc.oneof(one.values, other.values));
}

/** A random contract: some fields at the top, each in any of the forms above. */
export const randomContract: fc.Arbitrary<RandomContract> = fc
  .dictionary(fc.constantFrom(...NAMES), fc.tuple(parts, fc.boolean()), { minKeys: 2, maxKeys: 5 })
  .map((fields) => {
    const { schema, values } = object(fields);
    return { schema, payloads: values, rules: rulesAbout(fields) };
  });

type Fields = Readonly<Record<string, readonly [Part, boolean]>>;

/** Ways to a value: `a`, `payload.b`, `c.d`, `x` (the variable of a loop), with what they are taken for. */
function pathsOf(fields: Fields): fc.Arbitrary<string> {
  const tops = Object.keys(fields).filter((name) => name !== "payload");
  const roots = [...tops, ...Object.keys(fields).map((name) => `payload.${name}`), "x"];
  const root = fc.constantFrom(...roots);
  return fc.oneof(
    { weight: 6, arbitrary: root },
    { weight: 2, arbitrary: fc.tuple(root, fc.constantFrom(...NAMES)).map(([of, name]) => `${of}.${name}`) },
    { weight: 1, arbitrary: root.map((of) => `${of}[0]`) },
    { weight: 1, arbitrary: root.map((of) => `${of}[x]`) },
  );
}

const LITERALS = [
  "0",
  "1",
  "2.5",
  "100.0",
  '"a"',
  '"-1.50"',
  "true",
  "null",
  "[1, 2]",
  '["a", "b"]',
  "[]",
  '{"a": 1}',
  '"2026-01-31"',
];

/** Rules by a grammar that knows kinds only loosely: most are refused, and what is not must never fail. */
function rulesAbout(fields: Fields): fc.Arbitrary<string> {
  const path = pathsOf(fields);
  const tie = fc.letrec<{ value: string; rule: string }>((again) => ({
    value: fc.oneof(
      { depthSize: "small" },
      { weight: 8, arbitrary: path },
      { weight: 3, arbitrary: fc.constantFrom(...LITERALS) },
      {
        weight: 2,
        arbitrary: fc
          .tuple(again("value"), fc.constantFrom("+", "-", "*", "/", "%"), again("value"))
          .map(([a, op, b]) => `(${a} ${op} ${b})`),
      },
      {
        weight: 3,
        arbitrary: fc.tuple(fc.constantFrom(...FUNCTIONS), again("value")).map(([name, a]) => name.replaceAll("_", a)),
      },
      {
        weight: 2,
        arbitrary: fc
          .tuple(again("value"), fc.constantFrom("map", "filter", "count"), again("rule"), again("value"))
          .map(([of, name, rule, value]) => `${of}.${name}(x, ${name === "map" ? value : rule})`),
      },
      {
        weight: 1,
        arbitrary: fc.tuple(again("rule"), again("value"), again("value")).map(([c, a, b]) => `(${c} ? ${a} : ${b})`),
      },
    ),
    rule: fc.oneof(
      { depthSize: "small" },
      {
        weight: 4,
        arbitrary: fc
          .tuple(again("value"), fc.constantFrom("<", "<=", ">", ">=", "==", "!=", "in"), again("value"))
          .map(([a, op, b]) => `(${a} ${op} ${b})`),
      },
      { weight: 2, arbitrary: path.map((a) => `has(${a})`) },
      { weight: 10, arbitrary: guarded(path) },
      { weight: 4, arbitrary: fc.tuple(path, again("rule")).map(([a, rule]) => `(!has(${a}) || ${rule})`) },
      {
        weight: 4,
        arbitrary: fc
          .tuple(path, fc.constantFrom(...GUARDS), again("rule"))
          .map(([a, guard, rule]) => `(${guard.replaceAll("_", a)} && ${rule})`),
      },
      {
        weight: 2,
        arbitrary: fc
          .tuple(again("value"), fc.constantFrom("all", "exists", "exists_one"), again("rule"))
          .map(([of, name, rule]) => `${of}.${name}(x, ${rule})`),
      },
      {
        weight: 2,
        arbitrary: fc
          .tuple(again("rule"), fc.constantFrom("&&", "||"), again("rule"))
          .map(([a, op, b]) => `(${a} ${op} ${b})`),
      },
      { weight: 1, arbitrary: again("rule").map((rule) => `!${rule}`) },
      { weight: 1, arbitrary: path.map((a) => `${a}.matches("^a")`) },
    ),
  }));
  return tie.rule;
}

const FUNCTIONS = [
  "size(_)",
  "sum(_)",
  "min(_)",
  "max(_)",
  "count(_)",
  "_.distinct()",
  "_.isSorted()",
  "abs(_)",
  "-_",
  "round(_, 2)",
  "round(_ / _, 2)",
  "floor(_)",
  "int(_)",
  "decimal(_)",
  "string(_)",
  "timestamp(_)",
  "date(_)",
  "timestamp(_).getFullYear()",
  "date(_).getDayOfYear()",
  "days(_)",
  "(timestamp(_) - timestamp(_)).getHours()",
  "_.lowerAscii()",
  "_.substring(1)",
  "_.substring(1, _)",
  '_.indexOf("a")',
  '_.split("a")',
  '_.join("-")',
  "_.trim()",
  "[_, _]",
  '{"a": _}',
];

const GUARDS = [
  "_ != null",
  "_ >= 0",
  "_ < 0",
  "_ <= 0",
  "_ == 0",
  "size(_) == 0",
  "size(_) < 2",
  "_ == []",
  "_ != []",
  "_ in [1, 2]",
  '"a" in _',
  "type(_) != string",
  "_ == null",
  "_ != 0",
  "_ > 0",
  "_ > -1",
  "_ >= -1",
  "size(_) > 0",
  "size(_) >= 1",
  "type(_) == double",
  "type(_) == int",
  "type(_) == string",
  "type(_) == list",
  "type(_) == map",
  "isDecimal(_)",
  '_ == "a"',
  "has(_) && _ != null",
];

/** What may go wrong with one path, under conditions about the same path: right ones, and ones that only look right. */
function guarded(path: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const guard = fc.constantFrom(...GUARDS, "has(_)");
  return fc
    .tuple(path, fc.constantFrom(...FORMS), guard, guard, fc.constantFrom(...USES), fc.boolean())
    .map(([of, form, one, other, use, isThere]) => {
      const rule = form.replaceAll("G", one).replaceAll("H", other).replaceAll("U", use).replaceAll("_", of);
      return isThere ? `(!has(${of}) || ${rule})` : rule;
    });
}

const FORMS = [
  "(G && U)",
  "(!(G) || U)",
  "(G || U)",
  "(G ? U : true)",
  "(G ? true : U)",
  "(!(G && H) || U)",
  "(!(G || H) || U)",
  "((G || H) && U)",
  "(!(!(G) || !(H)) && U)",
  "((G && H) || U)",
  "(G && H ? U : false)",
  "U",
];

const USES = [
  "100 % _ == 0",
  "round(1 / _, 2) < 5",
  "_[0] == 1",
  "_[0] != null",
  "_[1] == _[0]",
  "min(_) == 1",
  "min(_.map(x, x)) == max(_.map(x, x))",
  "min(_.filter(x, x != null)) == 1",
  "min(_.map(x, x == 1, 1)) == 1",
  "decimal(_) > 1",
  "int(_) % 2 == 0",
  "timestamp(_) > timestamp(0)",
  'date(_) > date("2000-01-01")',
  "_ > 1",
  "_.a == 1",
  "_.all(x, _[x] == 1)",
  '_.exists(x, _[x] != null && x in _ && _[x] == "a")',
  '_.startsWith("a")',
  '{"a": 1, "b": 2}[_] == 1',
  "sum(_.map(x, 1 / 4.0)) == 1",
  "sum(_.filter(x, x != null)) == 1",
  "_.filter(x, has(x.a)).all(x, x.a == 1)",
  "_.filter(x, has(x.a) && x.a > 0).all(x, 100 % x.a == 0)",
  "_.filter(x, type(x) == string).join() == _.filter(x, x != 0).map(x, string(x)).join()",
];
