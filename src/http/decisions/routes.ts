import { openLineage, type LineageView } from "../../failures/lineage/lineage.ts";
import { describeTaken } from "../../failures/taken.ts";
import { fateOf, type Fate } from "../../gateway/fate.ts";
import { findOrigin, isHole } from "../../gateway/origin-lookup.ts";
import { exactInteger } from "../../json/exact-integer.ts";
import type { Stream } from "../../source/source.ts";
import { wasErased } from "../../gateway/decided.ts";
import type { SettledRow } from "../../store/store.ts";
import type { HttpDeps } from "../deps.ts";
import { CORRECTIONS, CORRECTS, FIRST_FAILED, REDRIVES, REPEATED_FACT, TAKEN } from "../failures/lineage.ts";
import { withDeprecation } from "../negotiation.ts";
import { ANY_UNAVAILABLE, type ProblemCode } from "../problems/codes.ts";
import { notFound, ProblemError } from "../problems/problem.ts";
import type { Described, Routes } from "../route-types.ts";
import { answer, rawAnswer, topicName } from "../schema-parts.ts";
import { refuseRedacted, REVEAL } from "../reveal.ts";
import { DECISION, rowView } from "./decision.ts";

const POSITION = {
  type: "object",
  required: ["topic", "partition", "offset"],
  properties: {
    topic: topicName,
    partition: { type: "string", pattern: "^[0-9]{1,9}$", description: "The partition", examples: ["0"] },
    offset: { type: "string", pattern: "^[0-9]{1,18}$", description: "The offset", examples: ["0"] },
  },
} as const;

const STREAM = {
  type: "object",
  properties: {
    stream: {
      type: "string",
      minLength: 1,
      maxLength: 512,
      description: "The very stream, as an append or a decision named it; without it the one that the topic has now",
    },
  },
} as const;

const REVEAL_AT = { type: "object", properties: { ...STREAM.properties, ...REVEAL.properties } } as const;

/** JSON Schema of a decision with where else the same record was decided. */
const DECISION_AND_LINEAGE = {
  ...DECISION,
  title: "DecisionAndLineage",
  properties: {
    ...DECISION.properties,
    redrives: REDRIVES,
    corrections: CORRECTIONS,
    firstFailed: FIRST_FAILED,
    corrects: CORRECTS,
    fact: REPEATED_FACT,
    taken: TAKEN,
  },
} as const;

const DECISION_AT = {
  operationId: "decisionAt",
  summary: "What became of one position",
  params: POSITION,
  querystring: STREAM,
  response: {
    200: answer("The decision", DECISION_AND_LINEAGE),
    202: answer("In the log, not yet decided", DECISION),
  },
} as const;

const RAW_AT = {
  operationId: "rawAt",
  summary: "The exact bytes of one position",
  params: POSITION,
  querystring: REVEAL_AT,
  response: {
    200: rawAnswer("The bytes", "application/octet-stream", { type: "string", format: "binary" }),
  },
} as const;

const NO_DECISION = {
  404: ["unknown-topic", "unknown-stream", "no-record", "record-lost", "evidence-dropped"],
  503: ["document-missing", ANY_UNAVAILABLE],
} as const;
const NO_BYTES = {
  ...NO_DECISION,
  403: ["redacted"],
  404: [...NO_DECISION[404], "no-bytes"],
  410: ["erased"],
} as const;

/** What became of one position: of the stream that the topic has now, or of the stream that the query names. */
export function registerDecisions(app: Routes, deps: HttpDeps): void {
  const lineage = openLineage(deps);
  app.get(
    "/v1/decisions/:topic/:partition/:offset",
    { schema: DECISION_AT, config: { role: "viewer", problems: NO_DECISION } },
    async (request, reply) => {
      const { stream, offset, fate } = await find(deps, request.params, request.query);
      if (fate.kind === "row") {
        const view = withDeprecation(deps, fate.row.contract, rowView(fate.row, deps.redaction));
        return reply.send({ ...view, ...(await lineage.ofRow(fate.row)) });
      }
      const { id, topic, partition } = stream;
      if (fate.kind !== "pending") {
        const gone = fate.kind === "dropped" ? await lineage.ofGone(id, offset) : {};
        throw without(fate, stream, offset, gone);
      }
      return reply.code(202).send({ stream: id, topic, partition, offset: exactInteger(offset), status: "PENDING" });
    },
  );

  app.get(
    "/v1/decisions/:topic/:partition/:offset/raw",
    { schema: RAW_AT, config: { role: "viewer", problems: NO_BYTES } },
    async (request, reply) => {
      const { stream, offset, fate } = await find(deps, request.params, request.query);
      if (fate.kind !== "row" && fate.kind !== "pending") throw without(fate, stream, offset);
      if (fate.kind === "row" && wasErased(fate.row)) throw erased(stream, offset);
      if (fate.kind === "pending" || fate.row.raw === null) {
        throw notFound("no-bytes", `No bytes are stored for offset ${offset}`);
      }
      await refuseRedacted(deps, request, fate.row);
      return reply
        .header("content-type", "application/octet-stream")
        .header("content-disposition", `attachment; filename="record-${offset}.bin"`)
        .send(Buffer.from(fate.row.raw));
    },
  );
}

type Params = Described<typeof POSITION>;
type Query = Described<typeof STREAM>;

type Found = { readonly stream: Stream; readonly offset: bigint; readonly fate: Fate };

