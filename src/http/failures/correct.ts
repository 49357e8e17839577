import { correctFailure, type CorrectRefusal } from "../../failures/lineage/correct.ts";
import { exactInteger } from "../../json/exact-integer.ts";
import { jsonBody } from "../body/json-body.ts";
import { operatorIn } from "../access/operator.ts";
import { onlyMembers, textIn, type Body } from "../body/members.ts";
import type { HttpDeps } from "../deps.ts";
import { ANY_UNAVAILABLE } from "../problems/codes.ts";
import { badRequest, ProblemError } from "../problems/problem.ts";
import type { Routes } from "../route-types.ts";
import { answer, text } from "../schema-parts.ts";
import { findFailure, ID } from "./routes.ts";

const CORRECT = {
  operationId: "correctFailure",
  summary: "Send corrected bytes of a failure, as a new record in its topic; the failure stays as it is",
  params: ID,
  response: {
    202: answer("Durable in the log; the decision follows", {
      type: "object",
      required: ["id", "failure", "failedDigest", "correctedDigest", "stream", "offset"],
      properties: {
        id: { ...text, description: "The record names it in the header sigma-correction" },
        failure: { ...text, description: "Id of the failure" },
        failedDigest: { ...text, description: "SHA-256 of the bytes that failed, hex" },
        correctedDigest: { ...text, description: "SHA-256 of the new bytes, hex" },
        stream: text,
        offset: { type: "integer", minimum: 0 },
      },
    }),
  },
} as const;

const BODY: object = {
  type: "object",
  required: ["reason"],
  examples: [{ actor: "ann", reason: "the producer wrote kg as text", text: '{"shipment_id":"S-1","weight_kg":12.5}' }],
  properties: {
    actor: { ...text, description: "Who corrects it; with a key it is the key, and without one it is required" },
    reason: { ...text, description: "Why; kept for ever" },
    text: { ...text, description: "The whole new value as text; its UTF-8 bytes are the record" },
    base64: { ...text, description: "The same in base64, for bytes that are no text" },
    contract: { ...text, description: "The version that the new record declares, as shipment@2" },
  },
};

const REFUSED = [
  "evidence-gone",
  "unchanged",
  "empty",
  "too-large",
  "already-corrected",
  "unknown-version",
  "no-source",
  "stream-halted",
] as const;

const PROBLEMS = {
  400: ["bad-parameter", "not-json"],
  404: ["unknown-failure"],
  409: REFUSED,
  410: ["taken"],
  503: [ANY_UNAVAILABLE],
} as const;

/** `POST /v1/failures/{id}/correct`. */
export function registerCorrections(app: Routes, deps: HttpDeps): void {
  app.post(
    "/v1/failures/:id/correct",
    {
      schema: CORRECT,
      config: { role: "operator", scope: "handler", takes: ["document"], problems: PROBLEMS, body: BODY },
    },
    async (request, reply) => {
      const body = jsonBody(request);
      onlyMembers(body, ["actor", "reason", "text", "base64", "contract"]);
      const operator = operatorIn(request, body, deps.now());
      const ref = body["contract"] === undefined ? null : textIn(body, "contract");
      const asked = { bytes: bytesIn(body), ref, operator };
      const failure = await findFailure(deps, request, request.params.id);
      const { store, newId } = deps.redrives;
      const correcting = { store, log: deps.log, lookup: deps.lookup, contracts: deps.contracts(), newId };
      const corrected = await correctFailure(correcting, failure, asked);
      if ("code" in corrected) throw problemOf(corrected);
      const { id, failure: of, failedDigest, correctedDigest, place } = corrected;
      const { stream, offset } = place;
      return reply
        .code(202)
        .send({ id, failure: of, failedDigest, correctedDigest, stream, offset: exactInteger(offset) });
    },
  );
}

/** The new value. @throws ProblemError 400 */
function bytesIn(body: Body): Uint8Array {
  const { text: asText, base64 } = body;
  if ((asText === undefined) === (base64 === undefined))
    throw badRequest("bad-parameter", "The body must have one of the members text and base64");
  if (typeof asText === "string" && asText.isWellFormed()) return Buffer.from(asText);
  const isBase64 = typeof base64 === "string" && /^[A-Za-z0-9+/]*={0,2}$/.test(base64) && base64.length % 4 === 0;
  if (isBase64) return Buffer.from(base64, "base64");
  const what = base64 === undefined ? "text must be a text" : "base64 must be base64 with its padding";
  throw badRequest("bad-parameter", `The member ${what}`);
}

function problemOf({ code, message, remedy }: CorrectRefusal): ProblemError {
  return new ProblemError({ status: 409, code, title: "Not corrected", detail: message, remedy });
}
