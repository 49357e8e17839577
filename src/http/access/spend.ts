import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Left, Quotas, Rate, Spent, Variety } from "../../access/spending.ts";
import { createSpending, WINDOW_SECONDS } from "../../access/spending.ts";
import type { HttpMetrics } from "../../observe/metrics/http.ts";
import type { Log, NewRecord } from "../../source/source.ts";
import { createProducerReader } from "../../traffic/producer.ts";
import type { HttpDeps } from "../deps.ts";
import { ProblemError } from "../problems/problem.ts";
import { whoAsks } from "./authenticate.ts";
import { sendLimits, tellLimit, type ToldLimit } from "./limits-told.ts";

/** Counts what requests use, and refuses what is beyond the quotas. */
export type Spender = {
  /** A log of a request, whose appends are counted for who makes it. @throws ProblemError 429 of an append; nothing of it is in the log then. */
  readonly logFor: (request: FastifyRequest, log: Pick<Log, "append" | "topics">) => Pick<Log, "append" | "topics">;
};

const NOTHING: Quotas = { requests: null, bytes: null, records: null, topics: null, producers: null, groups: null };

/**
 * Limits what one key, person or certificate may use; where nobody needs a key, all who ask are one. Routes that are open to all, those of
 * probes among them, are never limited. Answers say how the limits stand, those of a backlog among them.
 */
export function limitSpending(app: FastifyInstance, deps: HttpDeps, metrics: Pick<HttpMetrics, "limited">): Spender {
  const quotas = deps.quotas ?? NOTHING;
  const spending = createSpending(quotas);
  sendLimits(app);
  const judge = (request: FastifyRequest, limit: Rate | Variety, spent: Spent): void => {
    if (spent.left !== null) tellLimit(request, toldOf(limit, spent.left));
    if (spent.kind === "spent") return;
    metrics.limited(spent.limit);
    throw beyond(spent);
  };
  app.addHook("onRequest", async (request) => {
    const { role = "admin" } = request.routeOptions.config;
    if (quotas.requests === null || request.is404 || role === "public") return;
    judge(request, "requests", spending.use(nameOf(request), "requests", 1, deps.now()));
  });
  const producerOf = createProducerReader();
  return {
    logFor: (request, log) => ({
      topics: log.topics,
      append: async (topic, records) => {
        const who = nameOf(request);
        const nowMs = deps.now();
        judge(request, "topics", spending.see(who, "topics", topic, nowMs));
        if (quotas.producers !== null || quotas.groups !== null) {
          for (const record of records) {
            const name = producerOf(record) ?? "";
            if (quotas.producers !== null) judge(request, "producers", spending.see(who, "producers", name, nowMs));
            if (quotas.groups !== null && deps.groupUse !== undefined)
              judge(request, "groups", deps.groupUse.judge(name, nowMs));
          }
        }
        // Whatever is beyond refuses all of it: what one limit took is little, and comes back.
        judge(request, "records", spending.use(who, "records", records.length, nowMs));
        judge(request, "bytes", spending.use(who, "bytes", quotas.bytes === null ? 0 : bytesOf(records), nowMs));
        return log.append(topic, records);
      },
    }),
  };
}

function nameOf(request: FastifyRequest): string {
  const { kind, id } = whoAsks(request);
  return `${kind} ${id}`;
}

function bytesOf(records: readonly NewRecord[]): number {
  let bytes = 0;
  for (const { key, value } of records) bytes += (key?.length ?? 0) + (value?.length ?? 0);
  return bytes;
}

function toldOf(name: Rate | Variety, left: Left): ToldLimit {
  const isOfDay = name === "topics" || name === "producers" || name === "groups";
  const windowSeconds = isOfDay ? 86_400 : WINDOW_SECONDS;
  return { name, ...left, windowSeconds };
}

const WORDS: Readonly<Record<Rate | Variety, string>> = {
  requests: "requests",
  bytes: "bytes of records",
  records: "records",
  topics: "topics in a day",
  producers: "names of producers in a day",
  groups: "groups of failures in a day",
};

function beyond({ limit, retrySeconds }: Extract<Spent, { readonly kind: "refused" }>): ProblemError {
  return new ProblemError({
    status: 429,
    code: "over-limit",
    title: "Too much",
    detail:
      limit === "groups"
        ? "The records of a producer opened more groups of failures in a day than one may"
        : `Whoever asks has used as many ${WORDS[limit]} as one may`,
    remedy: `wait for ${retrySeconds} s, or have limits.${limit} raised`,
    headers: { "retry-after": String(retrySeconds) },
    extra: { limit },
  });
}
