/* oxlint-disable typescript/no-unnecessary-type-assertion -- an exported literal may name another one only with its type */
import { CORRECTIONS, CORRECTS, FIRST_FAILED, REDRIVES, REPEATED_FACT, TAKEN } from "./failures/lineage.ts";

// JSON Schemas that several routes are made of. What is exported here is written out as literals: its type is the schema itself, and
// `Described` makes the type of the values of it.

export const text = { type: "string" } as const;
export const whole = { type: "integer", minimum: 0 } as const;
/** The name of a contract. */
export const name = {
  type: "string",
  minLength: 1,
  maxLength: 249,
  description: "Name of the contract",
  examples: ["shipment"],
} as const;
/** The version of a contract, where it is part of a path or a query. */
export const versionText = {
  type: "string",
  pattern: "^[1-9][0-9]{0,8}$",
  description: "Version of the contract",
  examples: ["1"],
} as const;
/** The name of a topic, as part of a path. */
export const topicName = {
  type: "string",
  minLength: 1,
  maxLength: 249,
  description: "Name of the topic",
  examples: ["sigma-aetl.shipments"],
} as const;

/** What is answered with one status. */
export type Answer<MediaType extends string, Schema> = {
  readonly description: string;
  readonly content: Readonly<Record<MediaType, { readonly schema: Schema }>>;
};

/** An answer of JSON. */
export function answer<const Schema extends object>(
  description: string,
  schema: Schema,
): Answer<"application/json", Schema> {
  return { description, content: { "application/json": { schema } } };
}

/** An answer of bytes or text: what is sent is not described by a schema. */
export function rawAnswer(
  description: string,
  mediaType: string,
  schema: Readonly<Record<string, unknown>>,
): Answer<string, unknown> {
  return { description, content: { [mediaType]: { schema } } };
}

const PROBLEM = {
  title: "Problem",
  type: "object",
  required: ["type", "title", "status", "detail", "instance", "code"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer", minimum: 0 },
    detail: { type: "string" },
    instance: { type: "string" },
    code: { type: "string" },
    remedy: { type: "string" },
    runbook: { type: "string", description: "The page of the documentation that says how to look and what to do" },
    byteOffset: { type: ["integer", "null"], description: "Where the body cannot be read" },
    pointer: { type: "string", description: "RFC 6901 pointer into the body: what cannot be read" },
    missing: { type: "array", items: { type: "string" }, description: "Attributes that a CloudEvent lacks" },
    line: { type: "integer", minimum: 0, description: "The line that is too long, from 1" },
    appended: { type: "integer", minimum: 0, description: "Records that were appended before the request failed" },
    ranges: {
      type: "array",
      description: "Where they lie",
      items: {
        type: "object",
        required: ["stream", "partition", "from", "to"],
        properties: {
          stream: { type: "string" },
          partition: { type: "integer", minimum: 0 },
          from: { type: "integer", minimum: 0 },
          to: { type: "integer", minimum: 0 },
        },
      },
    },
    available: {
      type: "array",
      description: "The versions that may be asked for",
      items: {
        type: "object",
        required: ["subject", "version"],
        properties: { subject: { type: "string" }, version: { type: "integer", minimum: 0 } },
      },
    },
    limit: {
      enum: ["requests", "bytes", "records", "topics", "producers", "groups"],
      description: "What whoever asks has used as much of as one may",
    },
    final: { type: "boolean", description: "Whether there never will be a decision at the position" },
    // Where retention took what was asked for: what is known all the same.
    fact: REPEATED_FACT as typeof REPEATED_FACT,
    taken: TAKEN as typeof TAKEN,
    redrives: REDRIVES as typeof REDRIVES,
    corrections: CORRECTIONS as typeof CORRECTIONS,
    firstFailed: FIRST_FAILED as typeof FIRST_FAILED,
    corrects: CORRECTS as typeof CORRECTS,
  },
} as const;

/** What every error answers (RFC 9457). `code` is stable; members after `remedy` are those of single codes. @param codes it may have. */
export function problemAnswer(codes: readonly string[]): Answer<"application/problem+json", typeof PROBLEM> {
  return { description: codes.join(", "), content: { "application/problem+json": { schema: PROBLEM } } };
}
