import type { FastifyRequest } from "fastify";
import { hashBytes } from "../../gateway/decided.ts";
import { exactInteger } from "../../json/exact-integer.ts";
import type { Appended, NewRecord } from "../../source/source.ts";
import type { Spender } from "../access/spend.ts";
import type { Held } from "../body/held.ts";
import { takenAs, type Taken } from "../body/media.ts";
import { DECISION, type DecisionAnswer } from "../decisions/decision.ts";
import { LIMITS, type HttpDeps } from "../deps.ts";
import {
  acceptedContracts,
  deprecationOf,
  refuseUnaccepted,
  replyWithStandings,
  STANDING_HEADERS,
  standingsOf,
  versionsOf,
} from "../negotiation.ts";
import { ANY_UNAVAILABLE } from "../problems/codes.ts";
import { notFound } from "../problems/problem.ts";
import { bareRecord, recordsOf, withRequestHeaders } from "../records/records.ts";
import type { Described, Headers, Routes } from "../route-types.ts";
import { answer, text, topicName, whole } from "../schema-parts.ts";
import { appendLines, type AppendedLines } from "./lines.ts";
import { refuseMisread } from "./misread.ts";
import { refuseBacklog } from "./backlog.ts";
import { withKeys } from "./record-keys.ts";
import { preferredWait, waitForDecisions } from "./wait-for-decisions.ts";

const STREAM = DECISION.properties.stream;
const DEPRECATION = DECISION.properties.deprecation;

const DECIDED = {
  type: "object",
  required: ["topic", "count", "decisions"],
  properties: {
    topic: text,
    count: whole,
    decisions: { type: "array", items: DECISION },
    deprecation: DEPRECATION,
  },
} as const;

const ACCEPTED = {
  type: "object",
  required: ["topic", "count"],
  properties: {
    topic: text,
    count: whole,
    positions: {
      type: "array",
      items: {
        type: "object",
        required: ["stream", "partition", "offset"],
        properties: { stream: STREAM, partition: whole, offset: whole },
      },
      description: "Of each record; not of lines",
    },
    ranges: {
      type: "array",
      items: {
        type: "object",
        required: ["stream", "partition", "from", "to"],
        properties: { stream: STREAM, partition: whole, from: whole, to: whole },
      },
      description: "Of lines: exactly the positions of this request",
    },
    deprecation: DEPRECATION,
  },
} as const;

const HEADERS = {
  ...STANDING_HEADERS,
  ratelimit: {
    ...text,
    description:
      "How each limit stands, the tightest first: of limits.*, and of http.backlog_records and http.backlog_age_seconds how many more records may wait, and for how many seconds more; t: seconds until there is room",
  },
  "ratelimit-policy": { ...text, description: "The limits that `ratelimit` tells of" },
  "preference-applied": { ...text, description: "wait=N, or none where more records came than one answer holds" },
} as const;

const APPEND = {
  operationId: "appendEvents",
  summary: "Append records to a topic; acknowledged when they are durable",
  params: {
    type: "object",
    required: ["topic"],
    properties: { topic: topicName },
  },
  response: {
    200: { ...answer("Decided while the client waited (Prefer: wait)", DECIDED), headers: HEADERS },
    202: { ...answer("Durable in the log; the decision follows", ACCEPTED), headers: HEADERS },
  },
} as const;

const PROBLEMS = {
  400: ["bad-key-field", "json-list", "ndjson-as-json", "malformed-accept-contract"],
  404: ["unknown-topic"],
  406: ["contract-not-acceptable"],
  413: ["line-too-long", "gzip-too-large", "no-record"],
  503: [ANY_UNAVAILABLE, "backlogged"],
} as const;

type Accepted = Described<typeof ACCEPTED>;

const TAKES: readonly Taken[] = ["payload", "lines", "event", "events"];

