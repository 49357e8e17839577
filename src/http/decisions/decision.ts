import { describeFailure, failureCode, type FailureReason } from "../../core/failure.ts";
import type { ContractRef } from "../../core/compiled.ts";
import type { Decision } from "../../core/decide.ts";
import { originOf } from "../../core/origin.ts";
import { NO_REDACTION, type Redaction } from "../../failures/redact.ts";
import { hashBytes, wasErased } from "../../gateway/decided.ts";
import { exactInteger } from "../../json/exact-integer.ts";
import type { Violation } from "../../schema/violation.ts";
import type { SettledRow } from "../../store/store.ts";
import type { Described } from "../route-types.ts";

/** JSON Schema of a decision: one shape wherever a route answers one. */
export const DECISION = {
  title: "Decision",
  type: "object",
  required: ["status"],
  properties: {
    status: { enum: ["PASSED", "FAILED", "PENDING", "UNREADABLE"] },
    stream: { type: "string", description: "The very stream: a topic that is made anew has others" },
    topic: { type: "string" },
    partition: { type: "integer", minimum: 0 },
    offset: { type: "integer", minimum: 0 },
    origin: {
      title: "Origin",
      type: "object",
      description: "Where the record arrived, before a router moved it to its lane",
      required: ["stream", "topic", "partition", "offset"],
      properties: {
        stream: { type: "string" },
        topic: { type: "string" },
        partition: { type: "integer", minimum: 0 },
        offset: { type: "integer", minimum: 0 },
      },
    },
    id: { type: "string" },
    contract: {
      anyOf: [
        {
          type: "object",
          required: ["subject", "version", "digest"],
          properties: {
            subject: { type: "string" },
            version: { type: "integer", minimum: 0 },
            digest: { type: "string" },
          },
        },
        { type: "null" },
      ],
    },
    declaredBy: { enum: ["header", "cloudevents", "wire-format", "payload", "default", null] },
    duplicate: { type: "boolean" },
    storedAt: { type: "string" },
    erased: { type: "boolean", description: "Its bytes and its payload are gone, by an operator's word" },
    rawHash: { type: "string", description: "SHA-256 of the record's value; absent when it was erased" },
    code: { type: "string" },
    detail: { type: "string" },
    fingerprint: { type: "string" },
    errors: {
      type: "array",
      items: {
        type: "object",
        required: ["code", "detail"],
        properties: {
          code: { type: "string" },
          detail: { type: "string" },
          rule: { type: "string", description: "Of a broken rule: its id" },
          pointer: {
            type: "string",
            description: "RFC 6901 pointer into the payload; of a missing field, where it should be",
          },
          keyword: { type: "string" },
          schemaPath: { type: "string", description: "RFC 6901 pointer into the schema" },
          expected: { type: "string", description: "What the contract asks here, in words" },
          got: {
            type: "string",
            description: "The kind of value that is there, and the value where the contract shows it (x-show-value)",
          },
          bytes: {
            type: "array",
            items: { type: "integer", minimum: 0 },
            minItems: 2,
            maxItems: 2,
            description: "First byte of the value in the raw record, and the byte after the last",
          },
          branches: {
            type: "array",
            description: "The branches of anyOf and oneOf that the payload was taken to be meant for, outermost first",
            items: {
              type: "object",
              required: ["schemaPath", "pointer", "name", "chosenBy"],
              properties: {
                schemaPath: { type: "string" },
                pointer: { type: "string" },
                name: { type: "string" },
                chosenBy: { enum: ["field", "kind", "nearest"] },
              },
            },
          },
        },
      },
    },
    byteOffset: { type: ["integer", "null"], description: "Of a malformed payload: where in the raw record" },
    pointer: { type: ["string", "null"], description: "Of a malformed payload: RFC 6901 pointer, where there is one" },
    storedId: { type: "string", description: "Of a conflict: the id that both records claim" },
    storedDigest: { type: "string", description: "Of a conflict: SHA-256 of the stored payload (RFC 8785), hex" },
    digest: { type: "string", description: "Of a conflict: the same of this payload" },
    deprecation: {
      title: "Deprecation",
      type: "object",
      description: "The version that judges is deprecated: since when, until when, and what to move to",
      required: ["deprecated", "sunset", "successor"],
      properties: {
        deprecated: { type: ["string", "null"], format: "date" },
        sunset: { type: ["string", "null"], format: "date" },
        successor: { type: ["string", "null"] },
      },
    },
  },
} as const;

