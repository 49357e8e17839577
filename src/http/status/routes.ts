import { TROUBLE, troubleView } from "../health/trouble.ts";
import { Unavailable } from "../../core/unavailable.ts";
import { exactInteger } from "../../json/exact-integer.ts";
import { ANY_FAILURE } from "../../failures/filter.ts";
import type { Group } from "../../failures/groups.ts";
import { openGroupPage } from "../../failures/group-page.ts";
import { NO_REDACTION } from "../../failures/redact.ts";
import { groupView } from "../../failures/view.ts";
import { openWhy } from "../../failures/why.ts";
import type { StreamState } from "../../gateway/gateway.ts";
import { FAILURE } from "../failures/failure.ts";
import { askBehind } from "../health/behind.ts";
import { ROUTED, routedWithLag } from "../health/routed.ts";
import { registerSlo } from "../slo/routes.ts";
import { within } from "../../gateway/within.ts";
import { isReady } from "../health/ready.ts";
import type { HttpDeps } from "../deps.ts";
import { loadsOf } from "./load.ts";
import type { Routes } from "../route-types.ts";
import { answer, text, whole } from "../schema-parts.ts";

const HOUR_MS = 3_600_000;
/** Who looks at a gateway in trouble waits no longer for the store. */
const STORE_WAIT_MS = 3_000;
/** The groups of failures that are shown: those with most failures lately. */
const GROUPS_MAX = 10;

const STREAM = {
  type: "object",
  required: ["topic", "partition", "state", "settledTo", "end", "lag", "lagSeconds", "share", "hotKeys", "trouble"],
  properties: {
    topic: text,
    partition: whole,
    state: { enum: ["starting", "running", "paused", "halted", "stopped"] },
    settledTo: { type: ["integer", "null"] },
    end: { type: ["integer", "null"], description: "The end of the log; null: it cannot be asked now" },
    lag: { type: ["integer", "null"], description: "Offsets that are not settled yet" },
    lagSeconds: {
      type: ["number", "null"],
      description: "How old the newest settled record is, where there is a lag; null: not known",
    },
    share: {
      type: ["number", "null"],
      description:
        "Of the records of the topic that this process decided since its start, from 0 to 1; null: not counted",
    },
    hotKeys: {
      type: "array",
      description:
        "The keys with at least a tenth of the records lately, at most five, of a sample; hashes where anything is redacted",
      items: {
        type: "object",
        required: ["key", "share"],
        properties: { key: text, share: { type: "number" } },
      },
    },
    trouble: TROUBLE,
  },
} as const;

const VALIDATOR = {
  type: "object",
  required: ["url", "state", "why", "inFlight", "batches"],
  properties: {
    url: text,
    state: {
      enum: ["unknown", "ready", "away", "other-set"],
      description: "`other-set`: of other contracts, so not used",
    },
    why: { ...text, description: "Why it is not used" },
    inFlight: { ...whole, description: "Batches that it works on" },
    batches: { ...whole, description: "Batches that it decided for this process" },
  },
} as const;

const STATUS = {
  operationId: "status",
  summary: "What the gateway decides now: streams, counts since its start, what failed lately, objectives",
  response: {
    200: answer("How it is now", {
      type: "object",
      required: ["version", "now", "upSeconds", "ready", "decided", "streams", "groups", "objectives"],
      properties: {
        version: text,
        now: text,
        upSeconds: { type: "number" },
        ready: { type: "boolean" },
        decided: {
          type: "object",
          description: "Records since the start of this process, without redrives",
          required: ["decided", "passed", "failed", "duplicates"],
          properties: { decided: whole, passed: whole, failed: whole, duplicates: whole },
        },
        streams: { type: "array", items: STREAM },
        router: {
          type: "array",
          description: "What is moved to lanes, where this process does it",
          items: ROUTED,
        },
        pool: {
          type: "array",
          description: "The validators of decide.pool, where one is configured",
          items: VALIDATOR,
        },
        groups: {
          type: "array",
          description: "The groups with most failures in the last hour (whole hours), at most ten",
          items: {
            type: "object",
            required: ["fingerprint", "code", "contract", "recent", "count", "last"],
            properties: {
              fingerprint: text,
              code: text,
              contract: FAILURE.properties.contract,
              recent: whole,
              count: whole,
              last: { type: ["string", "null"] },
              why: { ...text, description: "What is wrong in a failure of the group, in one line" },
            },
          },
        },
        storeTrouble: {
          ...TROUBLE,
          description: "Why groups and objectives are not known now and empty; absent when they are known",
        },
        objectives: {
          type: "array",
          items: {
            type: "object",
            required: ["name", "state", "budgetLeft", "firing"],
            properties: {
              name: text,
              state: { enum: ["met", "breached", "no-data"] },
              budgetLeft: { type: "number" },
              firing: { enum: ["page", "ticket", null] },
            },
          },
        },
      },
    }),
  },
} as const;

