import type { FastifyRequest } from "fastify";
import { compileBinding } from "../../core/compile.ts";
import type { CompiledBinding, CompiledContract, CompiledContractSet } from "../../core/compiled.ts";
import type { Binding } from "../../core/contract-set.ts";
import type { Decision } from "../../core/decide.ts";
import { failureCode } from "../../core/failure.ts";
import { traceOf } from "../../core/trace-context.ts";
import { hashBytes } from "../../gateway/decided.ts";
import { producerOf } from "../../traffic/producer.ts";
import type { NewRecord } from "../../source/source.ts";
import type { Taken } from "../body/media.ts";
import type { HttpDeps, Verdict } from "../deps.ts";
import {
  acceptedContracts,
  negotiatedVersion,
  refuseUnaccepted,
  replyWithStandings,
  STANDING_HEADERS,
  standingsOf,
} from "../negotiation.ts";
import { isDeclared } from "../records/declaration.ts";
import { recordsOf } from "../records/records.ts";
import type { Headers } from "../route-types.ts";

// What `POST /v1/validate/{subject}` and `POST /api/validate` share: a verdict on one payload. Nothing is stored, and no verdict is a
// decision of record.

/** The body of a request for a verdict: a payload, or a CloudEvent, whose data is judged as it would be from the log. */
export const TAKES: readonly Taken[] = ["payload", "event"];

/** The headers of a verdict, for the schema of a route. */
export const VERDICT_HEADERS: Readonly<Record<string, object>> = {
  ...STANDING_HEADERS,
  "sigma-set-aside": { type: "string", description: "Members that were not judged, as http.set_aside has them" },
};

/** The one record of a request. @throws ProblemError 400 when it is a CloudEvent that cannot be read. */
export function recordOf(request: FastifyRequest): NewRecord {
  const [record] = recordsOf(request, TAKES);
  if (record === undefined) throw new Error("Cannot judge a request: it carries no record");
  return record;
}

/** The version that `Accept-Contract` asks for; null when the request declares a version, or does not say. */
export function versionAsked(request: FastifyRequest, contract: CompiledContract): number | null {
  const accepted = acceptedContracts(request);
  return accepted === null || isDeclared(request.headers) ? null : negotiatedVersion(contract, accepted);
}

/**
 * What judges one payload: the version asked for, or the default of a topic.
 * @param topic whose default; null: that of the first configured topic with this contract.
 */
export function boundFor(
  deps: HttpDeps,
  set: CompiledContractSet,
  contract: CompiledContract,
  version: number | null,
  topic: string | null,
): CompiledBinding {
  const { subject } = contract;
  const topics = topic === null ? [...deps.log.topics(), ...set.byTopic.keys()] : [topic];
  const own = topics.map((name) => set.byTopic.get(name)).find((bound) => bound?.contract === contract);
  const defaultVersion = version ?? own?.binding.defaultVersion ?? null;
  const binding: Binding = { ...(own?.binding ?? { topic: subject, subject }), defaultVersion };
  return compileBinding(binding, contract, set.schemaIds);
}

/** Sets the headers that say which version judged. @throws ProblemError 406 when the client does not take that version. */
export function sayVersion(
  deps: HttpDeps,
  request: FastifyRequest,
  reply: Headers,
  contract: CompiledContract,
  decision: Decision,
): void {
  const accepted = acceptedContracts(request);
  const refs = decision.contract === null ? [] : [decision.contract];
  if (accepted !== null && refs.length > 0) refuseUnaccepted(contract, accepted, refs);
  replyWithStandings(reply, standingsOf(deps, refs));
}

/** Notifies of a verdict: {@link HttpDeps.onVerdict}. */
export function notifyVerdict(
  { onVerdict }: HttpDeps,
  route: Verdict["route"],
  { headers, value }: NewRecord,
  decision: Decision,
): void {
  const { contract, status } = decision;
  const code = status === "FAILED" ? failureCode(decision.reason) : null;
  const fingerprint = status === "FAILED" ? decision.fingerprint : null;
  const from = { producer: producerOf({ headers }) ?? "", trace: traceOf(headers) };
  onVerdict?.({ route, contract, status, code, fingerprint, digestOf: () => hashBytes(value), ...from });
}
