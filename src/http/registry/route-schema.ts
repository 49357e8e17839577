import type { FastifySchema } from "fastify";
import type { Answer } from "../schema-parts.ts";
import { REGISTRY_TYPE } from "./errors.ts";

// What the schemas of the registry's routes are made of.

/** Parameters of the paths. The pattern of a version is not stated: what is none is answered with the registry's own code. */
export const OF_SUBJECT = {
  params: {
    type: "object",
    required: ["subject"],
    properties: {
      subject: {
        type: "string",
        minLength: 1,
        maxLength: 260,
        description: "Name of the subject",
        examples: ["shipment"],
      },
    },
  },
} as const;
export const OF_VERSION = {
  params: {
    type: "object",
    required: ["subject", "version"],
    properties: {
      subject: {
        type: "string",
        minLength: 1,
        maxLength: 260,
        description: "Name of the subject",
        examples: ["shipment"],
      },
      version: {
        type: "string",
        maxLength: 20,
        description: "A version, latest, or -1 for the latest",
        examples: ["1"],
      },
    },
  },
} as const;

/** Whoever may ask how payloads are judged may read what judges them. */
export const READS = { role: "validator", scope: "contracts" } as const;

const ERROR = {
  type: "object",
  required: ["error_code", "message"],
  properties: { error_code: { type: "integer", minimum: 0 }, message: { type: "string" } },
} as const;

type RegistryAnswer<Schema> = Answer<typeof REGISTRY_TYPE, Schema>;

function answer<Schema>(description: string, schema: Schema): RegistryAnswer<Schema> {
  return { description, content: { [REGISTRY_TYPE]: { schema } } };
}

const error: RegistryAnswer<typeof ERROR> = answer("An error", ERROR);

/** The schema of a route: what is answered with 200, and the errors. */
type RouteSchema<Good, Errors extends number, More> = More & {
  readonly tags: readonly string[];
  readonly operationId: string;
  readonly summary: string;
  readonly response: { readonly 200: RegistryAnswer<Good> } & Readonly<Record<Errors, typeof error>>;
};

/** @param good what is answered. @param more `params` and `querystring`. */
export function route<const Good extends object, const More extends object>(
  operationId: string,
  summary: string,
  good: Good,
  more: More,
): RouteSchema<Good, 400 | 404 | 422, More> {
  const response = { 200: answer("The answer", good), 400: error, 404: error, 422: error };
  return { tags: ["registry"], operationId: `registry${operationId}`, summary, response, ...more };
}

/** The same for a route that looks at a schema which the request brings. */
export function questionRoute<const Good extends object, const More extends object>(
  operationId: string,
  summary: string,
  good: Good,
  more: More,
): RouteSchema<Good, 400 | 404 | 413 | 422 | 503, More> {
  const plain = route(operationId, summary, good, more);
  return { ...plain, response: { ...plain.response, 413: error, 503: error } };
}

/** The schema of a route that is always refused. No client has any use for it, so the document leaves it out. */
export function refusedRoute(method: string, url: string): FastifySchema {
  const id = url
    .split("/")
    .map((part) => capital(part.replace(":", "")))
    .join("");
  return {
    tags: ["registry"],
    operationId: `registry${capital(method.toLowerCase())}${id}`,
    hide: true,
    summary: "Not permitted: contracts come from files",
    response: { 422: error },
  };
}

/** A word that begins with a capital. */
function capital(word: string): string {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
}
