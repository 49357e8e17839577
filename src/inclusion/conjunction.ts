import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import {
  assertionsOf,
  childOf,
  isList,
  madeFor,
  nodesInList,
  nodeUnder,
  own,
  referredBy,
  type SchemaNode,
  textsOf,
} from "./schema-node.ts";
import { spend } from "./effort.ts";
import { isNumeric, JSON_TYPES } from "./evaluate.ts";
import { keyOf } from "./schema-key.ts";

/** A schema that must accept the value, or must not. */
export type Literal = { readonly node: SchemaNode; readonly positive: boolean };

/** One of several sets of literals must hold. The sets are made when they are asked for: most choices never are. */
export type Choice = {
  readonly key: string;
  readonly count: number;
  readonly alternative: (index: number) => readonly Literal[];
};

function choiceOf(key: string, alternatives: readonly (readonly Literal[])[]): Choice {
  return { key, count: alternatives.length, alternative: (index) => alternatives[index] ?? [] };
}

/** What all must hold of a value, taken apart as far as that is exact. */
export type Conjunction = {
  /** A literal can hold of no value. */
  readonly impossible: boolean;
  /** Every positive literal met on the way, composites too: to recognise a schema that is asked for. */
  readonly known: ReadonlySet<string>;
  /** Object schemas that must accept; their `allOf` and `$ref` are taken apart already. */
  readonly positives: readonly SchemaNode[];
  /** Schemas that must not accept and could not be turned into positives. */
  readonly negatives: readonly SchemaNode[];
  /** Disjunctions not yet decided. */
  readonly choices: readonly Choice[];
};

export function must(node: SchemaNode): Literal {
  return { node, positive: true };
}

export function mustNot(node: SchemaNode): Literal {
  return { node, positive: false };
}

/** Steps for each literal that is taken apart. */
const LITERAL_COST = 4;
/** And for each disjunction among them. */
const CHOICE_COST = 2;

/** Keywords that mean something only together. */
const UNITS: readonly (readonly string[])[] = [
  ["if", "then", "else"],
  ["contains", "minContains", "maxContains"],
  ["prefixItems", "items"],
];

/**
 * Takes a conjunction apart: `allOf` and `$ref` into their parts, negations inwards. Everything here is an equivalence,
 * except that a part which cannot be taken apart further stays as it is.
 * @param settled keys of the choices that were made: they are not offered again.
 */
export function takeApart(literals: readonly Literal[], settled: ReadonlySet<string>): Conjunction {
  const run: Run = {
    impossible: false,
    known: new Set(),
    refused: new Set(),
    positives: [],
    negatives: [],
    choices: [],
  };
  const open = [...literals];
  for (const { node, positive } of open) {
    if (positive) addPositive(node, open, run);
    else addNegative(node, open, run);
    if (run.impossible) break;
  }
  const effort = open[0]?.node.document.shared.effort;
  if (effort !== undefined) spend(effort, open.length * LITERAL_COST + run.choices.length * CHOICE_COST);
  const { known, refused, positives, negatives } = run;
  const contradiction = [...refused].some((key) => known.has(key));
  const choices = run.choices.filter(({ key }) => !settled.has(key));
  return { impossible: run.impossible || contradiction, known, positives, negatives, choices };
}

type Run = {
  impossible: boolean;
  readonly known: Set<string>;
  readonly refused: Set<string>;
  readonly positives: SchemaNode[];
  readonly negatives: SchemaNode[];
  readonly choices: Choice[];
};

function addPositive(node: SchemaNode, open: Literal[], run: Run): void {
  const { schema } = node;
  if (typeof schema === "boolean") {
    if (!schema) run.impossible = true;
    return;
  }
  const key = keyOf(node);
  if (run.known.has(key)) return;
  run.known.add(key);
  const target = referredBy(node);
  if (target !== null) open.push(must(target));
  open.push(...nodesInList(node, "allOf").map(must));
  const not = nodeUnder(node, "not");
  if (not !== null) open.push(mustNot(not));
  run.positives.push(node);
  run.choices.push(...choicesIn(node, schema, key));
}

