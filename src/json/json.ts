/**
 * A parsed JSON value. Readonly: nothing in the gateway changes a payload.
 *
 * A number is a double and stands for its shortest decimal form. A bigint stands where an integer was written that no double
 * keeps, and only there.
 */
export type JsonValue = null | boolean | number | bigint | string | readonly JsonValue[] | JsonObject;

export type JsonObject = { readonly [key: string]: JsonValue };

/** Whether a value is a JSON object: not null, and no list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
