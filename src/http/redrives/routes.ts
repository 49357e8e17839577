import type { FastifyReply } from "fastify";
import { cancelRedrive, followRedrives, pauseRedrive, type RedriveRefusal } from "../../failures/redrive/act.ts";
import { askToRun, planNamed } from "../../failures/redrive/ask.ts";
import { makePlan, type PlanRefusal } from "../../failures/redrive/make-plan.ts";
import { openReports, type Reports } from "../../failures/redrive/report.ts";
import { runnerSeen } from "../../failures/redrive/seen.ts";
import type { RedriveBook, RedriveStanding } from "../../failures/redrive/states.ts";
import {
  planView,
  redriveView,
  type PlanDetail,
  type PlanView,
  type RedriveView,
} from "../../failures/redrive/view.ts";
import type { Operator } from "../../gateway/operate.ts";
import { jsonBody } from "../body/json-body.ts";
import { operatorIn } from "../access/operator.ts";
import { numberIn, numberOrNullIn, onlyMembers, type Body } from "../body/members.ts";
import type { HttpDeps } from "../deps.ts";
import { limitOf } from "../failures/query.ts";
import { ANY_UNAVAILABLE } from "../problems/codes.ts";
import { badRequest, notFound, ProblemError } from "../problems/problem.ts";
import type { Routes } from "../route-types.ts";
import { answer } from "../schema-parts.ts";
import { ACT_BODY, PLAN_BODY, RUN_BODY } from "./bodies.ts";
import { PLAN_PROPERTIES, REDRIVE_PROPERTIES, REPORT } from "./schemas.ts";
import { selectionIn } from "./selection.ts";

const LIMIT_MAX = 1_000;
/** Records of a plan that is made over HTTP: so many take a gateway some 120 MB of memory while it plans (bench/plan-memory.ts). */
const RECORDS_MAX = 10_000_000;

/** JSON Schema of a plan in a list. */
const REDRIVE = {
  title: "Redrive",
  type: "object",
  required: ["id", "state", "count", "subjects", "at", "actor", "reason", "run", "last"],
  properties: REDRIVE_PROPERTIES,
} as const;

const OF_PLAN = ["selection", "toVersion", "contractSet", "digest", "streams", "dryRun"] as const;

/** JSON Schema of a plan. */
const PLAN = {
  title: "RedrivePlan",
  type: "object",
  required: [...REDRIVE.required, ...OF_PLAN],
  properties: { ...REDRIVE_PROPERTIES, ...PLAN_PROPERTIES },
} as const;

/** JSON Schema of a plan with what became of its records. */
const PLAN_DETAIL = {
  title: "RedrivePlanDetail",
  type: "object",
  required: [...REDRIVE.required, ...OF_PLAN, "report"],
  properties: { ...REDRIVE_PROPERTIES, ...PLAN_PROPERTIES, report: REPORT },
} as const;

const ID = {
  type: "object",
  required: ["plan"],
  properties: {
    plan: {
      type: "string",
      pattern: "^[0-9a-f]{12}$",
      description: "Id of the plan",
      examples: ["0f3c9a5be1d2"],
    },
  },
} as const;

const MAKE = {
  operationId: "planRedrive",
  summary: "Freeze which records are sent again, and say what would become of them; nothing is sent",
  response: {
    201: { ...answer("The plan", PLAN), headers: { location: { type: "string", description: "Path of the plan" } } },
  },
} as const;

const LIST = {
  operationId: "listRedrives",
  summary: "Redrive plans, newest first",
  querystring: {
    type: "object",
    additionalProperties: false,
    properties: {
      state: { ...REDRIVE.properties.state, description: "Plans in this state alone" },
      limit: { type: "string", pattern: "^[0-9]{1,4}$", description: "Plans in a page, 1 to 1000; 50 without it" },
      cursor: { ...ID.properties.plan, description: "`next` of the page before" },
    },
  },
  response: {
    200: answer("A page", {
      type: "object",
      required: ["redrives", "next"],
      properties: {
        redrives: { type: "array", items: REDRIVE },
        next: { type: ["string", "null"], description: "Cursor of the next page; null at the end" },
      },
    }),
  },
} as const;

