/**
 * A parsed JSON value. Readonly: the gateway never changes a payload.
 *
 * A number is a double and means its shortest decimal form. A bigint occurs only for an integer that no double
 * represents.
 */
export type JsonValue = null | boolean | number | bigint | string | readonly JsonValue[] | JsonObject;

export type JsonObject = { readonly [key: string]: JsonValue };

/** Whether a value is a JSON object: not null and not a list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
