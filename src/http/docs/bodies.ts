import type { Taken } from "../body/media.ts";
import { text } from "../schema-parts.ts";

// Bodies and headers of requests in /openapi.json. Contracts judge bodies, and the server only counts their bytes: no schema of a body is
// used for anything but the document.

/** A payload that passes the shipment contract of the examples. */
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
  records: [
    "application/vnd.sigma.evidence",
    {
      schema: { ...text, format: "binary", description: "Records of one stream, as docs/evidence.md has them" },
      examples: ["SIGE"],
    },
  ],
  event: ["application/cloudevents+json", { schema: event, examples: [EVENT] }],
  events: ["application/cloudevents-batch+json", { schema: { type: "array", items: event }, examples: [[EVENT]] }],
};

/** The body of a request of the registry: a schema. */
export const DOCUMENT: Readonly<Record<string, object>> = {
  "application/vnd.schemaregistry.v1+json": {
    schema: {
      title: "SchemaText",
      type: "object",
      required: ["schema", "schemaType"],
      properties: { schema: { ...text, description: "JSON text of a schema" }, schemaType: { const: "JSON" } },
      examples: [{ schema: '{"type":"object"}', schemaType: "JSON" }],
    },
  },
};

/** Headers of a request with records: the same on every such route. */
export const RECORD_HEADERS: Readonly<Record<string, object>> = {
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
};

/** The header by which a client waits for decisions. */
export const PREFER: object = {
  ...text,
  description: "wait=N: answer with the decisions when they come within N seconds, at most 30",
};

/** The content of a body, by media type, with an example of each. */
export function bodiesOf(takes: readonly Taken[]): object {
  const kinds = takes.filter((one) => one !== "document");
  return Object.fromEntries(
    kinds.map((kind) => {
      const [mediaType, { schema, examples }] = BODIES[kind];
      return [mediaType, { schema: { ...schema, examples } }];
    }),
  );
}
