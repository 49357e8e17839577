import { parsePayload } from "../core/payload.ts";
import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { refuseSchema } from "../schema/schema-lint.ts";
import { BODY_BYTES_MAX, type Refused } from "./question.ts";

const BODY = { bytesMax: BODY_BYTES_MAX, depthMax: 16 } as const;

/**
 * Limits for the schema in a body. A schema that lint accepts nests at most 64 schemas, each two steps below the other, and a
 * value below the last.
 */
const SCHEMA = { bytesMax: BODY_BYTES_MAX, depthMax: 256 } as const;

/**
 * The most objects in a schema, which is a little more than the number of schemas in it. The largest known contracts have a few
 * thousand.
 */
const OBJECTS_MAX = 20_000;

export type SchemaRead =
  | { readonly ok: true; readonly schema: JsonValue }
  | { readonly ok: false; readonly why: Refused };

/** Reads the schema of a body `{"schema": "<JSON text>", "schemaType": "JSON"}`. */
export function readSchema(body: Uint8Array): SchemaRead {
  const read = parsePayload(body, BODY);
  if (!read.ok || !isObject(read.payload)) {
    return { ok: false, why: { kind: "unreadable", message: "The body is no JSON object" } };
  }
  const { schema, schemaType } = read.payload;
  if (schemaType !== "JSON") return invalid("only schemas of type JSON are served here");
  if (typeof schema !== "string") return invalid("there is none in the body");
  const parsed = parsePayload(Buffer.from(schema), SCHEMA);
  return parsed.ok ? { ok: true, schema: parsed.payload } : invalid(parsed.reason.message);
}

/** Returns the schema if lint accepts it. A schema that lint refuses must not be compiled. */
export function usable(
  schema: JsonValue,
): { readonly ok: true; readonly schema: JsonObject | boolean } | { readonly ok: false; readonly why: Refused } {
  if (typeof schema !== "boolean" && !isObject(schema)) return invalid("a schema is an object, true or false");
  const [refused] = refuseSchema(schema);
  if (refused !== undefined) return invalid(`${refused.message} (at "${refused.pointer}")`);
  return { ok: true, schema };
}

/**
 * Whether a schema is too large to be compared for a client of the HTTP interface. The command line compares schemas of any
 * size.
 */
export function isTooLarge(schema: JsonValue): boolean {
  const open: JsonValue[] = [schema];
  let objects = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === null || typeof next !== "object") continue;
    if (!Array.isArray(next)) objects += 1;
    if (objects > OBJECTS_MAX) return true;
    for (const part of Object.values(next as JsonObject)) open.push(part);
  }
  return false;
}

function invalid(message: string): { readonly ok: false; readonly why: Refused } {
  return { ok: false, why: { kind: "invalid", message } };
}