async function find(deps: HttpDeps, params: Params, { stream: named }: Query): Promise<Found> {
  const { topic } = params;
  const partition = Number(params.partition);
  const offset = BigInt(params.offset);
  const topics = deps.log.topics();
  if (!topics.includes(topic)) throw unknownTopic(topics.join(", "));
  // A stream that the query names may have ended, so that the log does not know it any more.
  const current = named === undefined ? await deps.log.streamsOf(topic) : null;
  const stream =
    named === undefined ? current?.find((one) => one.partition === partition) : { id: named, topic, partition };
  if (stream === undefined) throw unknownTopic((current ?? []).map((one) => `${topic}/${one.partition}`).join(", "));
  const row = await rowAt(deps, stream, offset);
  if (row !== null) return { stream, offset, fate: { kind: "row", row } };
  const inLane = await findInLane(deps, stream, offset);
  if (inLane !== null) return inLane;
  const streamsNow = async (): Promise<readonly Stream[]> => current ?? deps.log.streamsOf(topic);
  const fate = await fateOf({ ...deps, streamsNow, rowAt: async () => rowAt(deps, stream, offset) }, stream, offset);
  // No entry of the ledger says what an offset of a source with lanes was: its log does.
  const isEmpty =
    fate.kind === "pending" && lanesOf(deps, topic).length > 0 && (await isHole(deps.source, stream, offset));
  return { stream, offset, fate: isEmpty ? { kind: "hole" } : fate };
}

function lanesOf(deps: HttpDeps, topic: string): readonly string[] {
  return deps.lanesOf?.(topic) ?? [];
}

/** A record of a source with lanes is decided in its lane. */
async function findInLane(deps: HttpDeps, { id, topic }: Stream, offset: bigint): Promise<Found | null> {
  const lanes = lanesOf(deps, topic);
  if (lanes.length === 0) return null;
  const placed = await findOrigin({ ...deps.reads, tail: deps.tail }, lanes, id, offset);
  if (placed === null) return null;
  const { stream, topic: lane, partition } = placed.note;
  const found = { id: stream, topic: lane, partition };
  const row = await rowAt(deps, found, placed.offset);
  return row === null ? null : { stream: found, offset: placed.offset, fate: { kind: "row", row } };
}

async function rowAt({ lookup }: HttpDeps, stream: Stream, offset: bigint): Promise<SettledRow | null> {
  const [row] = await lookup.rows(stream.id, offset, offset + 1n);
  if (row === undefined) return null;
  const { topic, partition } = row.position;
  if (topic !== stream.topic || partition !== stream.partition) throw unknownStream();
  return row;
}

function unknownTopic(known: string): ProblemError {
  return notFound("unknown-topic", `There is no such topic and partition`, `use one of: ${known}`);
}

function unknownStream(): ProblemError {
  return notFound(
    "unknown-stream",
    "Nothing of this stream was ever decided",
    "leave ?stream= out for the current one",
  );
}

/** The record of the position was decided and then erased. */
function erased({ topic, partition }: Stream, offset: bigint): ProblemError {
  const detail = `Offset ${offset} of ${topic}/${partition} was decided, and its record was erased by an operator's word`;
  return new ProblemError({ status: 410, code: "erased", title: "Erased", detail, extra: { final: true } });
}

type Without = Exclude<Fate, { readonly kind: "row" | "pending" }>;

/** Why there is no decision at a position. `final` in the problem says whether there never will be one. */
function without(
  fate: Without,
  { topic, partition }: Stream,
  offset: bigint,
  gone: Partial<LineageView> = {},
): ProblemError {
  const place = `Offset ${offset} of ${topic}/${partition}`;
  switch (fate.kind) {
    case "hole":
      return noRecord(
        `${place} is settled and holds no record: an aborted or control record, one that was compacted, or an offset that a restored log gives to nobody`,
        true,
      );
    case "before":
      return noRecord(`${place} lies before the first one that was read, ${fate.first}`, true);
    case "outside":
      return noRecord(`The log holds offsets ${fate.start} to ${fate.end}, the last excluded`, offset < fate.start);
    case "ended":
      return noRecord(
        `${place} was never decided: its stream is not in the log now, and ended at ${fate.end}`,
        fate.final,
      );
    case "lost":
      return noDecision(
        404,
        "record-lost",
        `${place} was lost before it was decided, as an operator recorded: ${fate.note}`,
        true,
      );
    case "unknown":
      return unknownStream();
    case "dropped":
      return noDecision(
        404,
        "evidence-dropped",
        `${place} was decided ${passed(fate.passed)}, and its evidence ${WHY_GONE[fate.by]}${saysTaken(gone)}`,
        true,
        gone,
      );
    case "document-missing":
      return noDecision(503, "document-missing", `${place} was decided, and its document is not in the store`, false);
  }
}

const WHY_GONE = {
  dropped: "is not kept (evidence: drop)",
  retention: "is too old to be kept (retention.evidence)",
} as const;

function saysTaken({ taken = [] }: Partial<LineageView>): string {
  return taken.length === 0 ? "" : `: ${taken.map(describeTaken).join("; ")}`;
}

function passed(did: boolean): string {
  return did ? "PASSED" : "FAILED";
}

function noRecord(detail: string, final: boolean): ProblemError {
  return noDecision(404, "no-record", detail, final);
}

function noDecision(
  status: number,
  code: ProblemCode,
  detail: string,
  final: boolean,
  more: Partial<LineageView> = {},
): ProblemError {
  const headers =
    status === 503 ? { headers: { "retry-after": "5" }, remedy: "run sigma audit: it names what is missing" } : {};
  return new ProblemError({ status, code, title: "No decision", detail, extra: { final, ...more }, ...headers });
}
