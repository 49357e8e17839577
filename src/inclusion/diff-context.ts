import type { FormatsMode } from "../core/contract-set.ts";
import type { ChangeRule } from "./change-rules.ts";
import type { SchemaChange } from "./schema-change.ts";
import type { SchemaNode } from "./schema-node.ts";

/** Inside `not` what narrows widens; where both happen, nothing can be said. */
export type Polarity = "same" | "opposite" | "mixed";

export type Pair = { readonly before: SchemaNode; readonly after: SchemaNode };
export type DiffRun = { readonly changes: SchemaChange[]; readonly seen: Set<string>; readonly formats: Formats };

/** Whether the formats of each side are asserted. */
export type Formats = { readonly before: FormatsMode; readonly after: FormatsMode };

/** Two schema objects under comparison, and where a change of them is told. */
export type Context = Pair & {
  readonly polarity: Polarity;
  readonly run: DiffRun;
  readonly add: (
    rule: ChangeRule,
    keyword: string,
    values: Pick<SchemaChange, "before" | "after">,
    ...steps: readonly string[]
  ) => void;
};
