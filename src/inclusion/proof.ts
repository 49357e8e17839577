import { isObject, type JsonValue } from "../json/json.ts";
import { toJsonText } from "../json/json-text.ts";
import { noArrayIn, proveArrayKeyword } from "./array-inclusion.ts";
import { must, mustNot, takeApart, type Choice, type Conjunction, type Literal } from "./conjunction.ts";
import { isSpent, spend } from "./effort.ts";
import { accepts, JSON_TYPES, typeOfValue, type JsonType } from "./evaluate.ts";
import { gapAt, NOT_REACHED, type Gap, type Guard, type Question, type TypedQuestion } from "./gap.ts";
import { noObjectIn, proveObjectKeyword } from "./object-inclusion.ts";
import { proveNumberKeyword, proveStringKeyword, noStringIn } from "./scalar-inclusion.ts";
import { areIntegral, listedNumbers, noNumberIn, numberLimits } from "./number-limits.ts";
import { keyOf } from "./schema-key.ts";
import {
  assertionsOf,
  isList,
  madeFor,
  memberOf,
  nodesInList,
  nodeUnder,
  referredBy,
  type SchemaNode,
} from "./schema-node.ts";

/** Steps for each question. */
const QUESTION_COST = 8;
/** The most branches of a `oneOf` or `anyOf` for which every pair of branches is compared. */
const BRANCHES_MAX = 12;

/**
 * Proves that the goal accepts every payload that satisfies the literals. Returns what could not be proved; an empty list is a
 * proof. The proof is given up when the effort that the documents share is used up.
 *
 * The function is sound for linted schemas whose references all resolve and never lead back to the same value: an empty list is
 * then never wrong. It is incomplete: a gap does not prove the contrary.
 */
export function findGaps(literals: readonly Literal[], goal: SchemaNode): readonly Gap[] {
  if (literals.some(({ node }) => node.document.shared !== goal.document.shared)) {
    throw new Error("Cannot compare documents that were opened apart: equal keys would not mean equal schemas");
  }
  const none: Guard = { open: new Map(), border: 0 };
  const gaps = distinct(prove({ literals, settled: new Set(), goal, guard: none }));
  if (gaps.length === 0 || goal.document.shared.effort.left >= 0) return gaps;
  return [...gaps, gapAt(goal, "the proof was given up: it takes too many steps")];
}

function distinct(gaps: readonly Gap[]): readonly Gap[] {
  return [...new Map(gaps.map((gap) => [`${gap.pointer} ${gap.reason}`, gap])).values()];
}

/**
 * Tries cheap ways first: contradictions and goals that are among the known literals; then each type of value separately; then
 * the same for each alternative of a disjunction among the known literals.
 */
function prove(question: Question): readonly Gap[] {
  const { literals, settled, goal, guard } = question;
  if (!spend(goal.document.shared.effort, QUESTION_COST + literals.length)) return [gapAt(goal, NOT_REACHED)];
  if (goal.schema === true || (isObject(goal.schema) && assertionsOf(goal.schema).length === 0)) return [];
  const known = takeApart(literals, settled);
  if (known.impossible || (goal.schema !== false && known.known.has(keyOf(goal)))) return [];
  const key = questionKey(literals, goal);
  const { open, border } = guard;
  const place = open.get(key);
  if (place !== undefined && place < border) return [];
  if (place === undefined) open.set(key, open.size);
  const gaps = proveOpen(question, known);
  if (place === undefined) open.delete(key);
  return gaps;
}

function proveOpen(question: Question, known: Conjunction): readonly Gap[] {
  const { literals, settled } = question;
  const direct = typesOf(known).flatMap((type) => proveType(question, known, type));
  if (direct.length === 0) return [];
  const choice = smallest(known.choices);
  if (choice === null) return direct;
  for (let index = 0; index < choice.count; index += 1) {
    const narrowed = {
      ...question,
      literals: [...literals, ...choice.alternative(index)],
      settled: new Set([...settled, choice.key]),
    };
    const gaps = prove(narrowed);
    if (gaps.length > 0) return gaps;
  }
  return [];
}

function questionKey(literals: readonly Literal[], goal: SchemaNode): string {
  const keys = literals.map(({ node, positive }) => `${positive ? "" : "not "}${keyOf(node)}`);
  return `${[...new Set(keys)].toSorted().join(" and ")} in ${keyOf(goal)}`;
}

function smallest(choices: readonly Choice[]): Choice | null {
  return choices.toSorted((a, b) => a.count - b.count)[0] ?? null;
}

