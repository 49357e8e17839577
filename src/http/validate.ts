import type { FastifyInstance, FastifyRequest } from "fastify";
import {
  compileBinding,
  type CompiledBinding,
  type CompiledContract,
  type CompiledContractSet,
} from "../core/compile.ts";
import type { Binding } from "../core/contract-set.ts";
import { decide, decideBound, type Decision } from "../core/decide.ts";
import type { Violation } from "../schema/violation.ts";
import type { JsonValue } from "../json/json.ts";
import { parseValue } from "../core/payload.ts";
import type { Header } from "../core/record.ts";
import { CONTRACT_HEADER } from "../core/resolve.ts";
import { plainBytes } from "./body.ts";
import { LIMITS, type HttpDeps } from "./deps.ts";
import {
  acceptedContracts,
  contractNamed,
  negotiatedVersion,
  refuseUnaccepted,
  replyWithStandings,
  standingsOf,
  withDeprecation,
} from "./negotiation.ts";
import { badRequest, notFound } from "./problem.ts";
import { validateSchemas } from "./schemas.ts";
import { decisionView, failureView } from "./views.ts";

/** Asking for a verdict. Nothing is stored and nothing is a decision of record. */
export function registerValidate(app: FastifyInstance, deps: HttpDeps): void {
  app.post("/api/validate", { schema: validateSchemas.reference }, async (request) => {
    const set = deps.contracts();
    const [bound] = set.byTopic.values();
    if (bound === undefined) throw notFound("no-contract", "No topic is bound to a contract");
    const value = bodyOf(request, set);
    const decision = decide({ topic: bound.binding.topic, headers: declared(request), value }, set);
    return referenceView(decision, value, set);
  });

  app.post<{ Params: { subject: string }; Querystring: { version?: string } }>(
    "/v1/validate/:subject",
    { schema: validateSchemas.verdict },
    async (request, reply) => {
      const set = deps.contracts();
      const contract = contractNamed(deps, request.params.subject);
      const headers = declared(request);
      const accepted = acceptedContracts(request);
      // What the client takes says which version is meant, unless it said so outright.
      const wanted = request.query.version === undefined ? null : Number(request.query.version);
      const version =
        wanted ?? (accepted === null || headers.length > 0 ? null : negotiatedVersion(contract, accepted));
      const bound = boundFor(set, contract, version);
      const decision = decideBound({ headers, value: bodyOf(request, set) }, bound, set.limits);
      const refs = decision.contract === null ? [] : [decision.contract];
      if (accepted !== null && refs.length > 0) refuseUnaccepted(contract, accepted, refs);
      replyWithStandings(reply, standingsOf(deps, refs));
      return withDeprecation(deps, decisionView(decision));
    },
  );
}

function bodyOf(request: FastifyRequest, set: CompiledContractSet): Buffer {
  return plainBytes(request.body as Buffer, request.headers, set.limits.bytesMax + LIMITS.envelopeBytes);
}

function declared({ headers }: FastifyRequest): readonly Header[] {
  const value = headers[CONTRACT_HEADER] ?? headers["contract"];
  return typeof value === "string" ? [[CONTRACT_HEADER, Buffer.from(value)]] : [];
}

/** A binding for one question: the version asked for, or the default of the subject's topic. */
function boundFor(set: CompiledContractSet, contract: CompiledContract, version: number | null): CompiledBinding {
  const { subject } = contract;
  const topic = [...set.byTopic.values()].find((bound) => bound.contract === contract);
  const defaultVersion = version ?? topic?.binding.defaultVersion ?? null;
  const binding: Binding = { ...(topic?.binding ?? { topic: subject, subject }), defaultVersion };
  return compileBinding(binding, contract, set.schemaIds);
}

/**
 * The answer existing clients know: HTTP 200 for every JSON body, `clean_data` or `reason`, `errors` and
 * `received_payload`. Bytes that are not JSON are a problem 400, as there is no payload to show.
 */
function referenceView(decision: Decision, value: Buffer, set: CompiledContractSet): unknown {
  if (decision.status === "PASSED") return { status: "PASSED", clean_data: decision.payload };
  const { reason } = decision;
  // What the boundary refused is not shown: parsed, it would hide what is wrong with it.
  const parsed = reason.kind === "malformed" ? null : parseValue(value, set.limits);
  const payload: JsonValue = parsed?.ok === true ? parsed.payload : null;
  const failed = (words: string, errors: readonly unknown[]) => ({
    status: "FAILED",
    reason: words,
    errors,
    received_payload: payload,
  });
  switch (reason.kind) {
    case "schema":
      return failed("Schema validation failed", reason.violations.map(referenceError));
    case "rule":
      return failed(
        "Business rule violation",
        reason.violations.map(({ message }) => message),
      );
    case "malformed":
      if (reason.code === "not-json" || reason.code === "not-utf8" || reason.code === "empty") {
        throw badRequest(`malformed-${reason.code}`, reason.message, { byteOffset: reason.byteOffset });
      }
      return failed("Malformed payload", [
        { loc: locOf(reason.pointer ?? ""), msg: reason.message, type: reason.code, ...failureView(reason) },
      ]);
    case "contract":
    case "conflict":
    case "store-rejected":
    case "unexplained":
      return failed("No contract version", [
        { loc: [], msg: failureView(reason)["detail"], type: failureView(reason)["code"] },
      ]);
  }
}

/** `loc`, `msg` and `type` as the reference's clients read them, beside our own words. */
function referenceError({ pointer, keyword, schemaPath, message }: Violation): Readonly<Record<string, unknown>> {
  return {
    loc: locOf(pointer),
    msg: message,
    type: TYPES[keyword] ?? keyword,
    pointer,
    keyword,
    schemaPath,
    code: `schema-${keyword}`,
  };
}

const TYPES: Readonly<Record<string, string>> = {
  required: "missing",
  type: "type_error",
  minLength: "string_too_short",
  maxLength: "string_too_long",
  exclusiveMinimum: "greater_than",
  minimum: "greater_than_equal",
  exclusiveMaximum: "less_than",
  maximum: "less_than_equal",
  additionalProperties: "extra_forbidden",
};

/** A pointer as a list: array indexes as numbers. */
function locOf(pointer: string): readonly (string | number)[] {
  if (pointer === "") return [];
  return pointer
    .slice(1)
    .split("/")
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step.replaceAll("~1", "/").replaceAll("~0", "~")));
}
