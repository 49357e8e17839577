import { compileNumberTypes, NOTHING_DECLARED, type NumberTypes } from "../schema/number-types.ts";
import { arrayLimits, itemAt } from "./array-inclusion.ts";
import { must, takeApart, type Literal } from "./conjunction.ts";
import { spend } from "./effort.ts";
import type { Gap } from "./gap.ts";
import { typesOf } from "./proof.ts";
import { compareBounds, numberLimits } from "./number-limits.ts";
import { namesIn, valueUnder } from "./object-limits.ts";
import { memberOf, nodesInList, rootOf, type SchemaDocument } from "./schema-node.ts";
import { everyNode } from "./walk.ts";

const REASON = "integers that no double keeps are told by int64, and the two do not declare it in the same places";
const STEP_COST = 50;

/**
 * Proves that both versions declare `int64` in the same places, apart from places that hold no wide integer. A wide integer is
 * one that a double cannot represent. It passes only in places that a version declares `int64`; elsewhere the decimal text of a
 * double stands for that double, so the same text may be two different numbers. The declaration of a place depends on all
 * schemas that apply there, not on one schema object. Returns what could not be proved.
 */
export function wideIntegerGaps(accepting: SchemaDocument, refusing: SchemaDocument): readonly Gap[] {
  const nodes = [...everyNode(accepting), ...everyNode(refusing)];
  if (!nodes.some((node) => memberOf(node, "format") === "int64")) return [];
  // Names that match several patterns would have to be checked for every subset of the patterns.
  if (nodes.some((node) => memberOf(node, "patternProperties") !== undefined)) return [{ pointer: "", reason: REASON }];
  const run: Run = {
    names: [...new Set(nodes.flatMap(namesIn)), OTHER],
    prefix: Math.max(...nodes.map((node) => nodesInList(node, "prefixItems").length)),
    seen: new Map(),
  };
  const types = [compileNumberTypes(accepting.root), compileNumberTypes(refusing.root)] as const;
  return isCovered([must(rootOf(accepting))], types[0], types[1], run) ? [] : [{ pointer: "", reason: REASON }];
}

/** Stands for every name that no schema mentions. */
const OTHER = "any other name";

type Run = {
  readonly names: readonly string[];
  readonly prefix: number;
  readonly seen: Map<NumberTypes, Set<NumberTypes>>;
};

function isCovered(literals: readonly Literal[], one: NumberTypes, other: NumberTypes, run: Run): boolean {
  const effort = literals[0]?.node.document.shared.effort;
  if (effort !== undefined && !spend(effort, STEP_COST)) return false;
  const seen = run.seen.get(one) ?? new Set();
  if (seen.has(other)) return true;
  const known = takeApart(literals, new Set());
  const differ = (one.here === "int64") !== (other.here === "int64");
  if (differ && typesOf(known).includes("number") && mayBeWide(numberLimits(known))) return false;
  run.seen.set(one, seen.add(other));
  const members = run.names.every(
    (name) =>
      isSame(one.member(name), other.member(name)) ||
      isCovered(valueUnder(known, name), one.member(name), other.member(name), run),
  );
  const { most } = arrayLimits(known);
  const indexes = Array.from({ length: Math.min(run.prefix + 1, most) }, (_, index) => index);
  return (
    members &&
    indexes.every(
      (index) =>
        isSame(one.item(index), other.item(index)) ||
        isCovered(itemAt(known, index), one.item(index), other.item(index), run),
    )
  );
}

/** Whether neither side declares anything at this place or below. */
function isSame(one: NumberTypes, other: NumberTypes): boolean {
  return one === NOTHING_DECLARED && other === NOTHING_DECLARED;
}

function mayBeWide({ least, most }: ReturnType<typeof numberLimits>): boolean {
  return compareBounds(least, -Number.MAX_SAFE_INTEGER) < 0 || compareBounds(most, Number.MAX_SAFE_INTEGER) > 0;
}
