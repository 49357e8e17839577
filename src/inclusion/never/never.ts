import { isObject, type JsonValue } from "../../json/json.ts";
import { toJsonText } from "../../json/json-text.ts";
import { assertionsOf, type SchemaNode } from "../schema-node.ts";

/**
 * A finding: a part of a schema that no value can ever pass, or that can never matter.
 *
 * - nothing: no value passes the schema that the part belongs to, or no value of one type does.
 * - part: values pass, but this property is never present, or this listed value or this branch never matches.
 */
export type Never = {
  readonly kind: "nothing" | "part";
  /** RFC 6901 pointer into the schema, to the part that should be changed. */
  readonly pointer: string;
  readonly message: string;
  readonly remedy: string;
};

/** A value for a message, as JSON of at most 60 characters. The value is always the contract's, never a payload's. */
export function quoted(value: unknown): string {
  const text = toJsonText(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** The pointer, as `/a/b`, or words for the whole schema. */
export function placeName(pointer: string): string {
  return pointer === "" ? "the schema itself" : pointer;
}

/** Whether the schema is `false` or `{"not": {}}`, as older drafts write it: the author meant that nothing passes. */
export function isFalseByHand({ schema }: SchemaNode): boolean {
  if (typeof schema === "boolean") return !schema;
  const asserted = assertionsOf(schema);
  return asserted.length === 1 && asserted[0] === "not" && acceptsEverything(schema["not"]);
}

/** Whether the schema is `true`, or an object without assertions. */
export function acceptsEverything(schema: JsonValue | undefined): boolean {
  return schema === true || (isObject(schema) && assertionsOf(schema).length === 0);
}