/** `POST /v1/events/{topic}`: writes records to the log, and acknowledges them when they are durable (P9). */
export function registerEvents(app: Routes, all: HttpDeps, held: Held, spender: Spender): void {
  const options = {
    schema: APPEND,
    config: { role: "producer", takes: TAKES, problems: PROBLEMS, owesAnswer: true } as const,
  };
  app.post("/v1/events/:topic", options, async (request, reply) => {
    const { topic } = request.params;
    const deps = { ...all, log: { ...all.log, ...spender.logFor(request, all.log) } };
    const known = deps.log.topics();
    if (!known.includes(topic)) {
      throw notFound("unknown-topic", `There is no topic "${topic.slice(0, 249)}"`, `use one of: ${known.join(", ")}`);
    }
    await refuseBacklog(deps, topic, request);
    const wait = preferredWait(request.headers);
    const { accepted, first } =
      takenAs(request.headers, TAKES) === "lines"
        ? await fromLines(deps, request, reply, topic, held)
        : await fromWhole(deps, request, reply, topic);
    if (wait === null || accepted.count === 0) return reply.code(202).send(accepted);
    if (first === null) {
      // One answer cannot hold the decisions, so nobody waits for them, and the client is told so.
      return reply.code(202).header("preference-applied", "none").send(accepted);
    }
    reply.header("preference-applied", `wait=${wait}`);
    const asked = { topic, appended: first.appended, rawHashes: first.rawHashes() };
    const decisions = await waitForDecisions(deps, asked, AbortSignal.timeout(wait * 1_000));
    if (decisions === null) return reply.code(202).send(accepted);
    const { count, deprecation } = accepted;
    return reply.code(200).send({ topic, count, decisions, ...(deprecation === undefined ? {} : { deprecation }) });
  });
}

/** What was appended. `first`: the records whose decisions the answer can hold; null when there are more than that. */
type Receipt = {
  readonly accepted: Accepted;
  readonly first: { readonly appended: readonly Appended[]; readonly rawHashes: () => readonly string[] } | null;
};

async function fromLines(
  deps: HttpDeps,
  request: FastifyRequest,
  reply: Headers,
  topic: string,
  held: Held,
): Promise<Receipt> {
  const said = sayVersions(deps, request, reply, topic, [withRequestHeaders(request)(bareRecord(null))]);
  const waits = preferredWait(request.headers) !== null;
  const { count, ranges, first }: AppendedLines = await appendLines(deps, request, {
    topic,
    waits,
    lease: held.lease(),
  });
  const accepted: Accepted = { topic, count, ranges, ...said };
  if (count > LIMITS.positions) return { accepted, first: null };
  return { accepted, first: { appended: first.appended, rawHashes: () => first.rawHashes } };
}

async function fromWhole(deps: HttpDeps, request: FastifyRequest, reply: Headers, topic: string): Promise<Receipt> {
  const records = recordsOf(request, TAKES).map(withKeys(deps, request, topic));
  const [only] = records;
  const isPayload = takenAs(request.headers, TAKES) === "payload" && request.headers["ce-specversion"] === undefined;
  if (isPayload && only?.value instanceof Buffer) refuseMisread(only.value, topic, deps.contracts());
  const said = sayVersions(deps, request, reply, topic, records);
  const appended = await deps.log.append(topic, records);
  const positions = appended
    .slice(0, LIMITS.positions)
    .map(({ stream, partition, offset }) => ({ stream, partition, offset: exactInteger(offset) }));
  const accepted: Accepted = { topic, count: appended.length, positions, ...said };
  return { accepted, first: { appended, rawHashes: () => records.map(({ value }) => hashBytes(value)) } };
}

/**
 * Says by which versions the records are going to be judged: in the headers of the answer, and as the member it returns.
 * @throws ProblemError 406 when the client does not take one of them. Nothing is appended then.
 */
function sayVersions(
  deps: HttpDeps,
  request: FastifyRequest,
  reply: Headers,
  topic: string,
  records: readonly NewRecord[],
): Pick<DecisionAnswer, "deprecation"> {
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
