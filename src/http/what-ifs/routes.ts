import { contentsOf } from "../../core/contents.ts";
import type { WhatIfReport } from "../../rejudge/report.ts";
import type { WhatIfRun } from "../../rejudge/what-if/runs.ts";
import { jsonBody } from "../body/json-body.ts";
import type { HttpDeps } from "../deps.ts";
import { FLIP_COUNTS } from "../flip-counts.ts";
import { notFound, ProblemError } from "../problems/problem.ts";
import type { Routes } from "../route-types.ts";
import { answer, text, whole } from "../schema-parts.ts";
import { requestIn, RUN_BODY } from "./request.ts";

const TEXT_OR_NULL = { type: ["string", "null"] } as const;
const WHOLE_OR_NULL = { type: ["integer", "null"] } as const;

const POSITIONS = { type: "array", items: text } as const;

const EXAMPLES = {
  title: "FlipExamples",
  type: "object",
  description: "Positions of the first records of each kind, as topic/partition@offset",
  properties: {
    passToPass: POSITIONS,
    passToFail: POSITIONS,
    failToPass: POSITIONS,
    failToFailSame: POSITIONS,
    failToFailChanged: POSITIONS,
  },
} as const;

const GROUPS = {
  type: "array",
  items: {
    title: "FlipGroup",
    type: "object",
    required: ["name", "cause", "counts", "examples"],
    properties: {
      name: { ...text, description: "The producer, or the fingerprint" },
      cause: { ...TEXT_OR_NULL, description: "The cause in words; null for a producer" },
      counts: FLIP_COUNTS,
      examples: EXAMPLES,
    },
  },
} as const;

/** JSON Schema of what a run came to. */
const REPORT = {
  title: "WhatIfReport",
  type: "object",
  required: ["engine", "flips", "duplicates", "conflicts", "coverage", "digest"],
  properties: {
    engine: text,
    digest: { ...text, description: "Of the report without its examples" },
    duplicates: WHOLE_OR_NULL,
    conflicts: WHOLE_OR_NULL,
    flips: {
      type: "object",
      required: ["counts", "examples", "declared", "identityChanged", "producers", "fingerprints"],
      properties: {
        counts: FLIP_COUNTS,
        examples: EXAMPLES,
        declared: { ...FLIP_COUNTS, description: "Records that had declared the version themselves" },
        identityChanged: { ...whole, description: "Of those that pass before and after: they would be another fact" },
        producers: GROUPS,
        fingerprints: GROUPS,
      },
    },
    coverage: {
      type: "object",
      required: ["decided", "redecided", "otherVersions", "notRedecided"],
      properties: {
        decided: { ...whole, description: "Decided records that were looked at" },
        redecided: { ...whole, description: "The records that the matrix is of" },
        otherVersions: { ...whole, description: "Left out: another version than `of` had judged them" },
        notRedecided: {
          type: "object",
          required: ["bytesNotKept", "unreadable", "notInLog", "notStored"],
          properties: { bytesNotKept: whole, unreadable: whole, notInLog: whole, notStored: whole },
        },
      },
    },
  },
} as const;

const RUN_REQUIRED = [
  "id",
  "subject",
  "version",
  "digest",
  "of",
  "from",
  "to",
  "recordsMax",
  "state",
  "startedAt",
  "endedAt",
  "records",
  "newlyFailing",
  "limited",
  "trouble",
] as const;

const RUN_PROPERTIES = {
  id: text,
  subject: text,
  version: { ...whole, description: "The version that judges" },
  digest: text,
  of: { ...WHOLE_OR_NULL, description: "Only records that this version had judged; null: whichever had" },
  from: { ...TEXT_OR_NULL, description: "As it was asked" },
  to: TEXT_OR_NULL,
  recordsMax: whole,
  state: {
    enum: ["running", "done", "cancelled", "failed"],
    description: "A cancelled run reports of the records that it had read",
  },
  startedAt: text,
  endedAt: TEXT_OR_NULL,
  records: { ...whole, description: "Records looked at so far" },
  newlyFailing: { ...whole, description: "Of them, those that passed and would fail" },
  limited: { type: "boolean", description: "Whether it ended at `recordsMax`: the range may have more" },
  trouble: {
    description: "Why it failed; null when it did not",
    anyOf: [
      {
        type: "object",
        required: ["code", "message", "remedy"],
        properties: { code: text, message: text, remedy: text },
      },
      { type: "null" },
    ],
  },
} as const;

/** JSON Schema of a run in a list. */
const RUN = { title: "WhatIf", type: "object", required: RUN_REQUIRED, properties: RUN_PROPERTIES } as const;

/** JSON Schema of a run with its report. */
const RUN_DETAIL = {
  title: "WhatIfDetail",
  type: "object",
  required: [...RUN_REQUIRED, "report"],
  properties: {
    ...RUN_PROPERTIES,
    report: { description: "Null while it runs, and when it failed", anyOf: [REPORT, { type: "null" }] },
  },
} as const;

