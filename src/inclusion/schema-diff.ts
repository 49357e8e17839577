import { isObject, type JsonValue } from "../json/json.ts";
import { jsonEqual } from "../schema/equal.ts";
import { CHANGE_RULES, type ChangeRule, type Effect } from "./change-rules.ts";
import type { Context, Formats, Pair, Polarity, DiffRun } from "./diff-context.ts";
import type { SchemaChange } from "./schema-change.ts";
import { keyOf } from "./schema-key.ts";
import {
  ANNOTATIONS,
  assertionsOf,
  isList,
  madeFor,
  memberOf,
  nodesByName,
  nodesInList,
  nodeUnder,
  pointerTo,
  type SchemaNode,
  textsOf,
} from "./schema-node.ts";
import { compareFormat, compareLists, compareValue, typesIn } from "./value-diff.ts";

/** Every change between two schemas, in the order of the keywords of the later one. */
export function diffSchemas(before: SchemaNode, after: SchemaNode, formats: Formats): readonly SchemaChange[] {
  const run: DiffRun = { changes: [], seen: new Set(), formats };
  compare({ before, after }, "same", run);
  return run.changes;
}

function compare(pair: Pair, polarity: Polarity, run: DiffRun): void {
  const [before, after] = [followed(pair.before), followed(pair.after)];
  const key = `${polarity} ${before.pointer} ${after.pointer}`;
  if (run.seen.has(key)) return;
  run.seen.add(key);
  const add = (
    rule: ChangeRule,
    keyword: string,
    values: Pick<SchemaChange, "before" | "after">,
    ...steps: readonly string[]
  ): void => {
    const side = "after" in values ? after : before;
    const pointer = pointerTo(side.pointer, ...(keyword === "" ? [] : [keyword]), ...steps);
    run.changes.push({ rule, effect: turned(CHANGE_RULES[rule].effect, polarity), pointer, keyword, ...values });
  };
  if (before.schema === false || after.schema === false) {
    if (before.schema === after.schema) return;
    const rule = after.schema === false ? "constraint-added" : "constraint-removed";
    return add(rule, "", { before: before.schema, after: after.schema });
  }
  const sides = { before: asObject(before), after: asObject(after) };
  const keywords = new Set([...keywordsOf(sides.after), ...keywordsOf(sides.before)]);
  const context: Context = { ...sides, polarity, run, add };
  for (const keyword of keywords) compareKeyword(keyword, context);
}

function turned(effect: Effect, polarity: Polarity): Effect {
  if (effect === "notes" || polarity === "same") return effect;
  if (polarity === "mixed") return "changes";
  return effect === "narrows" ? "widens" : effect === "widens" ? "narrows" : effect;
}

function asObject(node: SchemaNode): SchemaNode {
  return isObject(node.schema) ? node : madeFor(node, {});
}

/** Replaces a schema that consists of a reference only by the schema that the reference leads to. */
function followed(node: SchemaNode): SchemaNode {
  let at = node;
  // A chain of more than 32 references is taken to be circular.
  for (let count = 0; count < 32 && isObject(at.schema); count += 1) {
    const ref = memberOf(at, "$ref");
    if (typeof ref !== "string" || assertionsOf(at.schema).length !== 1) break;
    const target = at.document.resolve(ref);
    if (target === null) break;
    at = target;
  }
  return at;
}

/** Definitions are left out: they are compared where a reference leads to them. */
function keywordsOf({ schema }: SchemaNode): readonly string[] {
  return Object.keys(schema).filter((keyword) => keyword !== "$defs" && keyword !== "definitions");
}

