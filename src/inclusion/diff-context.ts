import type { FormatsMode } from "../core/contract-set.ts";
import type { ChangeRule } from "./change-rules.ts";
import type { SchemaChange } from "./schema-change.ts";
import type { SchemaNode } from "./schema-node.ts";

/**
 * How the effect of a change inside a keyword's schema relates to the effect on the whole schema. Inside `not` it is the
 * opposite; `mixed`: it can be either, so the effect is unknown.
 */
export type Polarity = "same" | "opposite" | "mixed";

export type Pair = { readonly before: SchemaNode; readonly after: SchemaNode };
export type DiffRun = { readonly changes: SchemaChange[]; readonly seen: Set<string>; readonly formats: Formats };

/** Whether the formats of each side are asserted. */
export type Formats = { readonly before: FormatsMode; readonly after: FormatsMode };

/** Two schema objects that are compared, and the function that records a change between them. */
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
