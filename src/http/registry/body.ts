import type { FastifyRequest } from "fastify";
import type { JsonValue } from "../../json/json.ts";
import { parsePayload } from "../../core/payload.ts";
import { refuseSchema } from "../../schema/schema-lint.ts";
import type { Taken } from "../media.ts";
import { invalidSchema, RegistryError } from "./answers.ts";

/** What the registry reads: JSON of whatever name. */
export const TAKES: { readonly takes: readonly Taken[] } = { takes: ["document"] };

const LIMITS = { bytesMax: 4_194_304, depthMax: 64 } as const;

/** The schema a request brings: `{"schema": "<JSON text>", "schemaType": "JSON"}`. @throws RegistryError when it brings none. */
export function schemaIn(request: FastifyRequest): JsonValue {
  const body = parsePayload(request.body as Buffer, LIMITS);
  if (!body.ok || body.payload === null || typeof body.payload !== "object" || Array.isArray(body.payload)) {
    throw new RegistryError(400, "The body is no JSON object");
  }
  const { schema, schemaType } = body.payload as Readonly<Record<string, JsonValue>>;
  if (schemaType !== "JSON") throw invalidSchema("only schemas of type JSON are served here");
  if (typeof schema !== "string") throw invalidSchema("there is none in the body");
  const parsed = parsePayload(Buffer.from(schema), LIMITS);
  if (!parsed.ok) throw invalidSchema(parsed.reason.message);
  return parsed.payload;
}

/** The same, when it could be a version. @throws RegistryError with the first construct that could not. */
export function usableSchemaIn(request: FastifyRequest): boolean | Readonly<Record<string, JsonValue>> {
  const schema = schemaIn(request);
  if (typeof schema !== "boolean" && (schema === null || typeof schema !== "object" || Array.isArray(schema))) {
    throw invalidSchema("a schema is an object, true or false");
  }
  const usable = schema as boolean | Readonly<Record<string, JsonValue>>;
  const [refused] = refuseSchema(usable);
  if (refused !== undefined) throw invalidSchema(`${refused.message} (at "${refused.pointer}")`);
  return usable;
}
