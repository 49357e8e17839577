import { canonicalText } from "../json/canonical.ts";
import type { FormatsMode, Rule, VersionContent } from "../core/contract-set.ts";
import { CHANGE_RULES, type ChangeRule } from "./change-rules.ts";
import { diffSchemas } from "./schema-diff.ts";
import { openSchema, rootOf } from "./schema-node.ts";
import type { SchemaChange } from "./schema-change.ts";

/**
 * Every change between two versions: of the schema in its order, then of the rules, then of the identity. Key order and the
 * order of names in a list are ignored. A reference counts as the schema that it leads to, so that a definition may move. The
 * time is linear except for lists of branches; circular references end.
 */
export function diffVersions(before: VersionContent, after: VersionContent): readonly SchemaChange[] {
  const formats = { before: before.formats ?? "annotate", after: after.formats ?? "annotate" };
  const old = openSchema("before", before.schema);
  const next = openSchema("after", after.schema, old.shared);
  return [
    ...diffFormats(formats),
    ...diffSchemas(rootOf(old), rootOf(next), formats),
    ...diffRules(before.rules, after.rules),
    ...diffIdentity(before.identity, after.identity),
  ];
}

function diffFormats({
  before,
  after,
}: {
  readonly before: FormatsMode;
  readonly after: FormatsMode;
}): readonly SchemaChange[] {
  if (before === after) return [];
  const rule = after === "assert" ? "formats-asserted" : "formats-annotated";
  return [{ rule, effect: CHANGE_RULES[rule].effect, pointer: "/formats", keyword: "formats", before, after }];
}

function diffRules(before: readonly Rule[], after: readonly Rule[]): readonly SchemaChange[] {
  const changes: SchemaChange[] = [];
  const add = (rule: ChangeRule, id: string, values: Pick<SchemaChange, "before" | "after">): void => {
    changes.push({ rule, effect: CHANGE_RULES[rule].effect, pointer: `/rules/${id}`, keyword: "rules", ...values });
  };
  const left = [...before];
  for (const rule of after) {
    const same = left.find(({ id }) => id === rule.id) ?? left.find(({ expression }) => expression === rule.expression);
    if (same === undefined) {
      add("rule-added", rule.id, { after: rule.expression });
      continue;
    }
    left.splice(left.indexOf(same), 1);
    if (same.expression.trim() !== rule.expression.trim())
      add("rule-changed", rule.id, { before: same.expression, after: rule.expression });
    else if (same.message !== rule.message || same.id !== rule.id)
      add("rule-message-changed", rule.id, {
        before: `${same.id}: ${same.message}`,
        after: `${rule.id}: ${rule.message}`,
      });
  }
  for (const { id, expression } of left) add("rule-removed", id, { before: expression });
  return changes;
}

function diffIdentity(before: readonly string[], after: readonly string[]): readonly SchemaChange[] {
  // The order of the fields is part of the machine id.
  if (canonicalText(before) === canonicalText(after)) return [];
  const rule = "identity-changed";
  return [{ rule, effect: CHANGE_RULES[rule].effect, pointer: "/identity", keyword: "identity", before, after }];
}
