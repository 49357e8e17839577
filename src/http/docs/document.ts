import type { FastifyDynamicSwaggerOptions, SwaggerTransform } from "@fastify/swagger";
import type { FastifySchema } from "fastify";
import type { RouteRole } from "../../access/roles.ts";
import type { Taken } from "../body/media.ts";
import { ANY_UNAVAILABLE, type ProblemsByStatus } from "../problems/codes.ts";
import { REGISTRY_TYPE } from "../registry/errors.ts";
import { bodiesOf, DOCUMENT, PREFER, RECORD_HEADERS } from "./bodies.ts";
import { problemAnswer, text } from "../schema-parts.ts";

// /openapi.json: the schemas of the routes, completed by the problems that every route may answer, and by bodies and headers.

/** The problems of every route: the server refuses the request before the route is asked. */
const REFUSED: ProblemsByStatus = {
  400: ["no-host", "two-hosts"],
  403: ["foreign-origin"],
  421: ["foreign-host"],
  503: ["overloaded", "starting"],
};
/** Those of a route that is not open to all. Keys are in the store. */
const KEY: ProblemsByStatus = {
  401: ["no-key", "bad-key", "bad-certificate", "key-ended"],
  403: ["role", "out-of-scope", "csrf"],
  429: ["over-limit"],
  503: ["provider-away", ANY_UNAVAILABLE],
};
/** Those of a route whose path has parameters. */
const PATH: ProblemsByStatus = { 400: ["bad-path"], 414: ["path-too-long"] };
/** Those of a route with a schema of its parameters. */
const PARAMETERS: ProblemsByStatus = { 400: ["bad-parameter"] };
/** Those of a route with a body. */
const UNREAD: ProblemsByStatus = {
  400: ["body-cut-short", "bad-framing", "bad-gzip"],
  408: ["too-slow"],
  413: ["body-too-large", "headers-too-large"],
  415: ["unsupported-media-type"],
};
/** A body where none is asked for. */
const UNASKED: ProblemsByStatus = { 415: ["unsupported-media-type"] };
const EVENTS: ProblemsByStatus = { 400: ["bad-cloudevent"] };

/** The same of a route of the registry, whose errors have numbers. */
const REGISTRY_REFUSED = {
  401: "No key, or none of this gateway",
  403: "The key is not for this, or the request comes from a page of another origin",
  421: "The server is not asked by this name",
  429: "Whoever asks has used as much as one may",
  503: "Too many bytes of bodies and answers are held, or the keys cannot be read from the store",
} as const;
const REGISTRY_UNREAD = {
  400: "The body cannot be read",
  408: "The body did not come in time",
  413: "The body is too large",
  415: "The body is of a kind that is not read here",
} as const;

/** The name of the security scheme. Since OpenAPI 3.1 a scheme of any type lists the roles that an operation asks for. */
const SCHEME = "key";

type Known = FastifySchema & { readonly hide?: boolean; readonly headers?: { readonly properties?: object } };

/** Completes the schema of a route: problems that every route may answer, the body, headers of requests with records. */
export const describeRoute: SwaggerTransform = ({ schema, url, route }) => {
  // A route that is hidden may have no schema.
  const known = (schema ?? {}) as Known;
  if (known.hide === true) return { schema: known, url };
  const { takes, role = "admin" } = route.config ?? {};
  const security = role === "public" ? [] : [{ [SCHEME]: [role] }];
  const errors = url.startsWith("/registry")
    ? registryErrors(url, takes)
    : problemAnswers(url, known, { ...route.config, mayHaveBody: ![route.method].flat().includes("GET") });
  const response = { ...errors, ...(known.response as object | undefined) };
  if (takes === undefined) return { schema: { ...known, security, response }, url };
  const isDocument = takes.includes("document");
  const headers = isDocument
    ? known.headers
    : {
        type: "object",
        properties: {
          ...RECORD_HEADERS,
          ...(takes.includes("lines") ? { prefer: PREFER } : {}),
          ...known.headers?.properties,
        },
      };
  const own = route.config?.body;
  const document = own === undefined ? DOCUMENT : { "application/json": { schema: own } };
  const body = { content: isDocument ? document : bodiesOf(takes) };
  return { schema: { ...known, security, response, body, ...(headers === undefined ? {} : { headers }) }, url };
};

