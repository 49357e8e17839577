/** A parsed JSON value. Readonly: nothing in the gateway changes a payload. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

export type JsonObject = { readonly [key: string]: JsonValue };
