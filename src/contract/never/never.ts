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
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** `/a/b`, or words for the whole schema. */
export function placeName(pointer: string): string {
  return pointer === "" ? "the schema itself" : pointer;
}
