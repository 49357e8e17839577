import type { JsonValue } from "../json/json.ts";
import type { ChangeRule, Effect } from "./change-rules.ts";

/** One change between two versions. `before` or `after` is absent when the part did not exist in that version. */
export type SchemaChange = {
  readonly rule: ChangeRule;
  readonly effect: Effect;
  /**
   * RFC 6901 pointer into the later schema, or, for a removed part, into the earlier schema. `/rules/<id>`, `/identity` and
   * `/formats` are outside the schema.
   */
  readonly pointer: string;
  readonly keyword: string;
  readonly before?: JsonValue;
  readonly after?: JsonValue;
};