const ONE = {
  operationId: "redrive",
  summary: "A plan: its dry run, how far it is, and what became of its records",
  params: ID,
  response: { 200: answer("The plan", PLAN_DETAIL) },
} as const;

const actSchema = (operationId: "runRedrive" | "pauseRedrive" | "cancelRedrive", summary: string) =>
  ({ operationId, summary, params: ID, response: { 200: answer("The plan", PLAN) } }) as const;

const BAD_BODY = ["bad-parameter", "not-json"] as const;
const NOT_DONE = {
  400: BAD_BODY,
  404: ["unknown-plan"],
  409: ["plan-over", "plan-not-running", "contract-busy", "contracts-changed", "plan-damaged", "unexpected-count"],
  503: [ANY_UNAVAILABLE],
} as const;
const NOT_PLANNED = {
  400: BAD_BODY,
  409: ["planning", "nothing-selected", "too-many", "version-unfit", "interrupted"],
  503: [ANY_UNAVAILABLE],
} as const;

/** Redrives: plan, look, run, pause, cancel. What runs is done by the gateways (failures/redrive/attend.ts). */
export function registerRedrives(app: Routes, deps: HttpDeps): void {
  const { store } = deps.redrives;
  registerPlanning(app, deps);
  registerLooking(app, deps);

  const act = (
    name: "run" | "pause" | "cancel",
    summary: string,
    members: readonly string[],
    work: (plan: string, body: Body, operator: Operator) => Promise<RedriveRefusal | null>,
  ): void => {
    const schema = actSchema(`${name}Redrive`, summary);
    const body = name === "run" ? RUN_BODY : ACT_BODY;
    app.post(
      `/v1/redrives/:plan/${name}`,
      { schema, config: { role: "operator", takes: ["document"], problems: NOT_DONE, body } },
      async (request, reply) => {
        const { plan } = request.params;
        const given = jsonBody(request);
        onlyMembers(given, ["actor", "reason", ...members]);
        const refused = await work(plan, given, operatorIn(request, given, deps.now()));
        if (refused !== null) throw problemOf(refused);
        return reply.send(await viewOf(deps, plan));
      },
    );
  };
  act("run", "Give a plan to the gateways, or let a paused one go on", ["expect", "rate"], async (plan, body, by) => {
    const [expect, rate] = [numberIn(body, "expect"), numberOrNullIn(body, "rate")];
    return askToRun(store, deps.contracts(), plan, { by: "gateway", rate, expect, operator: by });
  });
  act("pause", "Let the runner of a plan stop behind its batch", [], async (plan, _, by) =>
    pauseRedrive(store, plan, by),
  );
  act("cancel", "End a plan for good: what was sent again stays", [], async (plan, _, by) =>
    cancelRedrive(store, plan, by),
  );
}