/** The disjunctions of one schema object. Each alternative keeps what the others exclude. */
function choicesIn(node: SchemaNode, schema: JsonObject, key: string): readonly Choice[] {
  const choices: Choice[] = [];
  const offer = (keyword: string, alternatives: readonly (readonly Literal[])[]): void => {
    choices.push(choiceOf(`${key} ${keyword}`, alternatives));
  };
  const condition = nodeUnder(node, "if");
  if (condition !== null) {
    const side = (keyword: string): readonly Literal[] =>
      [nodeUnder(node, keyword)].filter((one) => one !== null).map(must);
    offer("if", [
      [must(condition), ...side("then")],
      [mustNot(condition), ...side("else")],
    ]);
  }
  if (schema["anyOf"] !== undefined)
    offer(
      "anyOf",
      nodesInList(node, "anyOf").map((part) => [must(part)]),
    );
  if (schema["oneOf"] !== undefined) {
    const parts = nodesInList(node, "oneOf");
    const alternative = (index: number): readonly Literal[] =>
      parts.map((part, at) => (at === index ? must(part) : mustNot(part)));
    choices.push({ key: `${key} oneOf`, count: parts.length, alternative });
  }
  const dependent = schema["dependentSchemas"];
  for (const [name, part] of isObject(dependent) ? Object.entries(dependent) : []) {
    choices.push({
      key: `${key} dependentSchemas ${name}`,
      count: 2,
      alternative: (index) =>
        index === 1
          ? [must(lacking(node, name))]
          : [must(having(node, [name])), must(childOf(node, part, "dependentSchemas", name))],
    });
  }
  const needed = schema["dependentRequired"];
  for (const [name, others] of isObject(needed) ? Object.entries(needed) : []) {
    choices.push({
      key: `${key} dependentRequired ${name}`,
      count: 2,
      alternative: (index) =>
        index === 1 ? [must(lacking(node, name))] : [must(having(node, [name, ...textsOf(others)]))],
    });
  }
  return choices;
}

/** Asserts nothing of a value that is no object. */
export function having(node: SchemaNode, names: readonly string[]): SchemaNode {
  return madeFor(node, { required: names });
}

/** Asserts nothing of a value that is no object. */
export function lacking(node: SchemaNode, name: string): SchemaNode {
  return madeFor(node, { properties: { [name]: false } });
}

function addNegative(node: SchemaNode, open: Literal[], run: Run): void {
  const { schema } = node;
  if (typeof schema === "boolean") {
    if (schema) run.impossible = true;
    return;
  }
  const key = keyOf(node);
  if (run.refused.has(key)) return;
  run.refused.add(key);
  const units = unitsOf(schema);
  if (units.length === 0) {
    run.impossible = true;
    return;
  }
  if (units.length === 1) {
    negateUnit(node, schema, open, run);
    return;
  }
  const alternative = (index: number): readonly Literal[] => [mustNot(madeFor(node, units[index] ?? false))];
  run.choices.push({ key: `not ${key}`, count: units.length, alternative });
}

const unitsBySchema = new WeakMap<JsonObject, readonly JsonObject[]>();

/** The schema as a list of schemas of one assertion each; `properties` and what depends on it stay together. */
function unitsOf(schema: JsonObject): readonly JsonObject[] {
  let units = unitsBySchema.get(schema);
  if (units === undefined) {
    units = splitUnits(schema);
    unitsBySchema.set(schema, units);
  }
  return units;
}

function splitUnits(schema: JsonObject): readonly JsonObject[] {
  const left = new Set(assertionsOf(schema));
  const pick = (keywords: readonly string[]): JsonObject => {
    const members = keywords.filter((keyword) => left.delete(keyword));
    return Object.fromEntries(members.map((keyword) => [keyword, schema[keyword] as JsonValue]));
  };
  const units: JsonObject[] = [];
  if (left.has("additionalProperties")) units.push(pick(["properties", "patternProperties", "additionalProperties"]));
  for (const unit of UNITS) if (unit.some((keyword) => left.has(keyword))) units.push(pick(unit));
  for (const keyword of left) units.push(pick([keyword]));
  return units;
}

