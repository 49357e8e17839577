import { exactInteger } from "../../json/exact-integer.ts";
import { retentionStanding } from "../../retain/standing.ts";
import type { HttpDeps } from "../deps.ts";
import type { Routes } from "../route-types.ts";
import { answer, text, whole } from "../schema-parts.ts";

const TERM = { type: ["string", "null"], description: "As in 90d; null: for ever" } as const;

const FLOOR = {
  type: "object",
  required: [
    "stream",
    "topic",
    "partition",
    "documents",
    "collection",
    "beforeOffset",
    "removed",
    "at",
    "actor",
    "reason",
    "complete",
  ],
  properties: {
    stream: text,
    topic: text,
    partition: whole,
    documents: { enum: ["failed", "receipts", "facts", "evidence"] },
    collection: { ...text, description: "Of the failures or facts; empty for receipts and evidence" },
    beforeOffset: { ...whole, description: "Below this offset nothing is left; of facts, no payload" },
    removed: {
      ...whole,
      description:
        "How many documents went in all; of facts, how many became tombstones; of evidence, of how many records",
    },
    at: { ...text, description: "When the floor was last raised" },
    actor: text,
    reason: { ...text, description: "The term that said so" },
    complete: { type: "boolean", description: "False while documents are on their way out" },
  },
} as const;

const SCHEMA = {
  operationId: "retention",
  summary: "What is kept how long, and what is gone",
  response: {
    200: answer("The terms, and the floors of every stream", {
      type: "object",
      required: ["terms", "everyHours", "floors"],
      properties: {
        terms: {
          type: "object",
          required: ["failed", "receipts", "facts", "factsCollections", "evidence", "collections"],
          properties: {
            failed: TERM,
            receipts: TERM,
            facts: TERM,
            factsCollections: {
              type: "array",
              description: "Other terms for the facts of some collections",
              items: {
                type: "object",
                required: ["collection", "facts"],
                properties: { collection: text, facts: TERM },
              },
            },
            evidence: TERM,
            collections: {
              type: "array",
              description: "Other terms for the failures of some collections",
              items: {
                type: "object",
                required: ["collection", "failed"],
                properties: { collection: text, failed: TERM },
              },
            },
          },
        },
        everyHours: { type: ["integer", "null"], description: "How often this gateway takes away; null: never" },
        lastRun: {
          type: "object",
          description: "The last run of this gateway; absent: none yet",
          required: ["at", "announced", "faults"],
          properties: {
            at: text,
            announced: { ...whole, description: "How many documents it took, with the records whose evidence it took" },
            faults: { type: "array", items: text, description: "Why something stays that is too old" },
          },
        },
        floors: { type: "array", items: FLOOR },
      },
    }),
  },
} as const;

/** What retention keeps and took. */
export function registerRetention(app: Routes, { reads, retention }: HttpDeps): void {
  app.get("/v1/retention", { schema: SCHEMA, config: { role: "viewer" } }, async (_, reply) => {
    const floors = (await retentionStanding(reads)).map(({ kind, offset, isDone, ...floor }) => {
      return { ...floor, documents: kind, beforeOffset: exactInteger(offset), complete: isDone };
    });
    const { terms, everyHours, lastRun } = retention?.() ?? NOTHING_SET;
    return reply.send({ terms, everyHours, ...(lastRun === null ? {} : { lastRun }), floors });
  });
}

const NOTHING_SET = {
  terms: { failed: null, receipts: null, facts: null, factsCollections: [], evidence: null, collections: [] },
  everyHours: null,
  lastRun: null,
};
