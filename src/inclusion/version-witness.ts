import type { JsonValue } from "../json/json.ts";
import { minedValues } from "./boundary-values.ts";
import { must } from "./conjunction.ts";
import { isSpent } from "./effort.ts";
import { namesIn } from "./object-limits.ts";
import { sampleValue } from "./sample.ts";
import { rootOf } from "./schema-node.ts";
import { seededPick } from "./seeded-pick.ts";
import { isConfirmed, passes, ruleNodes, type Side } from "./side.ts";
import { everyNode } from "./walk.ts";
import { searchWitness, shrinkWitness } from "./witness.ts";

/**
 * Searches a payload that one side accepts and the other refuses, and makes it small. Null means only that none was found.
 * @param options `payloads`: payloads that the search begins with; `effort`: the most payloads that are judged.
 */
export function findWitness(
  accepting: Side,
  refusing: Side,
  options: { readonly seed: number; readonly payloads: readonly JsonValue[]; readonly effort: number },
): JsonValue | null {
  const [wanted, doubted] = [accepting, refusing].map((side) => [rootOf(side.document), ...ruleNodes(side)].map(must));
  const differs = (value: JsonValue): boolean => passes(value, accepting) && !passes(value, refusing);
  const isWitness = (value: JsonValue): boolean => differs(value) && isConfirmed(value, accepting, refusing);
  const steps = accepting.document.shared.effort;
  const expressions = [...accepting.rules, ...refusing.rules].map(({ expression }) => expression);
  const names = new Set([accepting, refusing].flatMap(({ document }) => everyNode(document).flatMap(namesIn)));
  const pool = minedValues([accepting.document.root, refusing.document.root], expressions);
  const isSampled = [accepting, refusing].every(({ obstacles }) => obstacles.toEvaluation.length === 0);
  const found = searchWitness({
    isWitness,
    isBase: (value) => passes(value, accepting),
    sample: (pick) => (isSampled ? sampleValue(wanted ?? [], doubted ?? [], pick) : pool[pick(pool.length)]),
    given: options.payloads,
    pool,
    names: [...names, "extra"],
    pick: seededPick(options.seed),
    effort: options.effort,
    isSpent: () => isSpent(steps),
  });
  return found === null ? null : shrinkWitness(found, isWitness, steps);
}