/** The types that values of a conjunction can have. */
export function typesOf({ positives }: Conjunction): readonly JsonType[] {
  return JSON_TYPES.filter((type) =>
    positives.every((node) => {
      const said = memberOf(node, "type");
      if (said === undefined) return true;
      const types = isList(said) ? said : [said];
      return types.includes(type) || (type === "number" && types.includes("integer"));
    }),
  );
}

function proveType(question: Question, known: Conjunction, type: JsonType): readonly Gap[] {
  const { literals, goal, guard, settled } = question;
  const { effort } = goal.document.shared;
  // The cost of copying the literals, one step for sixteen, and of looking for keywords in what is known, one for four.
  if (!spend(effort, (literals.length >> 4) + (known.positives.length >> 2))) return [gapAt(goal, NOT_REACHED)];
  const typed = must(madeFor(goal, { type }));
  const ask: TypedQuestion["ask"] = (asked, ...more) =>
    prove({ literals: [...literals, typed, ...more], settled, goal: asked, guard });
  const askPart: TypedQuestion["askPart"] = (of, asked) =>
    prove({ literals: of, settled: new Set(), goal: asked, guard: { open: guard.open, border: guard.open.size } });
  const asking: TypedQuestion = { ...question, known, type, ask, askPart };
  const listed = listedValues(known, type);
  if (listed !== null) {
    const left = listed.filter(
      (value) => !isSpent(effort) && literals.every(({ node, positive }) => accepts(node, value) === positive),
    );
    if (isSpent(effort)) return [gapAt(goal, NOT_REACHED)];
    if (left.every((value) => accepts(goal, value))) return [];
    const refused = left.filter((value) => !accepts(goal, value)).map((value) => shortText(value));
    return [gapAt(goal, `it refuses ${refused.slice(0, 3).join(", ")}`)];
  }
  const gaps = isObject(goal.schema) ? proveAssertions(asking) : [gapAt(goal, `it refuses every ${type}`)];
  return gaps.length === 0 || isEmpty(asking) ? [] : gaps;
}