/** The plans, and how far each is: the page of a plan asks each second. */
function registerLooking(app: Routes, deps: HttpDeps): void {
  const { store } = deps.redrives;
  const viewed = async (standing: RedriveStanding): Promise<RedriveView> =>
    redriveView(standing, await runnerSeen(store.reads, standing, deps.now()));
  let following: { readonly redrives: () => Promise<RedriveBook>; readonly reports: Reports } | null = null;
  const follow = (): NonNullable<typeof following> =>
    (following ??= { redrives: followRedrives(store.reads), reports: openReports(store.reads) });

  app.get(
    "/v1/redrives",
    {
      schema: LIST,
      config: { role: "viewer", problems: { 400: ["bad-parameter", "foreign-cursor"], 503: [ANY_UNAVAILABLE] } },
    },
    async ({ query: { state, limit, cursor } }, reply) => {
      const size = limitOf(limit, LIMIT_MAX);
      const all = (await follow().redrives()).all().toReversed();
      const first = cursor === undefined ? 0 : all.findIndex(({ id }) => id === cursor) + 1;
      if (cursor !== undefined && first === 0) throw badRequest("foreign-cursor", "The cursor names no plan");
      const found = all.slice(first).filter((one) => state === undefined || one.state === state);
      const page = found.slice(0, size);
      const next = found.length > size ? (page.at(-1)?.id ?? null) : null;
      return reply.send({ redrives: await Promise.all(page.map(viewed)), next });
    },
  );

  app.get(
    "/v1/redrives/:plan",
    {
      schema: ONE,
      config: { role: "viewer", problems: { 404: ["unknown-plan"], 409: ["plan-damaged"], 503: [ANY_UNAVAILABLE] } },
    },
    async ({ params }, reply) => {
      const { redrives, reports } = follow();
      const known = await planNamed(store.reads, params.plan, redrives);
      if ("code" in known) throw problemOf(known);
      const { plan, standing } = known;
      const runner = await runnerSeen(store.reads, standing, deps.now());
      const detail: PlanDetail = { ...planView(plan, standing, runner), report: await reports.of(plan) };
      return reply.send(detail);
    },
  );
}

/** Plans one at a time: a dry run judges like a live stream does. It ends when whoever asked is gone. */
function registerPlanning(app: Routes, deps: HttpDeps): void {
  const { store, newId, learnSchemaIds, pace } = deps.redrives;
  const learning = learnSchemaIds === undefined ? {} : { learnSchemaIds };
  let isPlanning = false;
  app.post(
    "/v1/redrives",
    { schema: MAKE, config: { role: "operator", takes: ["document"], problems: NOT_PLANNED, body: PLAN_BODY } },
    async (request, reply) => {
      const body = jsonBody(request);
      onlyMembers(body, ["actor", "reason", "select", "toVersion"]);
      const operator = operatorIn(request, body, deps.now());
      const selection = selectionIn(body, deps.now());
      const toVersion = numberOrNullIn(body, "toVersion");
      if (isPlanning) throw problemOf(PLANNING);
      isPlanning = true;
      try {
        const made = await makePlan(
          { store, contracts: deps.contracts, ...learning },
          { id: newId(), selection, toVersion, operator },
          { signal: goneSignal(reply), recordsMax: RECORDS_MAX, ...(pace === undefined ? {} : { pace }) },
        );
        if ("code" in made) throw problemOf(made);
        const plan = await viewOf(deps, made.id);
        return await reply.code(201).header("location", `/v1/redrives/${made.id}`).send(plan);
      } finally {
        isPlanning = false;
      }
    },
  );
}

/** Aborts when the client closes the connection before it was answered. */
function goneSignal({ raw }: { readonly raw: FastifyReply["raw"] }): AbortSignal {
  const gone = new AbortController();
  raw.once("close", () => {
    if (!raw.writableEnded) gone.abort();
  });
  return gone.signal;
}

const PLANNING: PlanRefusal = {
  code: "planning",
  message: "No plan was made: this gateway is making another one",
  remedy: "wait until that one is made, and ask again",
};

/** @throws ProblemError when the plan cannot be read. */
async function viewOf({ redrives, now }: HttpDeps, id: string): Promise<PlanView> {
  const known = await planNamed(redrives.store.reads, id);
  if ("code" in known) throw problemOf(known);
  return planView(known.plan, known.standing, await runnerSeen(redrives.store.reads, known.standing, now()));
}

function problemOf({ code, message, remedy }: RedriveRefusal | PlanRefusal): ProblemError {
  if (code === "no-plan") return notFound("unknown-plan", message, "list the plans: GET /v1/redrives");
  return new ProblemError({ status: 409, code, title: "Not done", detail: message, remedy });
}
