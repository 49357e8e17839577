import type { FastifyDynamicSwaggerOptions, SwaggerTransform } from "@fastify/swagger";
import type { FastifySchema } from "fastify";
import type { Taken } from "../body/media.ts";
import { problemAnswer, text } from "../schema-parts.ts";

// What /openapi.json says beside what the routes' own schemas say: bodies, which are bytes to the server and are judged by
// contracts, the headers that every route of records reads, and what any route may answer.

/** An example that the shipment contract of the examples takes. */
const SHIPMENT = { shipment_id: "SHIP-1", weight_kg: 15.2, destination: "Dublin", priority: 2 } as const;

const event = {
  title: "CloudEvent",
  type: "object",
  description:
    "A CloudEvent 1.0 in structured mode; extensions beside these are texts, booleans or integers of 32 bits",
  required: ["specversion", "id", "source", "type"],
  properties: {
    specversion: { const: "1.0" },
    id: { ...text, minLength: 1 },
    source: { ...text, minLength: 1 },
    type: { ...text, minLength: 1 },
    subject: text,
    time: { ...text, format: "date-time" },
    datacontenttype: text,
    dataschema: { ...text, description: "Declares the version, as in sigma:shipment@1" },
    partitionkey: { ...text, description: "Key of the record" },
    data: { description: "The payload" },
    data_base64: { ...text, description: "The payload's bytes, instead of data" },
  },
} as const;

const EVENT = {
  specversion: "1.0",
  id: "e-1",
  source: "/warehouse/north",
  type: "shipment.made",
  data: SHIPMENT,
} as const;

type Media = { readonly schema: object; readonly examples: readonly unknown[] };

/** Each kind of body by the media type under which it is documented. */
const BODIES: Readonly<Record<Exclude<Taken, "document">, readonly [mediaType: string, Media]>> = {
  payload: [
    "application/json",
    {
      schema: {
        title: "Payload",
        type: "object",
        additionalProperties: true,
        description: "One payload, as its contract has it",
      },
      examples: [SHIPMENT],
    },
  ],
  lines: [
    "application/x-ndjson",
    { schema: { ...text, description: "Payloads, one on each line" }, examples: [`${JSON.stringify(SHIPMENT)}\n`] },
  ],
  event: ["application/cloudevents+json", { schema: event, examples: [EVENT] }],
  events: ["application/cloudevents-batch+json", { schema: { type: "array", items: event }, examples: [[EVENT]] }],
};

const DOCUMENT = {
  "application/vnd.schemaregistry.v1+json": {
    schema: {
      title: "SchemaText",
      type: "object",
      required: ["schema", "schemaType"],
      properties: { schema: { ...text, description: "JSON text of a schema" }, schemaType: { const: "JSON" } },
      examples: [{ schema: '{"type":"object"}', schemaType: "JSON" }],
    },
  },
} as const;

/** Headers of a request that carries records: the same on every such route. */
const RECORD_HEADERS = {
  "sigma-contract": { ...text, description: "Declares the version, as in shipment@1; Contract means the same" },
  "sigma-producer": { ...text, description: "Who sends, for the traffic of a version" },
  "sigma-key": { ...text, description: "Key of the records: equal keys go to one partition, in order" },
  "sigma-key-field": {
    ...text,
    description: "Field that has the key of each record, as in /order_id; without either it is the record's identity",
  },
  "accept-contract": {
    ...text,
    description: "The versions the client takes, as in shipment@2, shipment@1;q=0.5; 406 when it would be another",
  },
  "content-encoding": { enum: ["identity", "gzip", "x-gzip"], description: "How the body is packed" },
  traceparent: { ...text, description: "W3C Trace Context" },
  tracestate: { ...text, description: "W3C Trace Context" },
} as const;

const PREFER = {
  ...text,
  description: "wait=N: answer with the decisions when they come within N seconds, at most 30",
};

/** What every route may answer before it is asked: by name, and by the page that asks; and how many bytes are held. */
const REFUSED = {
  403: "The request comes from a page of another origin",
  421: "The server is not asked by this name",
  503: "Too many bytes of bodies and answers are held",
} as const;

/** What every route with a body may answer as well. */
const UNREAD = {
  400: "The body cannot be read",
  408: "The body did not come in time",
  413: "The body is too large",
  415: "The body is of a kind that is not read here",
} as const;

/** Completes what a route says of itself. */
export const describeRoute: SwaggerTransform = ({ schema, url, route }) => {
  // Absent for what is hidden.
  const known = (schema ?? {}) as FastifySchema & {
    readonly hide?: boolean;
    readonly headers?: { readonly properties?: object };
  };
  if (known.hide === true) return { schema: known, url };
  const { takes } = route.config ?? {};
  const registry = url.startsWith("/registry");
  const errors = Object.fromEntries(
    Object.entries({ ...REFUSED, ...(takes === undefined ? {} : UNREAD) }).map(([status, description]) => [
      status,
      errorAnswer(description, registry),
    ]),
  );
  // Of the router, which knows no registry.
  const tooLong = url.includes(":") ? { 414: problemAnswer("A part of the path is too long") } : {};
  const response = { ...errors, ...tooLong, ...(known.response as object | undefined) };
  if (takes === undefined) return { schema: { ...known, response }, url };
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
  const body = { content: isDocument ? DOCUMENT : bodiesOf(takes) };
  return { schema: { ...known, response, body, ...(headers === undefined ? {} : { headers }) }, url };
};

function bodiesOf(takes: readonly Taken[]): object {
  const kinds = takes.filter((one) => one !== "document");
  return Object.fromEntries(
    kinds.map((kind) => {
      const [mediaType, { schema, examples }] = BODIES[kind];
      return [mediaType, { schema: { ...schema, examples } }];
    }),
  );
}

function errorAnswer(description: string, registry: boolean): object {
  if (!registry) return problemAnswer(description);
  const schema = { type: "object", properties: { error_code: { type: "integer" }, message: text } };
  return { description, content: { "application/vnd.schemaregistry.v1+json": { schema } } };
}

/**
 * Gives what has a title a name of its own, so that generated clients have one type for it. The first with a title stands for
 * all of that title.
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
  const named = visit(document) as object;
  return { ...named, components: { schemas: Object.fromEntries(schemas) } };
}

type Document = NonNullable<Extract<FastifyDynamicSwaggerOptions, { readonly openapi?: unknown }>["openapi"]>;

/** The document's own part. */
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
    // There is no authentication yet: the server is bound to the loopback interface, or stands behind a proxy that has one.
    security: [],
    tags: [{ name: "registry", description: "The contracts as a schema registry, to read" }],
  };
}
