import type { FormatsMode } from "../../core/contract-set.ts";
import type { JsonObject, JsonValue } from "../../json/json.ts";
import { must } from "../conjunction.ts";
import type { Effort } from "../effort.ts";
import { withoutFormatNotes } from "../format-notes.ts";
import { obstaclesFrom } from "../provable.ts";
import { createShared, openSchema, rootOf, type SchemaNode } from "../schema-node.ts";
import { everyNode } from "../walk.ts";
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

/** The findings in a schema that `refuseSchema` accepts, in the order of the text. */
export function neverIn(schema: JsonObject | boolean, formats: FormatsMode): NeverReport {
  const effort: Effort = { left: WHOLE_STEPS };
  const document = openSchema("schema", withoutFormatNotes(schema, formats), createShared(effort));
  const { obstacles, reached } = obstaclesFrom([rootOf(document)]);
  if (obstacles.toEvaluation.length > 0) return { found: [], isWhole: false };
  const isProvable = obstacles.toProof.length === 0;
  const isWhole = isProvable && isNever([must(rootOf(document))]);
  effort.left = STEPS;
  const nodes = searchable(everyNode(document), reached);
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

/**
 * The nodes of a document that can be searched: all of them, or those that the root reaches when a definition that nothing refers
 * to cannot be evaluated.
 */
function searchable(nodes: readonly SchemaNode[], reached: ReadonlySet<JsonValue>): readonly SchemaNode[] {
  const { toEvaluation, toProof } = obstaclesFrom(nodes).obstacles;
  return toEvaluation.length + toProof.length === 0 ? nodes : nodes.filter(({ schema }) => reached.has(schema));
}

/** The first finding at each place. */
function distinct(found: readonly Never[]): readonly Never[] {
  return [...new Map(found.toReversed().map((one) => [one.pointer, one])).values()].toReversed();
}
