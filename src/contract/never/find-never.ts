import type { FormatsMode } from "../../core/contract-set.ts";
import type { JsonObject } from "../../json/json.ts";
import { must } from "../../inclusion/conjunction.ts";
import type { Effort } from "../../inclusion/effort.ts";
import { withoutFormatNotes } from "../../inclusion/format-notes.ts";
import { obstaclesIn } from "../../inclusion/provable.ts";
import { createShared, openSchema, rootOf } from "../../inclusion/schema-node.ts";
import { everyNode } from "../../inclusion/walk.ts";
import { isNever } from "./contradiction.ts";
import type { Never } from "./never.ts";
import { neverByItself } from "./own-never.ts";
import { searchNever, type Search } from "./proved-never.ts";

/**
 * The steps of a search, which take under a second. Findings beyond them are not reported. The schema as a whole is searched
 * first, with steps of its own.
 */
const STEPS = 1_000_000;
const WHOLE_STEPS = 300_000;

/** The findings, and whether no value at all passes the schema. */
export type NeverReport = { readonly found: readonly Never[]; readonly isWhole: boolean };

/**
 * Finds the parts of a schema that no value can pass or that can never matter, in the order of the text. The engine that proves
 * compatibility proves every finding. A `false` written by hand is not reported.
 * @param schema one that `refuseSchema` accepts.
 */
export function findNever(schema: JsonObject | boolean, formats: FormatsMode): NeverReport {
  const effort: Effort = { left: WHOLE_STEPS };
  const document = openSchema("schema", withoutFormatNotes(schema, formats), createShared(effort));
  const obstacles = obstaclesIn(document);
  if (obstacles.toEvaluation.length > 0) return { found: [], isWhole: false };
  const isProvable = obstacles.toProof.length === 0;
  const isWhole = isProvable && isNever([must(rootOf(document))]);
  effort.left = STEPS;
  const nodes = everyNode(document);
  const search: Search = { found: nodes.flatMap(neverByItself), seen: new Set() };
  if (isProvable) for (const node of nodes.toReversed()) searchNever(node, search);
  const order = new Map(nodes.map(({ pointer }, index) => [pointer, index]));
  const rank = (pointer: string): number => {
    for (let at = pointer; at !== ""; at = at.slice(0, at.lastIndexOf("/"))) {
      const known = order.get(at);
      if (known !== undefined) return known;
    }
    return 0;
  };
  return { found: distinct(search.found).toSorted((a, b) => rank(a.pointer) - rank(b.pointer)), isWhole };
}

/** The first finding at each place. */
function distinct(found: readonly Never[]): readonly Never[] {
  return [...new Map(found.toReversed().map((one) => [one.pointer, one])).values()].toReversed();
}