const ID = {
  type: "object",
  required: ["id"],
  properties: {
    id: { type: "string", pattern: "^[0-9a-f]{12}$", description: "Id of the what-if", examples: ["0f3c9a5be1d2"] },
  },
} as const;

const START = {
  operationId: "startWhatIf",
  summary: "Judge past records by a version that need not be live; nothing is stored, and the answer comes later",
  response: {
    202: { ...answer("It runs", RUN), headers: { location: { type: "string", description: "Path of the what-if" } } },
  },
} as const;

const LIST = {
  operationId: "listWhatIfs",
  summary: "What-ifs that this gateway remembers, newest first: the last 20 since it started",
  response: {
    200: answer("The list", {
      type: "object",
      required: ["whatIfs"],
      properties: { whatIfs: { type: "array", items: RUN } },
    }),
  },
} as const;

const ONE = {
  operationId: "whatIf",
  summary: "How far a what-if is, and what it came to: by producer and by cause, with positions and never a payload",
  params: ID,
  response: { 200: answer("The what-if", RUN_DETAIL) },
} as const;

const CANCEL = {
  operationId: "cancelWhatIf",
  summary: "End a what-if behind the records that it judges now; it reports of what it had read",
  params: ID,
  response: { 202: answer("The what-if", RUN) },
} as const;

const NOT_STARTED = {
  400: ["bad-parameter", "not-json"],
  404: ["unknown-contract"],
  409: ["what-if-running"],
} as const;
const UNKNOWN = { 404: ["unknown-what-if"] } as const;

/** What-ifs: begin one, look, cancel. They judge in a thread of their own, one at a time, and change nothing. */
export function registerWhatIfs(app: Routes, deps: HttpDeps): void {
  const { whatIfs } = deps;
  // Before the server waits for its requests: none of them waits for a what-if, but the process does.
  app.addHook("preClose", whatIfs.close);

  app.post(
    "/v1/what-ifs",
    { schema: START, config: { role: "operator", takes: ["document"], problems: NOT_STARTED, body: RUN_BODY } },
    async (request, reply) => {
      const run = whatIfs.start(requestIn(jsonBody(request), contentsOf(deps.contracts()), deps.now()));
      if (run === null) throw running();
      return reply.code(202).header("location", `/v1/what-ifs/${run.id}`).send(runView(run));
    },
  );

  app.get("/v1/what-ifs", { schema: LIST, config: { role: "viewer" } }, async (_, reply) =>
    reply.send({ whatIfs: whatIfs.all().map(runView) }),
  );

  app.get(
    "/v1/what-ifs/:id",
    { schema: ONE, config: { role: "viewer", problems: UNKNOWN } },
    async ({ params }, reply) => {
      const run = whatIfs.get(params.id);
      if (run === null) throw unknown();
      return reply.send({ ...runView(run), report: run.report === null ? null : reportView(run.report) });
    },
  );

  app.post(
    "/v1/what-ifs/:id/cancel",
    { schema: CANCEL, config: { role: "operator", problems: UNKNOWN } },
    async ({ params }, reply) => {
      const run = whatIfs.cancel(params.id);
      if (run === null) throw unknown();
      return reply.code(202).send(runView(run));
    },
  );
}

function runView(run: WhatIfRun) {
  const { id, subject, version, digest, of, from, to, recordsMax, state, records, newlyFailing, trouble } = run;
  const iso = (ms: number): string => new Date(ms).toISOString();
  return {
    id,
    subject,
    version,
    digest,
    of,
    from,
    to,
    recordsMax,
    state,
    records,
    newlyFailing,
    trouble,
    startedAt: iso(run.startedMs),
    endedAt: run.endedMs === null ? null : iso(run.endedMs),
    limited: run.isLimited,
  };
}

/** A report without what the run says already, and without the streams and sets that it names for its digest. */
function reportView({ engine, digest, duplicates, conflicts, flips, coverage }: WhatIfReport) {
  const { counts, examples, declared, identityChanged, producers, fingerprints } = flips;
  const { decided, redecided, otherVersions, notRedecided } = coverage;
  return {
    engine,
    digest,
    duplicates,
    conflicts,
    flips: { counts, examples, declared, identityChanged, producers, fingerprints },
    coverage: { decided, redecided, otherVersions, notRedecided },
  };
}

function running(): ProblemError {
  return new ProblemError({
    status: 409,
    code: "what-if-running",
    title: "Not started",
    detail: "This gateway judges past records already",
    remedy: "wait until that what-if is done, or cancel it: GET /v1/what-ifs",
  });
}

function unknown(): ProblemError {
  return notFound(
    "unknown-what-if",
    "This gateway knows no such what-if",
    "it is remembered by the gateway that ran it, until that stops: begin it again",
  );
}
