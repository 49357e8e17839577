import { openProofs, type PositionProof } from "../../audit/position.ts";
import { exactInteger } from "../../json/exact-integer.ts";
import { timeText } from "../../failures/view.ts";
import type { AnchorSignature } from "../../ledger/anchor-signature.ts";
import type { LedgerEntry } from "../../ledger/entry.ts";
import { redriveOf } from "../../ledger/redrive-stream.ts";
import type { StreamNote } from "../../store/stream-note.ts";
import type { HttpDeps } from "../deps.ts";
import { limitOf } from "../failures/query.ts";
import { ANY_UNAVAILABLE } from "../problems/codes.ts";
import { badRequest, notFound } from "../problems/problem.ts";
import type { Routes } from "../route-types.ts";
import { answer, text, whole } from "../schema-parts.ts";
import { ANCHORS, ENTRY, PROOF_PROPERTIES, STREAM } from "./schemas.ts";

const LIMIT_MAX = 200;
const FINDINGS_MAX = 100;

const limit = { type: "string", pattern: "^[0-9]{1,3}$", description: "In a page, 1 to 200; 50 without it" } as const;
const cursor = { type: "string", pattern: "^[0-9]{1,15}$", description: "`next` of the page before" } as const;
const next = { type: ["string", "null"], description: "Cursor of the next page; null at the end" } as const;
const stream = { type: "string", minLength: 1, maxLength: 512, description: "Id of the stream" } as const;

const STREAMS = {
  operationId: "ledgerStreams",
  summary: "The streams of the ledger, each with the head of its chain, the newest first",
  querystring: { type: "object", additionalProperties: false, properties: { limit, cursor } },
  response: {
    200: answer("A page", {
      type: "object",
      required: ["streams", "next"],
      properties: { streams: { type: "array", items: STREAM }, next },
    }),
  },
} as const;

const ENTRIES = {
  operationId: "ledgerEntries",
  summary: "The entries of a stream: the links of its hash chain",
  querystring: {
    type: "object",
    additionalProperties: false,
    required: ["stream"],
    properties: {
      stream,
      order: { enum: ["newest", "oldest"], description: "newest without it" },
      limit,
      cursor,
    },
  },
  response: {
    200: answer("A page", {
      type: "object",
      required: ["entries", "next"],
      properties: { entries: { type: "array", items: ENTRY }, next },
    }),
  },
} as const;

const HEAD = { type: "object", required: ["seq", "hash"], properties: { seq: whole, hash: text } } as const;
const HEAD_OR_NULL = { anyOf: [HEAD, { type: "null" }] } as const;

/** JSON Schema of what was found about a position. */
const PROOF = {
  title: "PositionProof",
  type: "object",
  required: [
    "stream",
    "topic",
    "partition",
    "offset",
    "verified",
    "outcome",
    "entry",
    "before",
    "behind",
    "head",
    "checks",
    "findings",
  ],
  properties: { ...PROOF_PROPERTIES, entry: ENTRY, before: HEAD_OR_NULL, behind: HEAD_OR_NULL, head: HEAD },
} as const;

const PROVE = {
  operationId: "provePosition",
  summary: "Decide the entry of a position again, and compare it with its chain, its evidence and its documents",
  querystring: {
    type: "object",
    additionalProperties: false,
    required: ["offset"],
    properties: {
      stream: { ...stream, description: "Id of the stream; or topic and partition, whose newest stream it is then" },
      topic: { type: "string", minLength: 1, maxLength: 249 },
      partition: { type: "string", pattern: "^[0-9]{1,9}$", description: "0 without it" },
      offset: { type: "string", pattern: "^[0-9]{1,18}$" },
    },
  },
  response: { 200: answer("What was found", PROOF) },
} as const;

const ANCHORED = {
  operationId: "anchors",
  summary:
    "Where this process keeps heads of the ledger outside the store, when it wrote them last, and what is in the way",
  response: { 200: answer("The places", ANCHORS) },
} as const;

const PROBLEMS = {
  400: ["bad-parameter"],
  404: ["unknown-stream", "no-entry"],
  503: [ANY_UNAVAILABLE],
} as const;