function compareKeyword(keyword: string, context: Context): void {
  const { before, after, add } = context;
  const [old, next] = [memberOf(before, keyword), memberOf(after, keyword)];
  if (jsonEqual(old ?? null, next ?? null) && (old === undefined) === (next === undefined) && !holdsSchemas(keyword))
    return;
  const values = { ...(old === undefined ? {} : { before: old }), ...(next === undefined ? {} : { after: next }) };
  if (keyword === "format") return compareFormat(context, old, next, values);
  if (ANNOTATIONS.has(keyword) || keyword.startsWith("x-")) return add("annotation-changed", keyword, values);
  switch (keyword) {
    case "type":
      return compareLists(context, keyword, typesIn(old), typesIn(next), "type-removed", "type-added");
    case "enum":
      if (isList(old) && isList(next))
        return compareLists(context, keyword, old, next, "enum-value-removed", "enum-value-added");
      break;
    case "properties":
      return compareProperties(context);
    case "required":
      // compareProperties compares the required names too.
      return [before, after].some((node) => memberOf(node, "properties") !== undefined)
        ? undefined
        : compareProperties(context);
    case "additionalProperties":
    case "unevaluatedProperties":
      return compareRest(context, keyword);
    case "dependentRequired":
      return compareDependent(context, old, next);
    case "allOf":
    case "anyOf":
    case "oneOf":
      return compareBranches(context, keyword);
    case "if":
    case "then":
    case "else":
    case "not":
    case "items":
    case "contains":
    case "propertyNames":
    case "unevaluatedItems":
    case "$ref":
      return compareSchema(context, keyword, values);
    case "prefixItems":
    case "patternProperties":
    case "dependentSchemas":
      return compareMembers(context, keyword);
    default:
      break;
  }
  compareValue(context, keyword, old, next, values);
}

function holdsSchemas(keyword: string): boolean {
  return SCHEMAS.has(keyword);
}

const SCHEMAS: ReadonlySet<string> = new Set([
  "properties",
  "additionalProperties",
  "unevaluatedProperties",
  "unevaluatedItems",
  "allOf",
  "anyOf",
  "oneOf",
  "if",
  "then",
  "else",
  "not",
  "items",
  "contains",
  "propertyNames",
  "$ref",
  "prefixItems",
  "patternProperties",
  "dependentSchemas",
]);

function compareProperties(context: Context): void {
  const { before, after, add, run, polarity } = context;
  const [old, next] = [nodesByName(before, "properties"), nodesByName(after, "properties")];
  const [needed, asked] = [
    new Set(textsOf(memberOf(before, "required"))),
    new Set(textsOf(memberOf(after, "required"))),
  ];
  const isClosed = (node: SchemaNode): boolean => memberOf(node, "additionalProperties") === false;
  for (const name of new Set([...next.keys(), ...old.keys(), ...asked, ...needed])) {
    const [was, is] = [old.get(name), next.get(name)];
    if (was !== undefined && is !== undefined) compare({ before: was, after: is }, polarity, run);
    if (was === undefined && is !== undefined) {
      const rule =
        asked.has(name) && !needed.has(name)
          ? "property-added-required"
          : isClosed(before)
            ? "property-added-to-closed"
            : "property-added-to-open";
      add(rule, "properties", { after: is.schema }, name);
    } else if (was !== undefined && is === undefined) {
      const rule =
        needed.has(name) && !asked.has(name)
          ? "property-removed-required"
          : isClosed(after)
            ? "property-removed-from-closed"
            : "property-removed-from-open";
      add(rule, "properties", { before: was.schema }, name);
    } else {
      if (asked.has(name) && !needed.has(name)) add("property-required", "required", { after: name });
      if (needed.has(name) && !asked.has(name)) add("property-optional", "required", { before: name });
    }
  }
}

/** Compares `additionalProperties` or `unevaluatedProperties`: the schema for properties that are not listed. */
function compareRest(context: Context, keyword: string): void {
  const { before, after, polarity, run, add } = context;
  const [old, next] = [
    nodeUnder(before, keyword) ?? madeFor(before, true),
    nodeUnder(after, keyword) ?? madeFor(after, true),
  ];
  if (old.schema === false && next.schema !== false)
    return add("object-opened", keyword, {
      before: false,
      ...(nodeUnder(after, keyword) === null ? {} : { after: next.schema }),
    });
  if (next.schema === false && old.schema !== false) return add("object-closed", keyword, { after: false });
  compare({ before: old, after: next }, polarity, run);
}

function compareDependent({ add }: Context, old: JsonValue | undefined, next: JsonValue | undefined): void {
  const [was, is] = [isObject(old) ? old : {}, isObject(next) ? next : {}];
  for (const name of new Set([...Object.keys(is), ...Object.keys(was)])) {
    const [before, after] = [textsOf(was[name]), textsOf(is[name])];
    for (const one of after)
      if (!before.includes(one)) add("dependency-added", "dependentRequired", { after: one }, name);
    for (const one of before)
      if (!after.includes(one)) add("dependency-removed", "dependentRequired", { before: one }, name);
  }
}

