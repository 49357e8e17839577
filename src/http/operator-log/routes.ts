import { Readable } from "node:stream";
import { toJsonText } from "../../json/json-text.ts";
import { operatorActions } from "../../operator/actions.ts";
import { actionsFrom, actionView, newestActions } from "../../operator/page.ts";
import type { StoreReads } from "../../store/store.ts";
import type { HttpDeps } from "../deps.ts";
import { limitOf } from "../failures/query.ts";
import { ANY_UNAVAILABLE } from "../problems/codes.ts";
import type { Routes } from "../route-types.ts";
import { answer, text, whole } from "../schema-parts.ts";

const LIMIT_MAX = 1_000;

const ACTION = {
  title: "OperatorAction",
  type: "object",
  required: ["seq", "at", "who", "via", "address", "action", "target", "reason", "detail", "actor", "prevHash", "hash"],
  properties: {
    seq: { ...whole, description: "0, 1, 2 without a gap" },
    at: { ...text, description: "By the clock of who acted" },
    who: { ...text, description: "A user of the machine, a key, or what somebody without a key called themselves" },
    via: { enum: ["cli", "api", null], description: "Null: an earlier build, which did not keep it" },
    address: { type: ["string", "null"], description: "Where a request came from" },
    action: text,
    target: { ...text, description: "What was acted on: a stream, a contract version, a group, a plan, a key" },
    reason: text,
    detail: text,
    actor: { ...text, description: "who, via and address, as the hash covers them" },
    prevHash: text,
    hash: {
      ...text,
      description: "SHA-256 of the RFC 8785 form of actor, at, action, target, reason, detail, seq, prevHash",
    },
  },
} as const;

const LIST = {
  operationId: "operatorLog",
  summary: "What operators did: who, from where, when and why",
  querystring: {
    type: "object",
    additionalProperties: false,
    properties: {
      order: { enum: ["newest", "oldest"], description: "newest without it" },
      limit: { type: "string", pattern: "^[0-9]{1,4}$", description: "Actions in a page, 1 to 1000; 50 without it" },
      cursor: { type: "string", pattern: "^[0-9]{1,15}$", description: "`next` of the page before" },
    },
  },
  response: {
    200: answer("A page", {
      type: "object",
      required: ["actions", "next"],
      properties: { actions: { type: "array", items: ACTION }, next: { type: ["string", "null"] } },
    }),
  },
} as const;

const EXPORT = {
  operationId: "exportOperatorLog",
  summary: "The whole operator log, oldest first, one action on each line",
  querystring: {
    type: "object",
    additionalProperties: false,
    properties: { from: { type: "string", pattern: "^[0-9]{1,15}$", description: "The first action; 0 without it" } },
  },
  response: {
    200: { description: "The actions", content: { "application/x-ndjson": { schema: ACTION } } },
  },
} as const;

const UNAVAILABLE = { 503: [ANY_UNAVAILABLE] } as const;

/** The operator log, in pages and whole. Its reasons are of people, so that viewers do not see it. */
export function registerOperatorLog(app: Routes, { reads }: HttpDeps): void {
  app.get(
    "/v1/operator-log",
    { schema: LIST, config: { role: "operator", problems: { 400: ["bad-parameter"], ...UNAVAILABLE } } },
    async (request, reply) => {
      const { order = "newest", limit, cursor } = request.query;
      const most = limitOf(limit, LIMIT_MAX);
      const { actions, next } =
        order === "newest"
          ? await newestActions(reads, cursor === undefined ? null : Number(cursor), most)
          : await actionsFrom(reads, Number(cursor ?? 0), most);
      return reply.send({ actions: actions.map(actionView), next: next === null ? null : String(next) });
    },
  );

  app.get(
    "/v1/operator-log/export",
    { schema: EXPORT, config: { role: "operator", problems: UNAVAILABLE } },
    async (request, reply) => {
      void reply.header("content-type", "application/x-ndjson");
      // The first page is read before the answer begins: a store that cannot be asked is a problem and no broken answer.
      const lines = linesFrom(reads, Number(request.query.from ?? 0));
      const first = await lines.next();
      return reply.send(Readable.from(joined(first, lines)) as never);
    },
  );
}

async function* linesFrom(reads: Pick<StoreReads, "operatorLog">, from: number): AsyncGenerator<string> {
  for await (const action of operatorActions(reads, from)) yield `${toJsonText(actionView(action))}\n`;
}

async function* joined(first: IteratorResult<string>, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  if (first.done !== true) yield first.value;
  yield* rest;
}
