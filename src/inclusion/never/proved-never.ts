import { isObject } from "../../json/json.ts";
import { arrayLimits, itemAt } from "../array-inclusion.ts";
import { must, takeApart, type Conjunction, type Literal } from "../conjunction.ts";
import { accepts } from "../evaluate.ts";
import { findGaps } from "../proof.ts";
import { objectLimits, valueUnder } from "../object-limits.ts";
import { keyOf } from "../schema-key.ts";
import {
  childOf,
  madeFor,
  nodesByName,
  nodesInList,
  nodeUnder,
  own,
  pointerTo,
  type SchemaNode,
} from "../schema-node.ts";
import { contradiction, isNever } from "./contradiction.ts";
import { isFalseByHand, quoted, type Never } from "./never.ts";

/** The findings so far, and the combinations of schemas that were searched already. */
export type Search = { readonly found: Never[]; readonly seen: Set<string> };

/**
 * Searches one schema together with everything that it combines (its references, the parts of `allOf`, one branch at a time):
 * properties that cannot be present, branches that cannot match, and whether any value passes. The caller must search inner
 * schemas before outer ones, so that a finding is placed at its cause and not at every schema around it.
 *
 * Only what is proved is reported.
 */
export function searchNever(node: SchemaNode, search: Search): void {
  if (node.document.shared.effort.left < 0) return;
  const literals = [must(node)];
  searchParts(literals, search);
  searchBranches(node, search);
  if (isFalseByHand(node) || isExplained(literals, search) || !isNever(literals)) return;
  search.found.push(contradiction(node.pointer, literals, "Nothing can pass"));
}

/** Whether an earlier finding lies inside one of these schemas and so explains why no value passes them. */
function isExplained(literals: readonly Literal[], { found }: Search): boolean {
  const inside = [...literals.map(({ node }) => node), ...takeApart(literals, new Set()).positives];
  const roots = new Set(inside.map(({ pointer }) => pointer));
  return found.some(({ kind, pointer }) => {
    if (kind !== "nothing") return false;
    for (let at = pointer; ; at = at.slice(0, at.lastIndexOf("/"))) {
      if (roots.has(at)) return true;
      if (at === "") return false;
    }
  });
}

/** Searches properties and items that several schemas describe. */
function searchParts(literals: readonly Literal[], search: Search): void {
  const known = takeApart(literals, new Set());
  if (known.positives.length < 2 && !known.positives.some((node) => nodeUnder(node, "propertyNames") !== null)) return;
  const key = known.positives
    .map((node) => `${node.pointer} ${keyOf(node)}`)
    .toSorted()
    .join("\n");
  if (search.seen.has(key)) return;
  search.seen.add(key);
  const { required } = objectLimits(known);
  for (const name of new Set(known.positives.flatMap((node) => [...nodesByName(node, "properties").keys()])))
    searchProperty(known, name, required.has(name), search);
  const { prefix, most } = arrayLimits(known);
  for (let index = 0; index <= prefix && index < most; index += 1) searchValue(itemAt(known, index), "item", search);
}

function searchProperty(known: Conjunction, name: string, isRequired: boolean, search: Search): void {
  const sites = known.positives.map((node) => propertyOf(node, name)).filter((site) => site !== null);
  // The author forbade the property on purpose.
  if (sites.some(isFalseByHand)) return;
  const [site] = sites.filter(({ pointer }) => !search.found.some((one) => one.pointer === pointer));
  const closing = closedBy(known, name);
  if (closing === null) return searchValue(valueUnder(known, name), `value of ${quoted(name)}`, search);
  if (site === undefined) return;
  const message = isRequired
    ? `No object can pass: ${quoted(name)} is required, and ${closing} refuses it`
    : `${quoted(name)} can never be present: ${closing} refuses it`;
  const remedy = closing.endsWith("propertyNames")
    ? "Correct the name, or what propertyNames asks"
    : `List ${quoted(name)} under properties there too, or say unevaluatedProperties: false instead`;
  search.found.push({ kind: isRequired ? "nothing" : "part", pointer: site.pointer, message, remedy });
}

function propertyOf(node: SchemaNode, name: string): SchemaNode | null {
  const properties = isObject(node.schema) ? own(node.schema, "properties") : undefined;
  const schema = isObject(properties) ? own(properties, name) : undefined;
  return schema === undefined ? null : childOf(node, schema, "properties", name);
}

