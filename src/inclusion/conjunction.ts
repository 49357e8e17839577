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

/** A schema that must accept the value (positive) or must not (negative). */
export type Literal = { readonly node: SchemaNode; readonly positive: boolean };

/** A disjunction: the literals of at least one alternative hold. Alternatives are made on demand, since most are never needed. */
export type Choice = {
  readonly key: string;
  readonly count: number;
  readonly alternative: (index: number) => readonly Literal[];
};

function choiceOf(key: string, alternatives: readonly (readonly Literal[])[]): Choice {
  return { key, count: alternatives.length, alternative: (index) => alternatives[index] ?? [] };
}

/** Everything that a list of literals requires of a value. Composite literals are split, as long as a split is an equivalence. */
export type Conjunction = {
  /** Some literal holds for no value. */
  readonly impossible: boolean;
  /** Keys of all positive literals that were met, composite ones too: a goal among them is proved at once. */
  readonly known: ReadonlySet<string>;
  /** Object schemas that must accept the value; the parts of their `allOf` and `$ref` are listed too. */
  readonly positives: readonly SchemaNode[];
  /** Schemas that must not accept the value and could not be turned into positive ones. */
  readonly negatives: readonly SchemaNode[];
  /** Disjunctions for which no alternative was chosen yet. */
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
/** Steps for each disjunction among them. */
const CHOICE_COST = 2;

/** Groups of keywords that have a meaning only together. */
const UNITS: readonly (readonly string[])[] = [
  ["if", "then", "else"],
  ["contains", "minContains", "maxContains"],
  ["prefixItems", "items"],
];

/**
 * Takes a conjunction apart: `allOf` and `$ref` into their parts, negations inwards. Each step is an equivalence; a part that
 * cannot be taken apart further stays as it is.
 * @param settled keys of the choices that were made, which are not listed again.
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

/** The disjunctions of one schema object. The alternatives of `if`, `oneOf` and the dependencies exclude each other. */
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

/** A schema that requires these properties of an object. It accepts every value that is not an object. */
export function having(node: SchemaNode, names: readonly string[]): SchemaNode {
  return madeFor(node, { required: names });
}

/** A schema that forbids this property of an object. It accepts every value that is not an object. */
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

/** Splits a schema into schemas of one assertion each. Keywords that depend on each other stay together. */
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

/** For each bound of numbers the keyword of its negation. */
const OPPOSITE_BOUND: Readonly<Record<string, string>> = {
  minimum: "exclusiveMaximum",
  exclusiveMinimum: "maximum",
  maximum: "exclusiveMinimum",
  exclusiveMaximum: "minimum",
};

/** For each keyword with a count the schema of its negation, which is limited to values of the keyword's type. */
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
      // `enum`, `pattern`, `oneOf` and others cannot be turned into positive schemas.
      run.negatives.push(node);
  }
}

/**
 * The types not in the list; null for `integer` without `number`, whose negation (any number with a fraction) is not a list of
 * types.
 */
function otherTypes(value: JsonValue | undefined): readonly string[] | null {
  const types = isList(value) ? value : [value ?? null];
  if (types.includes("integer") && !types.includes("number")) return null;
  return JSON_TYPES.filter((type) => !types.includes(type));
}
