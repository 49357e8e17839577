import { DECLARATIONS } from "../core/compiled.ts";
import { answer, name, orNull, problem, text, whole, type Schemas } from "./schema-parts.ts";
import { VIOLATION } from "./violation-schema.ts";

// What the routes take and answer, for /openapi.json and for checking parameters. Bodies are bytes to us: they are
// documented here and judged by the contracts, never by the server's own validation.

const contractRef = {
  type: ["object", "null"],
  required: ["subject", "version", "digest"],
  properties: { subject: text, version: whole, digest: text },
};

const day = { type: ["string", "null"], format: "date" };
const deprecation = {
  type: "object",
  description: "The version that judges is deprecated: since when, until when, and what to move to",
  required: ["deprecated", "sunset", "successor"],
  properties: { deprecated: day, sunset: day, successor: { type: ["string", "null"] } },
};
/** Answers that tell of a version carry these. */
const standingHeaders = {
  contract: { ...text, description: "The version, as in shipment@1" },
  deprecation: { ...text, description: "Since when the version is deprecated, as @seconds (RFC 9745)" },
  sunset: { ...text, description: "When the version is to end, as an HTTP date (RFC 8594)" },
  link: { ...text, description: "describedby, successor-version, deprecation (RFC 8288)" },
};
const preferenceApplied = {
  "preference-applied": { ...text, description: "wait=N, or none where more records came than one answer holds" },
};
const setAside = {
  "sigma-set-aside": { ...text, description: "Members that were not judged, as http.set_aside has them" },
};
const acceptContract = {
  type: "object",
  properties: {
    "accept-contract": {
      ...text,
      description: "The versions the client takes, as in shipment@2, shipment@1;q=0.5; 406 when it would be another",
    },
  },
};

const stream = { ...text, description: "The very stream: a topic that is made anew has others" };

const decision = {
  title: "Decision",
  type: "object",
  required: ["status"],
  properties: {
    status: { enum: ["PASSED", "FAILED", "PENDING", "UNREADABLE"] },
    stream,
    topic: text,
    partition: whole,
    offset: whole,
    id: text,
    contract: contractRef,
    declaredBy: { enum: [...DECLARATIONS, null] },
    duplicate: { type: "boolean" },
    storedAt: text,
    erased: { type: "boolean", description: "Its bytes and its payload are gone, by an operator's word" },
    rawHash: { ...text, description: "SHA-256 of the record's value; absent when it was erased" },
    code: text,
    detail: text,
    fingerprint: text,
    errors: { type: "array", items: VIOLATION },
    deprecation,
  },
};

const position = {
  type: "object",
  required: ["stream", "partition", "offset"],
  properties: { stream, partition: whole, offset: whole },
};
const range = {
  type: "object",
  required: ["stream", "partition", "from", "to"],
  properties: { stream, partition: whole, from: whole, to: whole },
};
const topic = {
  type: "object",
  required: ["topic"],
  properties: { topic: { ...name, examples: ["sigma-aetl.shipments"] } },
};
const at = {
  type: "object",
  required: ["topic", "partition", "offset"],
  properties: {
    topic: { ...name, examples: ["sigma-aetl.shipments"] },
    partition: { type: "string", pattern: "^[0-9]{1,9}$", examples: ["0"] },
    offset: { type: "string", pattern: "^[0-9]{1,18}$", examples: ["0"] },
  },
};

const ofStream = {
  type: "object",
  properties: {
    stream: {
      type: "string",
      minLength: 1,
      maxLength: 512,
      description: "The very stream, as an append or a decision named it; without it the one that the topic has now",
    },
  },
};

export const eventSchemas: Schemas<"append"> = {
  append: {
    operationId: "appendEvents",
    summary: "Append records to a topic; acknowledged when they are durable",
    params: topic,
    response: {
      200: {
        ...answer("Decided while the client waited (Prefer: wait)", {
          type: "object",
          required: ["topic", "count", "decisions"],
          properties: { topic: text, count: whole, decisions: { type: "array", items: decision }, deprecation },
        }),
        headers: { ...standingHeaders, ...preferenceApplied },
      },
      202: {
        ...answer("Durable in the log; the decision follows", {
          type: "object",
          required: ["topic", "count"],
          properties: {
            topic: text,
            count: whole,
            positions: { type: "array", items: position, description: "Of each record; not of lines" },
            ranges: { type: "array", items: range, description: "Of lines: exactly the positions of this request" },
            deprecation,
          },
        }),
        headers: { ...standingHeaders, ...preferenceApplied },
      },
      400: problem,
      404: problem,
      406: problem,
      408: problem,
      413: problem,
      415: problem,
      503: problem,
    },
  },
};

