import { arrayLimits } from "../array-inclusion.ts";
import { must, takeApart } from "../conjunction.ts";
import { accepts } from "../evaluate.ts";
import { compareBounds, noNumberIn, numberLimits } from "../number-limits.ts";
import type { Numeric } from "../multiples.ts";
import { keyOf } from "../schema-key.ts";
import {
  assertionsOf,
  isList,
  madeFor,
  memberOf,
  nodesInList,
  nodeUnder,
  numberUnder,
  numericUnder,
  pointerTo,
  type SchemaNode,
} from "../schema-node.ts";
import { isObject, type JsonObject } from "../../json/json.ts";
import { missingProperties } from "./missing-properties.ts";
import { acceptsEverything, isFalseByHand, quoted, type Never } from "./never.ts";

/** Finds contradictions among the keywords of one schema object. Each finding points to the keyword that should be changed. */
export function neverByItself(node: SchemaNode): readonly Never[] {
  if (!isObject(node.schema)) return [];
  return [
    ...crossedCounts(node),
    ...crossedNumbers(node),
    ...tooFewItems(node),
    ...deadValues(node),
    ...missingProperties(node),
    ...equalBranches(node),
    ...refusedEverything(node),
    ...misplacedClosing(node),
    ...quotedPattern(node),
  ];
}

const COUNTS: readonly (readonly [least: string, most: string, what: string])[] = [
  ["minLength", "maxLength", "text"],
  ["minItems", "maxItems", "list"],
  ["minProperties", "maxProperties", "object"],
  ["minContains", "maxContains", "list"],
];

function crossedCounts(node: SchemaNode): readonly Never[] {
  return COUNTS.flatMap(([low, high, what]) => {
    const [least, most] = [numberUnder(node, low), numberUnder(node, high)];
    return least === null || most === null || least <= most ? [] : [crossed(node, [low, least], [high, most], what)];
  });
}

type Bound = readonly [keyword: string, value: Numeric];

function crossed(node: SchemaNode, [low, least]: Bound, [high, most]: Bound, what: string): Never {
  const between = least === most ? "leave nothing between them" : "cross";
  const message = `No ${what} can pass: ${low} ${least} and ${high} ${most} ${between}`;
  return nothing(node, [high], message, `Set ${high} to ${least} or more, or lower ${low}`);
}

const NUMERIC = ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"];

function crossedNumbers(node: SchemaNode): readonly Never[] {
  const schema = node.schema as JsonObject;
  const said = NUMERIC.filter((keyword) => numericUnder(node, keyword) !== null);
  if (said.length === 0) return [];
  const types = memberOf(node, "type");
  const numbers = madeFor(node, {
    ...Object.fromEntries(said.map((keyword) => [keyword, schema[keyword] ?? null])),
    ...(types === undefined ? {} : { type: types }),
  });
  const facts = numberLimits(takeApart([must(numbers)], new Set()));
  if (!noNumberIn(facts)) return [];
  const pick = (...keywords: readonly string[]): readonly Bound[] =>
    keywords.flatMap((keyword): readonly Bound[] => {
      const value = numericUnder(node, keyword);
      return value === null ? [] : [[keyword, value]];
    });
  const [low] = pick("minimum", "exclusiveMinimum").toSorted((a, b) => compareBounds(b[1], a[1]));
  const [high] = pick("maximum", "exclusiveMaximum").toSorted((a, b) => compareBounds(a[1], b[1]));
  if (low === undefined || high === undefined) return [];
  const order = compareBounds(low[1], high[1]);
  if (order > 0 || (order === 0 && [low, high].some(([keyword]) => keyword.startsWith("exclusive"))))
    return [crossed(node, low, high, "number")];
  const divisor = numericUnder(node, "multipleOf");
  const what = divisor === null ? "whole number" : `multiple of ${divisor}`;
  const message = `No number can pass: there is no ${what} between ${low[0]} ${low[1]} and ${high[0]} ${high[1]}`;
  return [nothing(node, [high[0]], message, "Widen the bounds, or drop one of them")];
}

function tooFewItems(node: SchemaNode): readonly Never[] {
  const least = numberUnder(node, "minItems");
  const most = arrayLimits(takeApart([must(madeFor(node, only(node, "prefixItems", "items")))], new Set())).most;
  if (least === null || least <= most) return [];
  const message = `No list can pass: minItems asks for ${least} items, and items: false allows ${most}`;
  return [nothing(node, ["minItems"], message, "Lower minItems, or describe the further items under prefixItems")];
}

function only(node: SchemaNode, ...keywords: readonly string[]): JsonObject {
  const kept = keywords.map((keyword) => [keyword, memberOf(node, keyword)] as const);
  return Object.fromEntries(kept.flatMap(([keyword, value]) => (value === undefined ? [] : [[keyword, value]])));
}

