import type { ContractSet } from "../../core/contract-set.ts";
import { candidateFrom, type Candidate } from "../../rejudge/candidate.ts";
import { parseBound, type Bound } from "../../rejudge/what-if/range.ts";
import type { WhatIfRequest } from "../../rejudge/what-if/runs.ts";
import { numberIn, numberOrNullIn, onlyMembers, textIn, type Body } from "../body/members.ts";
import { badRequest, notFound } from "../problems/problem.ts";
import { text, whole } from "../schema-parts.ts";

const RECORDS = 1_000_000;
const RECORDS_MAX = 10_000_000;
/** Positions that are named for each kind of flip, in the whole and in each group. */
const EXAMPLES = 5;
/** Where a range begins without `from`. */
const FROM = "7d";

/** JSON Schema of the body that begins a run. */
export const RUN_BODY: object = {
  type: "object",
  required: ["subject", "version"],
  examples: [{ subject: "shipment", version: 1, from: "24h", records: 1000 }],
  properties: {
    subject: text,
    version: { ...whole, description: "The version that is to judge, in any state" },
    of: { type: ["integer", "null"], description: "Only records that this version had judged" },
    from: { ...text, description: "Records from here on: 24h, 7d, RFC 3339, or topic/partition@offset; 7d without it" },
    to: { ...text, description: "Records before this, written in the same way" },
    records: { ...whole, description: "About so many records at most, 1 to 10,000,000; 1,000,000 without it" },
  },
};

/** What a body asks for. @throws ProblemError that says what cannot be read, or which version there is not. */
export function requestIn(body: Body, set: ContractSet, nowMs: number): WhatIfRequest {
  onlyMembers(body, ["subject", "version", "of", "from", "to", "records"]);
  const candidate = candidateIn(set, textIn(body, "subject"), numberIn(body, "version"));
  const from = optionalText(body, "from") ?? FROM;
  const to = optionalText(body, "to");
  const range = { from: boundOf("from", from, nowMs), to: boundOf("to", to, nowMs) };
  const recordsMax = numberOrNullIn(body, "records") ?? RECORDS;
  if (recordsMax > RECORDS_MAX)
    throw badRequest("bad-parameter", `The member records must be an integer from 1 to ${RECORDS_MAX}`);
  const question = { candidate, of: numberOrNullIn(body, "of"), range, examplesMax: EXAMPLES };
  return { question, from, to, recordsMax };
}

function candidateIn(set: ContractSet, subject: string, version: number): Candidate {
  const candidate = candidateFrom(set, subject, version);
  if (candidate !== null) return candidate;
  const known = set.contracts.flatMap((one) => one.versions.map(({ version: number }) => `${one.subject}@${number}`));
  throw notFound(
    "unknown-contract",
    "There is no such contract version",
    `use one of: ${known.slice(0, 20).join(", ")}`,
  );
}

function optionalText(body: Body, name: string): string | null {
  return (body[name] ?? null) === null ? null : textIn(body, name);
}

function boundOf(name: string, written: string | null, nowMs: number): Bound | null {
  if (written === null) return null;
  const bound = parseBound(written, nowMs);
  if (bound !== null) return bound;
  throw badRequest(
    "bad-parameter",
    `The member ${name} is no time, age or position: write 24h, 7d, 2026-03-01T12:00:00Z or topic/partition@offset`,
  );
}