const verdictAnswer = (schema: object) => ({
  ...answer("The verdict", schema),
  headers: { ...standingHeaders, ...setAside },
});
const notJudged = { 400: problem, 404: problem, 406: problem, 408: problem, 413: problem, 415: problem, 503: problem };

export const validateSchemas: Schemas<"reference" | "verdict"> = {
  reference: {
    operationId: "validateReference",
    summary: "The reference's validator: HTTP 200 for every JSON body",
    response: {
      200: verdictAnswer({
        type: "object",
        required: ["status"],
        properties: {
          status: { enum: ["PASSED", "FAILED"] },
          clean_data: {},
          reason: {
            enum: ["Schema validation failed", "Business rule violation", "Malformed payload", "No contract version"],
          },
          errors: { type: "array", items: { type: ["object", "string"] } },
          received_payload: {},
        },
      }),
      ...notJudged,
    },
  },
  verdict: {
    operationId: "validate",
    summary: "Judge one payload by a contract; nothing is stored",
    params: { type: "object", required: ["subject"], properties: { subject: name } },
    querystring: {
      type: "object",
      additionalProperties: false,
      properties: { version: { type: "string", pattern: "^[1-9][0-9]{0,8}$", examples: ["1"] } },
    },
    response: { 200: verdictAnswer(decision), ...notJudged },
  },
};

export const decisionSchemas: Schemas<"decision" | "raw"> = {
  decision: {
    operationId: "decisionAt",
    summary: "What became of one position",
    params: at,
    querystring: ofStream,
    response: {
      200: answer("The decision", decision),
      202: answer("In the log, not yet decided", decision),
      400: problem,
      404: problem,
      503: problem,
    },
  },
  raw: {
    operationId: "rawAt",
    summary: "The exact bytes of one position",
    params: at,
    querystring: ofStream,
    response: {
      200: answer("The bytes", { type: "string", format: "binary" }, "application/octet-stream"),
      400: problem,
      404: problem,
      410: problem,
      503: problem,
    },
  },
};

export const contractSchemas: Schemas<"list" | "offer" | "schema"> = {
  list: {
    operationId: "listContracts",
    summary: "The contract set in force",
    response: {
      200: answer("The set", {
        type: "object",
        required: ["digest", "contracts", "bindings"],
        properties: {
          digest: text,
          contracts: { type: "array", items: { type: "object" } },
          bindings: { type: "array", items: { type: "object" } },
          refused: {
            type: "array",
            items: text,
            description: "Why the last change of the contract files was not taken; empty when it was",
          },
        },
      }),
    },
  },
  offer: {
    operationId: "contract",
    summary: "What a contract offers to those who send: its versions, and which of them to write",
    params: { type: "object", required: ["subject"], properties: { subject: name } },
    headers: acceptContract,
    response: {
      200: {
        ...answer("The contract", {
          type: "object",
          required: ["subject", "owner", "description", "preferred", "topics", "versions", "contractSet"],
          properties: {
            subject: text,
            owner: text,
            description: text,
            preferred: { ...orNull(whole), description: "The version to write: the highest active one" },
            topics: {
              type: "array",
              items: {
                type: "object",
                required: ["topic", "default", "accepts"],
                properties: {
                  topic: text,
                  default: orNull(whole),
                  accepts: { type: ["array", "null"], items: whole },
                },
              },
            },
            versions: {
              type: "array",
              items: {
                type: "object",
                required: ["subject", "version", "status", "digest", "deprecated", "sunset", "successor", "schema"],
                properties: {
                  subject: text,
                  version: whole,
                  status: { enum: ["draft", "active", "deprecated", "retired"] },
                  digest: text,
                  deprecated: day,
                  sunset: day,
                  successor: orNull(whole),
                  schema: { ...text, description: "Path of the JSON Schema" },
                },
              },
            },
            contractSet: text,
          },
        }),
        headers: standingHeaders,
      },
      400: problem,
      404: problem,
      406: problem,
    },
  },
  schema: {
    operationId: "contractSchema",
    summary: "The JSON Schema of a version",
    params: {
      type: "object",
      required: ["subject", "version"],
      properties: { subject: name, version: { type: "string", pattern: "^[1-9][0-9]{0,8}$", examples: ["1"] } },
    },
    response: { 200: answer("The schema", {}, "application/schema+json"), 400: problem, 404: problem },
  },
} as const;
