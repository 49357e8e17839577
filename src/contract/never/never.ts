import { isObject, type JsonValue } from "../../json/json.ts";
import { toJsonText } from "../../json/json-text.ts";
import { assertionsOf, type SchemaNode } from "../../inclusion/schema-node.ts";

/**
 * Something in a schema that nothing can ever pass, or that can never matter.
 *
 * - nothing: no value, or no value of a kind it speaks of, passes the schema it stands in.
 * - part: values pass, but this property is never present, this listed value or this branch never matches.
 */
export type Never = {
  readonly kind: "nothing" | "part";
  /** RFC 6901 pointer into the schema, to what is best changed. */
  readonly pointer: string;
  readonly message: string;
  readonly remedy: string;
};

/** Values in messages stay on one line of sensible length. They are the contract's own, never a payload's. */
export function quoted(value: unknown): string {
  const text = toJsonText(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** `/a/b`, or words for the whole schema. */
export function placeName(pointer: string): string {
  return pointer === "" ? "the schema itself" : pointer;
}

/** Whether it is `false`, or the way older drafts wrote it: somebody meant that nothing passes. */
export function isFalseByHand({ schema }: SchemaNode): boolean {
  if (typeof schema === "boolean") return !schema;
  const asserted = assertionsOf(schema);
  return asserted.length === 1 && asserted[0] === "not" && acceptsEverything(schema["not"]);
}

/** `true`, or a schema that asserts nothing. */
export function acceptsEverything(schema: JsonValue | undefined): boolean {
  return schema === true || (isObject(schema) && assertionsOf(schema).length === 0);
}