/** The ledger as it is stored: streams, entries, proofs of positions, anchors. */
export function registerLedger(app: Routes, deps: HttpDeps): void {
  const { reads, tail } = deps;
  const prove = openProofs(reads);

  app.get(
    "/v1/ledger",
    { schema: STREAMS, config: { role: "viewer", problems: { 400: ["bad-parameter"], 503: [ANY_UNAVAILABLE] } } },
    async ({ query }, reply) => {
      const most = limitOf(query.limit, LIMIT_MAX);
      const below = query.cursor === undefined ? Infinity : Number(query.cursor);
      const notes = (await reads.streamNotes()).filter(({ number }) => number < below).toReversed();
      const page = notes.slice(0, most);
      const streams = await Promise.all(page.map(async (note) => streamView(note, await tail(note.stream))));
      return reply.send({ streams, next: notes.length > most ? String(page.at(-1)?.number) : null });
    },
  );

  app.get(
    "/v1/ledger/entries",
    { schema: ENTRIES, config: { role: "viewer", problems: { ...PROBLEMS, 404: ["unknown-stream"] } } },
    async ({ query }, reply) => {
      const { stream: id, order = "newest" } = query;
      const most = limitOf(query.limit, LIMIT_MAX);
      const last = await tail(id);
      if (last === null) throw unknownStream();
      const at = query.cursor === undefined ? null : Number(query.cursor);
      if (order === "oldest") {
        const entries = await reads.ledger(id, at ?? 0, most);
        const end = entries.at(-1)?.seq ?? last.seq;
        return reply.send({ entries: entries.map(entryView), next: end < last.seq ? String(end + 1) : null });
      }
      const newest = Math.min(at ?? last.seq, last.seq);
      const from = Math.max(0, newest - most + 1);
      const entries = await reads.ledger(id, from, newest - from + 1);
      return reply.send({
        entries: entries.toReversed().map(entryView),
        next: from > 0 ? String(from - 1) : null,
      });
    },
  );

  app.get(
    "/v1/ledger/proof",
    { schema: PROVE, config: { role: "viewer", problems: PROBLEMS } },
    async ({ query }, reply) => {
      const note = await noteOf(deps, query);
      const offset = BigInt(query.offset);
      // While a gateway runs, the documents of the last entry may be on their way.
      const proof = await prove(note, offset, true);
      const head = await tail(note.stream);
      if (proof === null || head === null) {
        throw notFound(
          "no-entry",
          "No entry of the ledger covers the offset: it is not decided yet, or lies before the first that was read",
        );
      }
      return reply.send(proofView(note, offset, proof, head));
    },
  );

  registerAnchors(app, deps);
}

function registerAnchors(app: Routes, deps: HttpDeps): void {
  app.get("/v1/ledger/anchors", { schema: ANCHORED, config: { role: "viewer" } }, async (_, reply) => {
    const { anchors, anchorSignature = unread } = deps;
    const places = (anchors?.places() ?? []).map(async ({ place, writtenMs, remark, trouble }) => ({
      place,
      writtenAt: writtenMs === null ? null : new Date(writtenMs).toISOString(),
      remark,
      trouble,
      signature: await anchorSignature(place),
    }));
    return reply.send({ places: await Promise.all(places), fallen: anchors?.fallen() ?? [] });
  });
}

/** Where nobody can look. */
async function unread(): Promise<AnchorSignature> {
  return { kind: "unknown", why: "this process does not read anchors" };
}

type Asked = { readonly stream?: string; readonly topic?: string; readonly partition?: string };

/** The stream that is asked about: named, or the newest one of a partition. @throws ProblemError 400 or 404 */
async function noteOf({ reads }: HttpDeps, { stream: id, topic, partition = "0" }: Asked): Promise<StreamNote> {
  if (id === undefined && topic === undefined)
    throw badRequest("bad-parameter", "The parameters name neither a stream nor a topic");
  const notes = await reads.streamNotes();
  const found =
    id === undefined
      ? notes.findLast(
          (one) => one.topic === topic && one.partition === Number(partition) && redriveOf(one.stream) === null,
        )
      : notes.find((one) => one.stream === id);
  if (found === undefined) throw unknownStream();
  return found;
}

function unknownStream() {
  return notFound("unknown-stream", "The ledger has no such stream", "GET /v1/ledger lists those it has");
}

function streamView({ number, stream: id, topic, partition }: StreamNote, last: LedgerEntry | null) {
  return {
    number,
    stream: id,
    topic,
    partition,
    plan: redriveOf(id)?.plan ?? null,
    entries: last === null ? 0 : last.seq + 1,
    settledTo: last === null ? null : exactInteger(last.to),
    hash: last?.hash ?? null,
    engine: last?.engine ?? null,
    newestAt: last === null || last.count === 0 ? null : timeText(last.newestMs),
  };
}

function entryView(entry: LedgerEntry) {
  const counts = { P: 0, F: 0 };
  for (const [, letter = "", length] of entry.outcomes.matchAll(/([PF])(\d{1,19})/g))
    counts[letter as "P" | "F"] += Number(length);
  const { from, to, ...rest } = entry;
  return { ...rest, from: exactInteger(from), to: exactInteger(to), passed: counts.P, failed: counts.F };
}

function proofView(
  { stream: id, topic, partition }: StreamNote,
  offset: bigint,
  proof: PositionProof,
  head: LedgerEntry,
) {
  const { entry, before, behind, outcome, checks, findings } = proof;
  return {
    stream: id,
    topic,
    partition,
    offset: exactInteger(offset),
    verified: checks.every(({ result }) => result !== "wrong") && findings.length === 0,
    outcome,
    entry: entryView(entry),
    before: before === null ? null : { seq: before.seq, hash: before.hash },
    behind: behind === null ? null : { seq: behind.seq, hash: behind.hash },
    head: { seq: head.seq, hash: head.hash },
    checks,
    findings: findings.slice(0, FINDINGS_MAX).map(({ code, seq, offset: at, message }) => ({
      code,
      seq,
      offset: at === null ? null : exactInteger(at),
      message,
    })),
  };
}
