import { refuseOutOfScope } from "../access/authenticate.ts";
import { LIMITS, type HttpDeps } from "../deps.ts";
import type { Routes } from "../route-types.ts";
import { answer } from "../schema-parts.ts";
import {
  boundFor,
  notifyVerdict,
  recordOf,
  sayVersion,
  TAKES,
  VERDICT_HEADERS,
  versionAsked,
} from "../validate/judge.ts";
import { referenceContract } from "./contract.ts";
import { judgeReference, VERDICT } from "./verdict.ts";

const VALIDATE = {
  operationId: "validateReference",
  summary: "The reference's validator: HTTP 200 for every JSON body",
  response: { 200: { ...answer("The verdict", VERDICT), headers: VERDICT_HEADERS } },
} as const;

const PROBLEMS = {
  400: ["malformed-accept-contract", "malformed-empty", "malformed-not-json", "malformed-not-utf8"],
  404: ["no-contract"],
  406: ["contract-not-acceptable"],
} as const;

/** `POST /api/validate`: the verdict in the words of the reference, for its clients. */
export function registerReference(app: Routes, deps: HttpDeps): void {
  const { bytesMax } = deps.contracts().limits;
  // The members that are set aside may be the record once more.
  const bodyBytesMax = 2 * bytesMax + LIMITS.envelopeBytes;
  app.post(
    "/api/validate",
    {
      schema: VALIDATE,
      config: { role: "validator", scope: "handler", takes: TAKES, problems: PROBLEMS, bodyBytesMax },
    },
    async (request, reply) => {
      const set = deps.contracts();
      const record = recordOf(request);
      const { contract, topic, version } = referenceContract(deps, set, record.headers);
      refuseOutOfScope(deps, request, { subject: contract.subject });
      const bound = boundFor(deps, set, contract, versionAsked(request, contract) ?? version, topic);
      const { decision, view, setAside } = judgeReference(record, bound, set, deps.reference?.setAside ?? []);
      sayVersion(deps, request, reply, contract, decision);
      if (setAside.length > 0) void reply.header("sigma-set-aside", setAside.join(", "));
      notifyVerdict(deps, "/api/validate", record, decision);
      return view;
    },
  );
}
