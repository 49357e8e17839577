import { canonicalText } from "../json/canonical.ts";
import { schemaRequires } from "../schema/required-field.ts";
import { must } from "./conjunction.ts";
import type { Gap } from "./gap.ts";
import { findGaps } from "./proof.ts";
import { schemaOfRule } from "./rule-schema.ts";
import { keyOf } from "./schema-key.ts";
import { rootOf, type SchemaNode } from "./schema-node.ts";
import { ruleNodes, type Side } from "./side.ts";
import { wideIntegerGaps } from "./wide-integers.ts";

/**
 * The gaps in the proof that one side accepts every payload that the other accepts, by schema, rules and identity; empty when
 * it is proved.
 */
export function gapsBetween(accepting: Side, refusing: Side): readonly Gap[] {
  return [
    ...schemaGaps(accepting, refusing),
    ...opaqueRuleGaps(accepting, refusing),
    ...identityGaps(accepting, refusing),
  ];
}

function schemaGaps(accepting: Side, refusing: Side): readonly Gap[] {
  const root = rootOf(refusing.document);
  const known = [rootOf(accepting.document), ...ruleNodes(accepting)];
  const asked = ruleNodes(refusing).map((node) => ({ ...node, pointer: "/rules" }));
  const obstacles = [accepting, refusing].flatMap(({ obstacles: { toEvaluation, toProof } }) => [
    ...toEvaluation,
    ...toProof,
  ]);
  const literals = known.map(must);
  const isSame = saysTheSame(accepting, refusing);
  if (obstacles.length > 0) return [...(isSame ? [] : obstacles), ...asked.filter(isNotAmong(known)).map(ruleGap)];
  const wide = isSame ? [] : wideIntegerGaps(accepting.document, refusing.document);
  return [...(isSame ? [] : findGaps(literals, root)), ...wide, ...asked.flatMap((node) => findGaps(literals, node))];
}

/**
 * Whether two schemas are equal except for annotations. Equal schemas accept the same payloads even when they contain circular
 * references, which the proof cannot handle.
 */
function saysTheSame(one: Side, other: Side): boolean {
  if (one.formats === other.formats && canonicalText(one.schema) === canonicalText(other.schema)) return true;
  return keyOf(rootOf(one.document)) === keyOf(rootOf(other.document));
}

function isNotAmong(known: readonly SchemaNode[]): (node: SchemaNode) => boolean {
  const keys = new Set(known.map(keyOf));
  return (node) => !keys.has(keyOf(node));
}

function ruleGap({ pointer }: SchemaNode): Gap {
  return { pointer, reason: "a rule is not shown to hold" };
}

/** A rule that is not a threshold counts as proved only when the other side has a rule with the same expression. */
function opaqueRuleGaps(accepting: Side, refusing: Side): readonly Gap[] {
  const known = new Set(accepting.rules.map(({ expression }) => expression.trim()));
  const asked = refusing.rules.filter((rule) => schemaOfRule(rule) === null && !known.has(rule.expression.trim()));
  return asked.map(({ id }) => ({ pointer: `/rules/${id}`, reason: "the rule is not shown to hold" }));
}

/** A version refuses a payload without its identity fields; the accepting side must require the same fields. */
function identityGaps(accepting: Side, refusing: Side): readonly Gap[] {
  const asked = refusing.identity.filter((pointer) => !accepting.identity.includes(pointer));
  const open = asked.filter((pointer) => !schemaRequires(accepting.schema, pointer));
  return open.map((pointer) => ({ pointer: "/identity", reason: `the identity field ${pointer} may be missing` }));
}