/** The keyword that forbids a property which another schema describes; null when none does. */
function closedBy({ positives }: Conjunction, name: string): string | null {
  for (const node of positives) {
    const names = nodeUnder(node, "propertyNames");
    if (names !== null && !accepts(names, name)) return pointerTo(node.pointer, "propertyNames");
    const [value] = valueUnder({ positives: [node] }, name);
    if (value === undefined || value.node.schema !== false) continue;
    if (propertyOf(node, name) !== null) continue;
    const isClosed = /\/(?:additional|unevaluated)Properties$/.test(value.node.pointer);
    return `${value.node.pointer}${isClosed ? ": false" : ""}`;
  }
  return null;
}

/** Searches one part that several schemas describe, each of which is satisfiable alone. */
function searchValue(literals: readonly Literal[], what: string, search: Search): void {
  if (literals.length < 2) return;
  searchParts(literals, search);
  if (literals.some(({ node }) => isFalseByHand(node)) || isExplained(literals, search) || !isNever(literals)) return;
  const last = literals.at(-1)?.node.pointer ?? "";
  search.found.push(contradiction(last, literals, `No ${what} can pass`));
}

/**
 * Searches for branches that can never match. A branch is combined only with the schema object around it, not with schemas
 * further out.
 */
function searchBranches(node: SchemaNode, search: Search): void {
  for (const keyword of ["anyOf", "oneOf"]) {
    const branches = nodesInList(node, keyword);
    const dead: Never[] = [];
    for (const branch of branches) {
      if (isFalseByHand(branch) || isExplained([must(branch)], search)) continue;
      const literals = besideBranch(node, branch, keyword);
      if (isNever(literals)) {
        dead.push(deadBranch(branch, literals, `The branch of ${keyword} can never match`));
        continue;
      }
      searchParts(literals, search);
      if (keyword === "oneOf") searchAlone(node, branch, search);
    }
    // When no branch can match no value passes the schema; searchNever reports that for the whole schema.
    if (dead.length < branches.length) search.found.push(...dead);
  }
  searchCondition(node, search);
}

/** The branch, and the schema object around it without the keyword that contains the branch. */
function besideBranch(node: SchemaNode, branch: SchemaNode, keyword: string): readonly Literal[] {
  const around = isObject(node.schema) ? Object.entries(node.schema).filter(([name]) => name !== keyword) : [];
  return [must(madeFor(node, Object.fromEntries(around))), must(branch)];
}

function deadBranch({ pointer }: SchemaNode, literals: readonly Literal[], what: string): Never {
  const { message } = contradiction(pointer, literals, what);
  return { kind: "part", pointer, message, remedy: "Remove it, or correct what it contradicts" };
}

/** Finds a branch of a oneOf that can never be the only match, since another branch accepts every value that it accepts. */
function searchAlone(node: SchemaNode, branch: SchemaNode, { found }: Search): void {
  if (found.some(({ pointer }) => pointer === branch.pointer)) return;
  const others = nodesInList(node, "oneOf").filter(({ pointer }) => pointer !== branch.pointer);
  const literals = besideBranch(node, branch, "oneOf");
  const wider = others.find((other) => keyOf(other) !== keyOf(branch) && findGaps(literals, other).length === 0);
  if (wider === undefined) return;
  const message = `The branch can never be the only one that matches: ${wider.pointer} accepts all that it accepts`;
  const remedy = "Tell the two apart, remove one, or use anyOf";
  found.push({ kind: "part", pointer: branch.pointer, message, remedy });
}

function searchCondition(node: SchemaNode, search: Search): void {
  const condition = nodeUnder(node, "if");
  const then = nodeUnder(node, "then");
  if (condition === null || then === null || isFalseByHand(then) || isExplained([must(then)], search)) return;
  const around = besideBranch(node, condition, "if");
  if (isNever(around)) {
    search.found.push(deadBranch(condition, around, "The condition can never hold"));
    return;
  }
  searchParts([...around, must(then)], search);
  if (isExplained([must(then)], search) || !isNever([...around, must(then)])) return;
  search.found.push(contradiction(then.pointer, [...around, must(then)], "Nothing can pass when the condition holds"));
}