export type DecisionAnswer = Described<typeof DECISION>;

/** The members of a decision that say why it is FAILED. */
export type FailureAnswer = Pick<
  DecisionAnswer,
  "errors" | "byteOffset" | "pointer" | "storedId" | "storedAt" | "storedDigest" | "digest"
> & { readonly code: string; readonly detail: string };

type ErrorAnswer = NonNullable<DecisionAnswer["errors"]>[number];

/** Why a record is FAILED: the code, one line for people, and each violation. */
export function failureView(reason: FailureReason): FailureAnswer {
  const common = { code: failureCode(reason), detail: describeFailure(reason) };
  switch (reason.kind) {
    case "malformed":
      return { ...common, byteOffset: reason.byteOffset, pointer: reason.pointer };
    case "schema":
      return { ...common, errors: reason.violations.map(violationView) };
    case "rule":
      return {
        ...common,
        errors: reason.violations.map(({ id, message }): ErrorAnswer => ({ rule: id, code: "rule", detail: message })),
      };
    case "conflict": {
      const { storedId, storedAt, storedDigest, digest } = reason;
      return { ...common, storedId, storedAt, storedDigest, digest };
    }
    case "contract":
    case "store-rejected":
    case "unexplained":
    case "erased":
      return common;
  }
}

function violationView(violation: Violation): ErrorAnswer {
  return { ...violationMembers(violation), detail: violation.message };
}

/** The members of a violation that every answer has, whoever asks; the message is under another name in each. */
export function violationMembers(violation: Violation): ViolationMembers {
  const { pointer, keyword, schemaPath, expected, got, bytes, branches } = violation;
  return {
    pointer,
    keyword,
    schemaPath,
    expected,
    got,
    ...(bytes === undefined ? {} : { bytes }),
    ...(branches === undefined ? {} : { branches }),
    code: `schema-${keyword}`,
  };
}

type ViolationMembers = Pick<
  Violation,
  "pointer" | "keyword" | "schemaPath" | "expected" | "got" | "bytes" | "branches"
> & {
  readonly code: string;
};

/** A decision that is stored nowhere: of a payload that somebody asked about. */
export function decisionView(decision: Decision, redaction: Redaction = NO_REDACTION): DecisionAnswer {
  const { contract, declaredBy } = decision;
  if (decision.status === "PASSED") return { status: "PASSED", id: decision.id, contract, declaredBy };
  const { fingerprint, reason } = decision;
  return { status: "FAILED", contract, declaredBy, fingerprint, ...redactedView(contract, reason, redaction) };
}

function redactedView(contract: ContractRef | null, reason: FailureReason, redaction: Redaction): FailureAnswer {
  return failureView(redaction.reason(contract, reason));
}

/** A stored decision, without its payload. */
export function rowView(row: SettledRow, redaction: Redaction = NO_REDACTION): DecisionAnswer {
  const { stream, topic, partition, offset } = row.position;
  const origin = originOf(row.headers);
  const common: Omit<DecisionAnswer, "status"> = {
    stream,
    topic,
    partition,
    offset: exactInteger(offset),
    ...(origin === null ? {} : { origin: { ...origin, offset: exactInteger(origin.offset) } }),
    contract: row.contract,
    declaredBy: row.declaredBy,
    ...(wasErased(row) ? { erased: true } : { rawHash: hashBytes(row.raw) }),
  };
  switch (row.kind) {
    case "validated":
    case "erased":
      return { ...common, status: "PASSED", id: row.id };
    case "receipt":
      return { ...common, status: "PASSED", id: row.duplicateOf, duplicate: true, storedAt: row.storedAt };
    case "failed": {
      const { id, fingerprint, contract, reason } = row;
      return { ...common, status: "FAILED", id, fingerprint, ...redactedView(contract, reason, redaction) };
    }
  }
}
