import { decideBound } from "../../core/decide.ts";
import { toJsonText } from "../../json/json-text.ts";
import { DECISION, decisionView } from "../decisions/decision.ts";
import type { HttpDeps } from "../deps.ts";
import { contractNamed, withDeprecation } from "../negotiation.ts";
import { bareRecord, withRequestHeaders } from "../records/records.ts";
import type { Routes } from "../route-types.ts";
import { answer, name, text, versionText } from "../schema-parts.ts";
import { boundFor, notifyVerdict, recordOf, sayVersion, TAKES, VERDICT_HEADERS, versionAsked } from "./judge.ts";

const VALIDATE = {
  operationId: "validate",
  summary: "Judge one payload by a contract; nothing is stored",
  params: { type: "object", required: ["subject"], properties: { subject: name } },
  querystring: { type: "object", additionalProperties: false, properties: { version: versionText } },
  response: { 200: { ...answer("The verdict", DECISION), headers: VERDICT_HEADERS } },
} as const;

const PROBLEMS = {
  400: ["malformed-accept-contract"],
  404: ["unknown-contract"],
  406: ["contract-not-acceptable"],
} as const;

const BATCH = {
  operationId: "validateBatch",
  summary: "Judge many payloads by a contract, one on each line; nothing is stored",
  params: VALIDATE.params,
  querystring: VALIDATE.querystring,
  response: {
    200: {
      description:
        "The verdicts, one on each line, in the order of the payloads, as `POST /v1/validate/{subject}` has them",
      content: { "application/x-ndjson": { schema: text } },
    },
  },
} as const;

const BATCH_PROBLEMS = { 404: ["unknown-contract"] } as const;

/** Bytes of all lines of a batch together. */
const BATCH_BYTES_MAX = 16_777_216;
const NEWLINE = 10;

/** The lines of a body that are not blank. */
function linesOf(body: Buffer): readonly Buffer[] {
  const lines: Buffer[] = [];
  for (let from = 0; from < body.length;) {
    const found = body.indexOf(NEWLINE, from);
    const to = found === -1 ? body.length : found;
    const end = to > from && body[to - 1] === 13 ? to - 1 : to;
    if (end > from) lines.push(body.subarray(from, end));
    from = to + 1;
  }
  return lines;
}

/** `POST /v1/validate/{subject}/batch`: the verdicts of a contract on many payloads. */
function registerBatch(app: Routes, deps: HttpDeps): void {
  app.post(
    "/v1/validate/:subject/batch",
    {
      schema: BATCH,
      config: {
        role: "validator",
        takes: ["lines"],
        whole: true,
        problems: BATCH_PROBLEMS,
        bodyBytesMax: BATCH_BYTES_MAX,
      },
    },
    async (request, reply) => {
      const set = deps.contracts();
      const contract = contractNamed(deps, request.params.subject);
      const asked = request.query.version === undefined ? null : Number(request.query.version);
      const bound = boundFor(deps, set, contract, asked, null);
      const declare = withRequestHeaders(request);
      const verdicts = linesOf(request.body as Buffer).map((line) => {
        const record = declare(bareRecord(line));
        const decision = decideBound(record, bound, set.limits);
        notifyVerdict(deps, "/v1/validate", record, decision);
        return `${toJsonText(decisionView(decision, deps.redaction))}\n`;
      });
      return reply.header("content-type", "application/x-ndjson").send(verdicts.join(""));
    },
  );
}

/** `POST /v1/validate/{subject}`: the verdict of a contract on one payload. */
export function registerValidate(app: Routes, deps: HttpDeps): void {
  registerBatch(app, deps);
  app.post(
    "/v1/validate/:subject",
    { schema: VALIDATE, config: { role: "validator", takes: TAKES, problems: PROBLEMS } },
    async (request, reply) => {
      const set = deps.contracts();
      const contract = contractNamed(deps, request.params.subject);
      const record = recordOf(request);
      const asked = request.query.version === undefined ? null : Number(request.query.version);
      const bound = boundFor(deps, set, contract, asked ?? versionAsked(request, contract), null);
      const decision = decideBound(record, bound, set.limits);
      sayVersion(deps, request, reply, contract, decision);
      notifyVerdict(deps, "/v1/validate", record, decision);
      return withDeprecation(deps, decision.contract, decisionView(decision, deps.redaction));
    },
  );
}