/** Bounds of numbers, with the keyword of the opposite. */
const OPPOSITE_BOUND: Readonly<Record<string, string>> = {
  minimum: "exclusiveMaximum",
  exclusiveMinimum: "maximum",
  maximum: "exclusiveMinimum",
  exclusiveMaximum: "minimum",
};

/** Keywords of one count, with what its opposite is. Each asserts nothing of values of another type. */
const OPPOSITE: Readonly<Record<string, (bound: number) => JsonObject>> = {
  minLength: (bound) => ({ type: "string", maxLength: Math.ceil(bound) - 1 }),
  maxLength: (bound) => ({ type: "string", minLength: Math.floor(bound) + 1 }),
  minItems: (bound) => ({ type: "array", maxItems: Math.ceil(bound) - 1 }),
  maxItems: (bound) => ({ type: "array", minItems: Math.floor(bound) + 1 }),
  minProperties: (bound) => ({ type: "object", maxProperties: Math.ceil(bound) - 1 }),
  maxProperties: (bound) => ({ type: "object", minProperties: Math.floor(bound) + 1 }),
};

function negateUnit(node: SchemaNode, schema: JsonObject, open: Literal[], run: Run): void {
  const [keyword = "", ...beside] = assertionsOf(schema);
  const value = own(schema, keyword);
  const opposite = OPPOSITE[keyword];
  const instead = (made: JsonObject): void => void open.push(must(madeFor(node, made)));
  const choose = (alternatives: readonly (readonly Literal[])[]): void => {
    run.choices.push(choiceOf(`not ${keyOf(node)}`, alternatives));
  };
  if (Object.hasOwn(schema, "if")) {
    const side = (name: string): Literal => mustNot(nodeUnder(node, name) ?? madeFor(node, true));
    const condition = nodeUnder(node, "if") ?? madeFor(node, true);
    return choose([
      [must(condition), side("then")],
      [mustNot(condition), side("else")],
    ]);
  }
  if (beside.length > 0) return void run.negatives.push(node);
  if (opposite !== undefined && typeof value === "number") return instead(opposite(value));
  const bound = OPPOSITE_BOUND[keyword];
  if (bound !== undefined && isNumeric(value)) return instead({ type: "number", [bound]: value });
  switch (keyword) {
    case "not":
      return void open.push(...[nodeUnder(node, "not")].filter((one) => one !== null).map(must));
    case "$ref": {
      const target = referredBy(node);
      if (target === null) run.negatives.push(node);
      else open.push(mustNot(target));
      return;
    }
    case "type": {
      const others = otherTypes(value);
      if (others === null) run.negatives.push(node);
      else instead({ type: others });
      return;
    }
    case "anyOf":
      return void open.push(...nodesInList(node, "anyOf").map(mustNot));
    case "allOf":
      return choose(nodesInList(node, "allOf").map((part) => [mustNot(part)]));
    case "required":
      return choose(
        textsOf(value).map((name) => [must(madeFor(node, { type: "object", properties: { [name]: false } }))]),
      );
    case "properties":
      return choose(
        Object.entries(isObject(value) ? value : {}).map(([name, part]) => [
          must(madeFor(node, { type: "object", required: [name], properties: { [name]: { not: part } } })),
        ]),
      );
    default:
      // An enumeration, a pattern, a oneOf and the rest stay as they are.
      run.negatives.push(node);
  }
}

/** Types that are none of these; null when `integer` stands alone, as its opposite is no list of types. */
function otherTypes(value: JsonValue | undefined): readonly string[] | null {
  const types = isList(value) ? value : [value ?? null];
  if (types.includes("integer") && !types.includes("number")) return null;
  return JSON_TYPES.filter((type) => !types.includes(type));
}
