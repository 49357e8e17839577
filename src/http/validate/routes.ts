import { decideBound } from "../../core/decide.ts";
import { DECISION, decisionView } from "../decisions/decision.ts";
import type { HttpDeps } from "../deps.ts";
import { contractNamed, withDeprecation } from "../negotiation.ts";
import type { Routes } from "../route-types.ts";
import { answer, name, versionText } from "../schema-parts.ts";
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

/** `POST /v1/validate/{subject}`: the verdict of a contract on one payload. */
export function registerValidate(app: Routes, deps: HttpDeps): void {
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