/** The polarity of a change inside the keyword's schema; see {@link Polarity}. */
const POLARITIES: Readonly<Record<string, Polarity>> = { not: "opposite", if: "mixed", oneOf: "mixed" };

function inner(outer: Polarity, keyword: string): Polarity {
  const own = POLARITIES[keyword] ?? "same";
  if (own === "same" || outer === "mixed") return outer;
  if (own === "mixed") return "mixed";
  return outer === "same" ? "opposite" : "same";
}

function compareSchema(context: Context, keyword: string, values: Pick<SchemaChange, "before" | "after">): void {
  const { before, after, polarity, run, add } = context;
  const [old, next] =
    keyword === "$ref" ? [targetOf(before), targetOf(after)] : [nodeUnder(before, keyword), nodeUnder(after, keyword)];
  if (old !== null && next !== null)
    return compare({ before: old, after: next }, containing(context, inner(polarity, keyword), keyword), run);
  if (jsonEqual(values.before ?? null, values.after ?? null)) return;
  if (keyword === "if") return add("condition-changed", keyword, values);
  add(old === null ? "constraint-added" : "constraint-removed", keyword, values);
}

/** With `maxContains`, a wider `contains` schema can also refuse an array, because more items match. */
function containing({ before, after }: Context, polarity: Polarity, keyword: string): Polarity {
  const limited = [before, after].some((node) => memberOf(node, "maxContains") !== undefined);
  return keyword === "contains" && limited ? "mixed" : polarity;
}

function targetOf(node: SchemaNode): SchemaNode | null {
  const ref = memberOf(node, "$ref");
  return typeof ref === "string" ? node.document.resolve(ref) : null;
}

/** Compares the members of a keyword, by name or by position. */
function compareMembers({ before, after, polarity, run, add }: Context, keyword: string): void {
  const [old, next] = [membersOf(before, keyword), membersOf(after, keyword)];
  for (const name of new Set([...next.keys(), ...old.keys()])) {
    const [was, is] = [old.get(name), next.get(name)];
    if (was !== undefined && is !== undefined) compare({ before: was, after: is }, polarity, run);
    else if (is !== undefined) add("constraint-added", keyword, { after: is.schema }, name);
    else if (was !== undefined) add("constraint-removed", keyword, { before: was.schema }, name);
  }
}

function membersOf(node: SchemaNode, keyword: string): ReadonlyMap<string, SchemaNode> {
  if (keyword !== "prefixItems") return nodesByName(node, keyword);
  return new Map(nodesInList(node, keyword).map((part, index) => [String(index), part]));
}

const BRANCH_RULES: Readonly<Record<string, readonly [removed: ChangeRule, added: ChangeRule]>> = {
  allOf: ["constraint-removed", "constraint-added"],
  anyOf: ["branch-removed", "branch-added"],
  oneOf: ["one-of-branch-removed", "one-of-branch-added"],
};

/**
 * Pairs equal branches at any position. The remaining branches are paired in order when both sides have as many; otherwise they
 * are reported as removed and added.
 */
function compareBranches({ before, after, polarity, run, add }: Context, keyword: string): void {
  const whole = ([memberOf(before, keyword), memberOf(after, keyword)] as const).map((value) => value === undefined);
  if (whole[0] !== whole[1]) {
    const values =
      whole[0] === true ? { after: memberOf(after, keyword) ?? null } : { before: memberOf(before, keyword) ?? null };
    return add(whole[0] === true ? "constraint-added" : "constraint-removed", keyword, values);
  }
  const old = [...nodesInList(before, keyword)];
  const next: SchemaNode[] = [];
  for (const branch of nodesInList(after, keyword)) {
    const same = old.findIndex((other) => keyOf(other) === keyOf(branch));
    if (same === -1) next.push(branch);
    else old.splice(same, 1);
  }
  if (old.length === next.length) {
    for (const [index, branch] of next.entries()) {
      const was = old[index];
      if (was !== undefined) compare({ before: was, after: branch }, inner(polarity, keyword), run);
    }
    return;
  }
  const [removed, added] = BRANCH_RULES[keyword] ?? ["constraint-removed", "constraint-added"];
  for (const branch of old) add(removed, keyword, { before: branch.schema }, stepOf(branch));
  for (const branch of next) add(added, keyword, { after: branch.schema }, stepOf(branch));
}

function stepOf({ pointer }: SchemaNode): string {
  return pointer.slice(pointer.lastIndexOf("/") + 1);
}
