import type { FastifyInstance, FastifyRequest } from "fastify";
import { compileBinding } from "../../core/compile.ts";
import { type CompiledBinding, type CompiledContract, type CompiledContractSet } from "../../core/compiled.ts";
import type { Binding } from "../../core/contract-set.ts";
import { decideBound, type Decision } from "../../core/decide.ts";
import { failureCode } from "../../core/failure.ts";
import { producerOf } from "../../core/producer.ts";
import type { NewRecord } from "../../source/source.ts";
import { LIMITS, type HttpDeps, type Verdict } from "../deps.ts";
import {
  acceptedContracts,
  contractNamed,
  negotiatedVersion,
  refuseUnaccepted,
  replyWithStandings,
  standingsOf,
  withDeprecation,
} from "../negotiation.ts";
import { isDeclared } from "../records/declaration.ts";
import type { Taken } from "../body/media.ts";
import { judgeReference, referenceContract } from "../reference/verdict.ts";
import { recordsOf } from "../records/records.ts";
import { validateSchemas } from "../schemas.ts";
import { decisionView } from "../decisions/views.ts";

/** One payload, or one CloudEvent, whose data is judged as it would be from the log. */
const TAKES: readonly Taken[] = ["payload", "event"];

/** Asking for a verdict. Nothing is stored and nothing is a decision of record. */
export function registerValidate(app: FastifyInstance, deps: HttpDeps): void {
  const { bytesMax } = deps.contracts().limits;
  // What is set aside may be the record once more.
  const bodyBytesMax = 2 * bytesMax + LIMITS.envelopeBytes;
  const options = { schema: validateSchemas.reference, config: { takes: TAKES, bodyBytesMax } };
  app.post("/api/validate", options, async (request, reply) => {
    const set = deps.contracts();
    const record = recordOf(request);
    const { contract, topic, version } = referenceContract(deps, set, record.headers);
    const bound = boundFor(deps, set, contract, versionAsked(request, contract) ?? version, topic);
    const { decision, view, setAside } = judgeReference(record, bound, set, deps.reference?.setAside ?? []);
    answerFor(deps, request, reply, contract, decision);
    if (setAside.length > 0) void reply.header("sigma-set-aside", setAside.join(", "));
    tell(deps, "/api/validate", record, decision);
    return view;
  });

  app.post<{ Params: { subject: string }; Querystring: { version?: string } }>(
    "/v1/validate/:subject",
    { schema: validateSchemas.verdict, config: { takes: TAKES } },
    async (request, reply) => {
      const set = deps.contracts();
      const contract = contractNamed(deps, request.params.subject);
      const record = recordOf(request);
      const asked = request.query.version === undefined ? null : Number(request.query.version);
      const bound = boundFor(deps, set, contract, asked ?? versionAsked(request, contract), null);
      const decision = decideBound(record, bound, set.limits);
      answerFor(deps, request, reply, contract, decision);
      tell(deps, "/v1/validate", record, decision);
      return withDeprecation(deps, decisionView(decision));
    },
  );
}

function recordOf(request: FastifyRequest): NewRecord {
  const [record] = recordsOf(request, TAKES);
  if (record === undefined) throw new Error("Cannot judge a request: it carries no record");
  return record;
}

/** What the client takes says which version is meant, unless it said so outright. */
function versionAsked(request: FastifyRequest, contract: CompiledContract): number | null {
  const accepted = acceptedContracts(request);
  return accepted === null || isDeclared(request.headers) ? null : negotiatedVersion(contract, accepted);
}

/** Says by which version it was judged. @throws ProblemError 406 when the client does not take that one. */
function answerFor(
  deps: HttpDeps,
  request: FastifyRequest,
  reply: Parameters<typeof replyWithStandings>[0],
  contract: CompiledContract,
  decision: Decision,
): void {
  const accepted = acceptedContracts(request);
  const refs = decision.contract === null ? [] : [decision.contract];
  if (accepted !== null && refs.length > 0) refuseUnaccepted(contract, accepted, refs);
  replyWithStandings(reply, standingsOf(deps, refs));
}

/** A binding for one question: the version asked for, or the default of the topic. @param topic null: the subject's first. */
function boundFor(
  deps: HttpDeps,
  set: CompiledContractSet,
  contract: CompiledContract,
  version: number | null,
  topic: string | null,
): CompiledBinding {
  const { subject } = contract;
  // In the order in which they are configured.
  const topics = topic === null ? [...deps.log.topics(), ...set.byTopic.keys()] : [topic];
  const own = topics.map((name) => set.byTopic.get(name)).find((bound) => bound?.contract === contract);
  const defaultVersion = version ?? own?.binding.defaultVersion ?? null;
  const binding: Binding = { ...(own?.binding ?? { topic: subject, subject }), defaultVersion };
  return compileBinding(binding, contract, set.schemaIds);
}

function tell({ onVerdict }: HttpDeps, route: Verdict["route"], { headers }: NewRecord, decision: Decision): void {
  const { contract, status } = decision;
  const code = status === "FAILED" ? failureCode(decision.reason) : null;
  onVerdict?.({ route, contract, status, code, producer: producerOf({ headers }) ?? "" });
}