/** Finds values of `enum` and `const` that another keyword of the same schema object refuses. */
function deadValues(node: SchemaNode): readonly Never[] {
  const members = memberOf(node, "enum");
  const constant = memberOf(node, "const");
  const beside = (value: Parameters<typeof accepts>[1], listed: string): string => {
    const schema = node.schema as JsonObject;
    const refusing = assertionsOf(schema).filter(
      (keyword) => keyword !== listed && !accepts(madeFor(node, { [keyword]: schema[keyword] ?? null }), value),
    );
    return refusing.length === 0 ? "what stands beside it" : refusing.join(" and ");
  };
  if (constant !== undefined && !accepts(node, constant)) {
    const message = `Nothing can pass: const ${quoted(constant)} is refused by ${beside(constant, "const")} beside it`;
    return [nothing(node, ["const"], message, "Correct the constant, or what refuses it")];
  }
  if (!isList(members) || members.length === 0) return [];
  const dead = members.flatMap((value, index) => (accepts(node, value) ? [] : [{ value, index }]));
  const [first] = dead;
  if (first === undefined) return [];
  const why = beside(first.value, "enum");
  if (dead.length === members.length) {
    const message = `Nothing can pass: every value of enum is refused by ${why} beside it, as ${quoted(first.value)} is`;
    return [nothing(node, ["enum"], message, "Correct the values, or what refuses them")];
  }
  return dead.map(({ value, index }) => {
    const message = `${quoted(value)} can never match: ${beside(value, "enum")} beside enum refuses it`;
    return part(node, ["enum", index], message, "Remove the value, or correct what refuses it");
  });
}

/** Finds equal branches of a oneOf: they accept the same values, so neither of them is ever the only match. */
function equalBranches(node: SchemaNode): readonly Never[] {
  const first = new Map<string, number>();
  const branches = nodesInList(node, "oneOf");
  const [one, ...others] = branches.map(keyOf);
  if (others.length > 0 && others.every((key) => key === one)) {
    const message = "Nothing can pass: all branches of oneOf say the same, so that never exactly one of them matches";
    return [nothing(node, ["oneOf", 1], message, "Keep one of them, tell them apart, or use anyOf")];
  }
  return branches.flatMap((branch, index) => {
    const key = keyOf(branch);
    const same = first.get(key);
    if (same === undefined) first.set(key, index);
    if (same === undefined || isFalseByHand(branch)) return [];
    const message = `The branch can never be the only one that matches: it says the same as branch ${same} of oneOf`;
    return [part(node, ["oneOf", index], message, "Remove it, tell the two apart, or use anyOf")];
  });
}

/** Finds `additionalProperties: false` written inside `properties`, where it is a property of that name and closes nothing. */
function misplacedClosing(node: SchemaNode): readonly Never[] {
  const properties = memberOf(node, "properties");
  if (!isObject(properties)) return [];
  return ["additionalProperties", "unevaluatedProperties"].flatMap((name) => {
    if (properties[name] !== false) return [];
    const message = `It closes nothing: under properties, ${name} is the name of a property that must not be there`;
    return [part(node, ["properties", name], message, `Move it beside properties, or remove it`)];
  });
}

/**
 * Finds patterns in slashes, as `/^a$/`. The slashes are characters of the pattern, and no character can come before the start
 * of a text or after its end.
 */
function quotedPattern(node: SchemaNode): readonly Never[] {
  const pattern = memberOf(node, "pattern");
  if (typeof pattern !== "string" || pattern.includes("|") || !/^\/\^|[^\\]\$\/[a-z]*$/.test(pattern)) return [];
  const message = "No text can pass: the slashes around the pattern are part of it";
  return [nothing(node, ["pattern"], message, "Write the pattern without slashes")];
}

function refusedEverything(node: SchemaNode): readonly Never[] {
  const not = nodeUnder(node, "not");
  if (not === null || !acceptsEverything(not.schema)) return [];
  if (isFalseByHand(node) && node.pointer !== "") return [];
  const message = "Nothing can pass: what stands under not accepts everything";
  return [nothing(node, ["not"], message, "Say under not what is to be refused, or remove it")];
}

function nothing(node: SchemaNode, steps: readonly (string | number)[], message: string, remedy: string): Never {
  return { kind: "nothing", pointer: pointerTo(node.pointer, ...steps), message, remedy };
}

function part(node: SchemaNode, steps: readonly (string | number)[], message: string, remedy: string): Never {
  return { kind: "part", pointer: pointerTo(node.pointer, ...steps), message, remedy };
}
