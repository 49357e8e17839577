import type { JsonValue } from "../json/json.ts";
import type { ChangeRule, Effect } from "./change-rules.ts";

/** One change between two versions. `before` and `after` are absent where there was or is nothing. */
export type SchemaChange = {
  readonly rule: ChangeRule;
  readonly effect: Effect;
  /**
   * RFC 6901 pointer into the later schema, or, of what was removed, into the earlier one. `/rules/<id>`, `/identity` and
   * `/formats` are outside the schema.
   */
  readonly pointer: string;
  readonly keyword: string;
  readonly before?: JsonValue;
  readonly after?: JsonValue;
};