type Declared = {
  readonly role?: RouteRole;
  readonly takes?: readonly Taken[];
  readonly problems?: ProblemsByStatus;
  /** Whether a client may send one, asked for or not: of a GET it is not read (RFC 9110, 9.3.1). */
  readonly mayHaveBody: boolean;
};

function problemAnswers(url: string, known: Known, { role, takes, mayHaveBody, problems: own = {} }: Declared): object {
  const isChecked = known.params !== undefined || known.querystring !== undefined;
  const lists = [
    REFUSED,
    role === "public" ? {} : KEY,
    url.includes(":") ? PATH : {},
    isChecked ? PARAMETERS : {},
    takes === undefined ? (mayHaveBody ? UNASKED : {}) : UNREAD,
    takes?.includes("event") === true ? EVENTS : {},
    own,
  ];
  const statuses = new Set(lists.flatMap((one) => Object.keys(one)));
  return Object.fromEntries(
    Array.from(statuses, (status) => [status, problemAnswer(lists.flatMap((one) => one[Number(status)] ?? []))]),
  );
}

function registryErrors(url: string, takes: readonly Taken[] | undefined): object {
  const schema = { type: "object", properties: { error_code: { type: "integer" }, message: text } };
  const words = Object.entries({ ...REGISTRY_REFUSED, ...(takes === undefined ? {} : REGISTRY_UNREAD) });
  const errors: Record<string, object> = {};
  for (const [status, description] of words) errors[status] = { description, content: { [REGISTRY_TYPE]: { schema } } };
  // The router refuses a path before it is known to be the registry's.
  if (url.includes(":")) errors["414"] = problemAnswer(["path-too-long"]);
  return errors;
}

/**
 * Gives each object with a title a name among the components, so that generated clients have one type for it. Objects with the same
 * title are taken to be the same as the first of them.
 */
export function withNames(document: object): object {
  const schemas = new Map<string, unknown>();
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== "object" || value === null) return value;
    const { title, example, examples, ...rest } = value as Readonly<Record<string, unknown>>;
    const visited = Object.fromEntries(Object.entries(rest).map(([key, one]) => [key, visit(one)]));
    const samples = { ...(example === undefined ? {} : { example }), ...(examples === undefined ? {} : { examples }) };
    if (typeof title !== "string" || rest["type"] !== "object")
      return { ...(title === undefined ? {} : { title }), ...visited, ...samples };
    if (!schemas.has(title)) schemas.set(title, { title, ...visited, ...samples });
    return { $ref: `#/components/schemas/${title}` };
  };
  const { components, ...named } = visit(document) as Readonly<Record<string, object>>;
  const { securitySchemes = {} } = (components ?? {}) as { readonly securitySchemes?: object };
  return { ...named, components: { securitySchemes, schemas: Object.fromEntries(schemas) } };
}

type Document = NonNullable<Extract<FastifyDynamicSwaggerOptions, { readonly openapi?: unknown }>["openapi"]>;

/** The document without its paths. @param version of the program. */
export function documentOf(version: string): Document {
  return {
    openapi: "3.1.0",
    info: {
      title: "SIGMA-AETL gateway",
      version,
      description:
        "Records in, decisions out. Errors are problems (RFC 9457); those under /registry are the registry's.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/", description: "The gateway that gave this document" }],
    // Each operation says its own.
    security: [],
    components: {
      securitySchemes: {
        [SCHEME]: {
          type: "http",
          scheme: "bearer",
          description: "A key of the gateway. What an operation lists is the role that it asks for",
        },
      },
    },
    tags: [{ name: "registry", description: "The contracts as a schema registry, to read" }],
  };
}
