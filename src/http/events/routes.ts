import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { NewRecord } from "../../source/source.ts";
import { hashBytes } from "../../gateway/decided.ts";
import type { HttpDeps } from "../deps.ts";
import type { Held } from "../body/held.ts";
import { answerLines } from "./lines.ts";
import { takenAs, type Taken } from "../body/media.ts";
import { refuseMisread } from "./misread.ts";
import {
  acceptedContracts,
  deprecationOf,
  refuseUnaccepted,
  replyWithStandings,
  standingsOf,
  versionsOf,
} from "../negotiation.ts";
import { notFound } from "../problems/problem.ts";
import { answerPositions } from "./receipts.ts";
import { withKeys } from "./record-keys.ts";
import { bareRecord, recordsOf, withRequestHeaders } from "../records/records.ts";
import { eventSchemas } from "../schemas.ts";

const TAKES: readonly Taken[] = ["payload", "lines", "event", "events"];

type Params = { readonly topic: string };

/** `POST /v1/events/{topic}`: into the log, durable, before it is acknowledged (P9). */
export function registerEvents(app: FastifyInstance, deps: HttpDeps, held: Held): void {
  const options = { schema: eventSchemas.append, config: { takes: TAKES, owesAnswer: true } };
  app.post<{ Params: Params }>("/v1/events/:topic", options, async (request, reply) => {
    const { topic } = request.params;
    const known = deps.log.topics();
    if (!known.includes(topic)) {
      throw notFound("unknown-topic", `There is no topic "${topic.slice(0, 249)}"`, `use one of: ${known.join(", ")}`);
    }
    const taken = takenAs(request.headers, TAKES);
    if (taken === "lines") {
      const told = tellVersions(deps, request, reply, topic, [withRequestHeaders(request)(bareRecord(null))]);
      return answerLines(deps, request, reply, { topic, told, lease: held.lease() });
    }
    const records = recordsOf(request, TAKES).map(withKeys(deps, request, topic));
    const [only] = records;
    if (taken === "payload" && only?.value instanceof Buffer && request.headers["ce-specversion"] === undefined) {
      refuseMisread(only.value, topic, deps.contracts());
    }
    const told = tellVersions(deps, request, reply, topic, records);
    const appended = await deps.log.append(topic, records);
    const rawHashes = (): readonly string[] => records.map(({ value }) => hashBytes(value));
    return answerPositions(deps, request, reply, { topic, appended, rawHashes, told });
  });
}

/**
 * Tells by which versions the records are to be judged, in the answer's headers and for its body.
 * @throws ProblemError when that is not what the client takes: nothing is appended.
 */
function tellVersions(
  deps: HttpDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  topic: string,
  records: readonly NewRecord[],
): { readonly deprecation?: object } {
  const accepted = acceptedContracts(request);
  const bound = deps.contracts().byTopic.get(topic);
  if (bound === undefined) return {};
  const refs = versionsOf(
    bound,
    records.map(({ headers }) => headers),
  );
  if (accepted !== null) refuseUnaccepted(bound.contract, accepted, refs);
  const standings = standingsOf(deps, refs ?? []);
  replyWithStandings(reply, standings);
  return deprecationOf(standings.find(({ status }) => status === "deprecated"));
}