/** `GET /v1/status`: what `sigma top` shows; and `GET /v1/slo`, of which it shows a part. */
export function registerStatus(app: Routes, deps: HttpDeps): void {
  registerSlo(app, deps);
  const startedMs = deps.now();
  const askStore = storeQuestions(deps);
  app.get("/v1/status", { schema: STATUS, config: { role: "viewer" } }, async (_, reply) => {
    const nowMs = deps.now();
    const states = deps.gateway.streams();
    const loadOf = loadsOf(deps, states);
    const [streams, router, ofStore] = await Promise.all([
      Promise.all(states.map(async (one) => ({ ...(await streamView(deps, one, nowMs)), ...loadOf(one.stream) }))),
      deps.routed === undefined ? null : routedWithLag(deps.routed, nowMs),
      answerOf(askStore(nowMs)),
    ]);
    return reply.send({
      version: deps.version,
      now: new Date(nowMs).toISOString(),
      upSeconds: (nowMs - startedMs) / 1_000,
      ready: isReady(deps),
      decided: deps.totals?.totals() ?? { decided: 0, passed: 0, failed: 0, duplicates: 0 },
      streams,
      ...(router === null ? {} : { router }),
      ...(deps.pool === undefined ? {} : { pool: deps.pool().map((one) => ({ ...one })) }),
      ...ofStore,
    });
  });
}

/** What of the answer is read in the store. */
function storeQuestions(deps: HttpDeps) {
  const page = openGroupPage(deps.failures.groups);
  const whyOf = openWhy(deps.reads, deps.redaction ?? NO_REDACTION);
  return async (nowMs: number) => {
    const filter = { ...ANY_FAILURE, fromMs: nowMs - HOUR_MS };
    const found = await page({ filter, sort: "recent", limit: GROUPS_MAX, cursor: null, nowMs });
    const groups = found === "foreign-cursor" ? [] : found.groups.filter(({ recent }) => recent > 0);
    const objectives = (await deps.objectives?.report()) ?? [];
    return {
      groups: await Promise.all(groups.map(async (group) => shortView(group, await whyOf(group)))),
      objectives: objectives.map(({ objective, state, budgetLeft, firing }) => ({
        name: objective.name,
        state,
        budgetLeft,
        firing,
      })),
    };
  };
}

/** A store that is away, or slow, hides nothing of what is known without it. */
async function answerOf<T extends object>(asked: Promise<T>) {
  const nothing = (trouble: Unavailable) => ({ groups: [], objectives: [], storeTrouble: troubleView(trouble) });
  try {
    return (await within(STORE_WAIT_MS, asked)) ?? nothing(late());
  } catch (error) {
    if (error instanceof Unavailable) return nothing(error);
    throw error;
  }
}

function late(): Unavailable {
  return new Unavailable(
    "STORE_TIMEOUT",
    `The store did not answer within ${STORE_WAIT_MS / 1_000} s`,
    "look at the streams: the one that waits for the store says why",
  );
}

function shortView(group: Group, why: string | null) {
  const { fingerprint, code, contract, recent, count, last } = groupView(group);
  return { fingerprint, code, contract, recent, count, last, ...(why === null ? {} : { why }) };
}

async function streamView(deps: HttpDeps, { stream, state, settledTo, trouble }: StreamState, nowMs: number) {
  const newestMs = deps.totals?.newestMs(stream.id) ?? null;
  return {
    topic: stream.topic,
    partition: stream.partition,
    state,
    settledTo: settledTo === null ? null : exactInteger(settledTo),
    ...(await askBehind(deps.source, stream, { position: settledTo, newestMs, nowMs })),
    trouble: troubleView(trouble),
  };
}