function shortText(value: JsonValue): string {
  const text = toJsonText(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

/** Every value of the type that the literals may accept, when they can be listed; a superset. Null otherwise. */
function listedValues(known: Conjunction, type: JsonType): readonly JsonValue[] | null {
  const lists: JsonValue[][] = [];
  for (const node of known.positives) {
    const members = memberOf(node, "enum");
    if (isList(members)) lists.push([...members]);
    const only = memberOf(node, "const");
    if (only !== undefined) lists.push([only]);
  }
  const shortest = lists.toSorted((a, b) => a.length - b.length)[0];
  if (shortest !== undefined) return shortest.filter((value) => typeOfValue(value) === type);
  if (type === "null") return [null];
  if (type === "boolean") return [true, false];
  return type === "number" ? listedNumbers(numberLimits(known)) : null;
}

/** Proves that no value of this type satisfies the known literals. */
function isEmpty(question: TypedQuestion): boolean {
  const { known, literals, type, settled, guard, goal } = question;
  if (type === "number" && noNumberIn(numberLimits(known))) return true;
  if (type === "string" && noStringIn(known, goal.document.shared)) return true;
  if (type === "array" && noArrayIn(question)) return true;
  if (type === "object" && noObjectIn(question)) return true;
  // A negative schema that accepts every value which the other literals accept: then no value is left.
  return known.negatives.some((node) => {
    if (!spend(goal.document.shared.effort, 1 + (literals.length >> 3))) return false;
    const rest = literals.filter((literal) => literal.positive || keyOf(literal.node) !== keyOf(node));
    if (rest.length === literals.length) return false;
    const typed = must(madeFor(node, { type }));
    return prove({ literals: [...rest, typed], settled, goal: node, guard }).length === 0;
  });
}

const NUMBER: ReadonlySet<string> = new Set([
  "minimum",
  "exclusiveMinimum",
  "maximum",
  "exclusiveMaximum",
  "multipleOf",
  "format",
]);
const STRING: ReadonlySet<string> = new Set(["minLength", "maxLength", "pattern", "format"]);
const ARRAY: ReadonlySet<string> = new Set([
  "minItems",
  "maxItems",
  "uniqueItems",
  "contains",
  "items",
  "prefixItems",
  "unevaluatedItems",
]);
const OBJECT: ReadonlySet<string> = new Set([
  "minProperties",
  "maxProperties",
  "required",
  "dependentRequired",
  "dependentSchemas",
  "propertyNames",
  "properties",
  "patternProperties",
  "additionalProperties",
  "unevaluatedProperties",
]);
/** Keywords that are proved together with another keyword. */
const WITH_ANOTHER: Readonly<Record<string, string>> = {
  then: "if",
  else: "if",
  minContains: "contains",
  maxContains: "contains",
  items: "prefixItems",
  patternProperties: "properties",
  additionalProperties: "properties",
};

function proveAssertions(question: TypedQuestion): readonly Gap[] {
  if (!isObject(question.goal.schema)) return [];
  const keywords = assertionsOf(question.goal.schema);
  const leading = new Set(keywords.map((keyword) => WITH_ANOTHER[keyword] ?? keyword));
  return [...leading].flatMap((keyword) => proveKeyword(question, keyword));
}

function proveKeyword(question: TypedQuestion, keyword: string): readonly Gap[] {
  const { goal, type, known, ask } = question;
  if (NUMBER.has(keyword) && type === "number") return proveNumberKeyword(question, keyword);
  if (STRING.has(keyword) && type === "string") return proveStringKeyword(question, keyword);
  if (NUMBER.has(keyword) || STRING.has(keyword)) return [];
  if (ARRAY.has(keyword)) return type === "array" ? proveArrayKeyword(question, keyword) : [];
  if (OBJECT.has(keyword)) return type === "object" ? proveObjectKeyword(question, keyword) : [];
  switch (keyword) {
    case "type": {
      const said = memberOf(goal, "type");
      const types = isList(said) ? said : [said ?? null];
      if (types.includes(type)) return [];
      if (type === "number" && types.includes("integer") && areIntegral(numberLimits(known))) return [];
      return [
        gapAt(
          goal,
          `the value may be ${type === "number" && types.includes("integer") ? "a fraction" : `of type ${type}`}`,
          "type",
        ),
      ];
    }
    case "enum":
    case "const":
      return [gapAt(goal, `a value of type ${type} may be another one`, keyword)];
    case "$ref": {
      const target = referredBy(goal);
      return target === null ? [gapAt(goal, "the reference cannot be followed", "$ref")] : ask(target);
    }
    case "allOf":
      return nodesInList(goal, "allOf").flatMap((part) => ask(part));
    case "anyOf":
      return proveSome(question, "anyOf");
    case "oneOf":
      return proveOne(question);
    case "not":
      return proveNone(question);
    case "if":
      return proveCondition(question);
    default:
      return [gapAt(goal, "the keyword is not decided", keyword)];
  }
}

/** Proves that one branch accepts every value, or that the last branch accepts every value that the others refuse. */
function proveSome({ goal, ask }: TypedQuestion, keyword: "anyOf" | "oneOf"): readonly Gap[] {
  const parts = nodesInList(goal, keyword);
  if (parts.some((part) => ask(part).length === 0)) return [];
  const last = parts.at(-1);
  if (parts.length > BRANCHES_MAX || last === undefined) return [gapAt(goal, "no branch accepts everything", keyword)];
  const left = ask(last, ...parts.slice(0, -1).map(mustNot));
  return left.length === 0 ? [] : [gapAt(goal, "no branch may accept", keyword)];
}

/** Proves that some branch accepts each value and that no two branches accept the same value. */
function proveOne(question: TypedQuestion): readonly Gap[] {
  const { goal, ask } = question;
  const parts = nodesInList(goal, "oneOf");
  const some = proveSome(question, "oneOf");
  if (some.length > 0 || parts.length > BRANCHES_MAX)
    return [...some, gapAt(goal, "not shown to be exactly one", "oneOf")];
  for (const [index, part] of parts.entries()) {
    for (const other of parts.slice(index + 1)) {
      if (ask(madeFor(goal, false), must(part), must(other)).length > 0)
        return [gapAt(goal, "two branches may accept the same value", "oneOf")];
    }
  }
  return [];
}

function proveNone({ goal, ask }: TypedQuestion): readonly Gap[] {
  const refused = nodeUnder(goal, "not");
  if (refused === null || ask(madeFor(goal, false), must(refused)).length === 0) return [];
  return [gapAt(goal, "what it refuses may occur", "not")];
}

function proveCondition({ goal, ask }: TypedQuestion): readonly Gap[] {
  const condition = nodeUnder(goal, "if");
  if (condition === null) return [];
  const then = nodeUnder(goal, "then");
  const otherwise = nodeUnder(goal, "else");
  return [
    ...(then === null ? [] : ask(then, must(condition))),
    ...(otherwise === null ? [] : ask(otherwise, mustNot(condition))),
  ];
}
