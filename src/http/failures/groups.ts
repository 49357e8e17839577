import { diagnosisOf } from "../../diagnosis/diagnose.ts";
import { adviceView } from "../../diagnosis/diagnosis.ts";
import { changeGroup, type GroupRequest } from "../../failures/change-group.ts";
import { newestOf } from "../../failures/find.ts";
import { openGroupPage } from "../../failures/group-page.ts";
import { parseTimeToCome } from "../../failures/parse-filter.ts";
import { NO_REDACTION } from "../../failures/redact.ts";
import { groupDetail, groupView } from "../../failures/view.ts";
import { openWhy } from "../../failures/why.ts";
import { jsonBody } from "../body/json-body.ts";
import { operatorIn } from "../access/operator.ts";
import { numberIn, textIn, type Body } from "../body/members.ts";
import type { HttpDeps } from "../deps.ts";
import { ANY_UNAVAILABLE } from "../problems/codes.ts";
import { badRequest, notFound } from "../problems/problem.ts";
import type { Routes } from "../route-types.ts";
import { answer, text, whole } from "../schema-parts.ts";
import { ADVICE } from "./advice.ts";
import { registerDiagnosis } from "./diagnosis.ts";
import { FAILURE } from "./failure.ts";
import { FILTER_QUERY, FINGERPRINT, filterOf, limitOf } from "./query.ts";

const time = { type: ["string", "null"], description: "RFC 3339; null outside the years 0 to 9999" } as const;

const SAID = {
  type: "object",
  required: ["actor", "at", "text"],
  properties: { actor: text, at: text, text },
} as const;

const GROUP_PROPERTIES = {
  fingerprint: text,
  code: text,
  contract: FAILURE.properties.contract,
  count: { ...whole, description: "Failures there ever were" },
  recent: { ...whole, description: "Failures since the hour of `since`; all without it" },
  redriven: { ...whole, description: "Records that were sent again and failed again; not part of count" },
  first: { ...time, description: "Timestamp of the first record in its log" },
  last: { ...time, description: "Timestamp of the last record in its log" },
  topics: { type: "array", items: text },
  state: {
    type: "object",
    required: ["kind"],
    properties: {
      kind: { enum: ["open", "acknowledged", "fixed-in", "muted"] },
      version: { ...whole, description: "Of fixed-in: the version of the contract" },
      until: { ...time, description: "Of muted: until when" },
      threshold: { type: ["integer", "null"], description: "Of muted: until so many failures" },
      set: { ...SAID, description: "Who set it, and why" },
      since: { ...whole, description: "Failures since it was set" },
    },
  },
  owner: { type: ["string", "null"] },
  why: { ...text, description: "What is wrong in a failure of the group, in one line" },
} as const;

const GROUP_REQUIRED = [
  "fingerprint",
  "code",
  "contract",
  "count",
  "recent",
  "redriven",
  "first",
  "last",
  "topics",
  "state",
  "owner",
] as const;

/** JSON Schema of a group in a list. */
const GROUP = {
  title: "FailureGroup",
  type: "object",
  required: GROUP_REQUIRED,
  properties: GROUP_PROPERTIES,
} as const;

const COUNTED = {
  type: "array",
  items: { type: "object", required: ["value", "count"], properties: { value: text, count: whole } },
} as const;

/** JSON Schema of a group with what its failures have in common. */
const GROUP_DETAIL = {
  title: "FailureGroupDetail",
  type: "object",
  required: [...GROUP_REQUIRED, "recipe", "notes", "trend", "sample", "examples", "advice"],
  properties: {
    ...GROUP_PROPERTIES,
    recipe: { type: "string", description: "What the failures of the group have in common, in words" },
    notes: { type: "array", items: SAID },
    trend: {
      type: "array",
      description: "Failures by hour over the last 30 days; hours without any are left out",
      items: { type: "object", required: ["hour", "count"], properties: { hour: time, count: whole } },
    },
    sample: {
      type: "object",
      description: "Counted among the newest failures, up to 1,000",
      required: ["looked", "producers", "values", "declaredBy"],
      properties: {
        looked: { ...whole, description: "How many failures these numbers are of" },
        producers: COUNTED,
        values: { ...COUNTED, description: "What was found; values only where the contract shows them (x-show-value)" },
        declaredBy: COUNTED,
      },
    },
    examples: { type: "array", items: FAILURE },
    advice: ADVICE,
  },
} as const;

const LIMIT_MAX = 1_000;

const LIST = {
  operationId: "listFailureGroups",
  summary: "Failures by group",
  querystring: {
    type: "object",
    additionalProperties: false,
    properties: {
      since: FILTER_QUERY.since,
      code: FILTER_QUERY.code,
      contract: FILTER_QUERY.contract,
      topic: FILTER_QUERY.topic,
      state: FILTER_QUERY.state,
      sort: {
        enum: ["first", "last", "count", "recent"],
        description: "Largest first. Only the order by `first` stays the same while failures arrive",
      },
      limit: { type: "string", pattern: "^[0-9]{1,4}$", description: "Groups in a page, 1 to 1000; 50 without it" },
      cursor: { type: "string", maxLength: 1_024, description: "`next` of the page before" },
    },
  },
  response: {
    200: answer("A page", {
      type: "object",
      required: ["groups", "next", "total"],
      properties: {
        groups: { type: "array", items: GROUP },
        next: { type: ["string", "null"] },
        total: { ...whole, description: "Groups that pass the filter" },
      },
    }),
  },
} as const;

const ONE = {
  operationId: "failureGroup",
  summary: "One group: its trend, who sends it, what it has in common, examples",
  params: FINGERPRINT,
  response: { 200: answer("The group", GROUP_DETAIL) },
} as const;

const CHANGE = {
  operationId: "changeFailureGroup",
  summary: "Set the state or the owner of a group, or add a note; it is kept in the operator log",
  params: FINGERPRINT,
  response: {
    200: answer("The group afterwards", GROUP),
  },
} as const;

const CHANGE_BODY = {
  type: "object",
  required: ["reason"],
  examples: [{ actor: "ann", reason: "asked the producer", state: "acknowledged" }],
  properties: {
    actor: { ...text, description: "Who says so; with a key it is the key, and without one it is required" },
    reason: { ...text, description: "Why; kept for ever. Of a note, the note" },
    state: { enum: ["open", "acknowledged", "fixed-in", "muted"] },
    version: { ...whole, description: "With fixed-in: the version of the contract" },
    until: { ...text, description: "With muted: RFC 3339 time, or 1h, 7d from now" },
    threshold: { ...whole, description: "With muted: a number of failures" },
    owner: { type: ["string", "null"], description: "Null: nobody" },
  },
} as const;

const UNKNOWN = { 404: ["unknown-group"], 503: [ANY_UNAVAILABLE] } as const;
const NOT_CHANGED = { ...UNKNOWN, 400: ["bad-parameter", "not-json"] } as const;

/** Groups of failures: a list, one of them, what operators say of them, and what a language model does. */
export function registerGroups(app: Routes, deps: HttpDeps): void {
  const { groups } = deps.failures;
  const { redaction = NO_REDACTION } = deps;
  const page = openGroupPage(groups);
  registerDiagnosis(app, deps);
  const whyOf = openWhy(deps.reads, redaction);

  app.get(
    "/v1/failures/groups",
    {
      schema: LIST,
      config: { role: "viewer", problems: { 400: ["bad-parameter", "foreign-cursor"], 503: [ANY_UNAVAILABLE] } },
    },
    async (request, reply) => {
      const { sort = "first", limit, cursor = null, ...query } = request.query;
      const found = await page({
        filter: filterOf(query, deps.now()),
        sort,
        limit: limitOf(limit, LIMIT_MAX),
        cursor,
        nowMs: deps.now(),
      });
      if (found === "foreign-cursor")
        throw badRequest("foreign-cursor", "The cursor is damaged, or of a query with other parameters");
      const views = found.groups.map(async (group) => groupView(group, await whyOf(group)));
      return reply.send({ groups: await Promise.all(views), next: found.next, total: found.total });
    },
  );

  app.get(
    "/v1/failures/groups/:fingerprint",
    { schema: ONE, config: { role: "viewer", problems: UNKNOWN } },
    async (request, reply) => {
      const { fingerprint } = request.params;
      const group = await groups.group(fingerprint, deps.now());
      if (group === null) throw unknownGroup();
      const { newest, sample } = await newestOf(deps.reads, fingerprint, redaction);
      const trend = await groups.trend(fingerprint, deps.now());
      const advice = adviceView(await diagnosisOf(deps.reads, fingerprint));
      return reply.send({ ...groupDetail(group, trend, sample, newest, redaction), advice });
    },
  );

  app.patch(
    "/v1/failures/groups/:fingerprint",
    { schema: CHANGE, config: { role: "operator", takes: ["document"], problems: NOT_CHANGED, body: CHANGE_BODY } },
    async (request, reply) => {
      const { fingerprint } = request.params;
      const body = jsonBody(request);
      const operator = operatorIn(request, body, deps.now());
      for (const change of changesIn(body, deps.now())) {
        const outcome = await changeGroup(deps.failures.store, groups, fingerprint, change, operator, deps.now());
        if (outcome.kind === "unknown-group") throw unknownGroup();
      }
      const group = await groups.group(fingerprint, deps.now());
      if (group === null) throw unknownGroup();
      return reply.send(groupView(group));
    },
  );
}

function unknownGroup(): Error {
  return notFound("unknown-group", "There is no failure with this fingerprint");
}

/** What a body asks for; a note alone when it names neither a state nor an owner. @throws ProblemError 400 */
function changesIn(body: Body, nowMs: number): readonly GroupRequest[] {
  const changes: GroupRequest[] = [];
  const { state, owner } = body;
  switch (state) {
    case undefined:
      break;
    case "open":
    case "acknowledged":
      changes.push({ kind: "state", state: { kind: state } });
      break;
    case "fixed-in":
      changes.push({ kind: "state", state: { kind: state, version: numberIn(body, "version") } });
      break;
    case "muted": {
      const untilMs = body["until"] === undefined ? null : timeIn(body, nowMs);
      const threshold = body["threshold"] === undefined ? null : numberIn(body, "threshold");
      if (untilMs === null && threshold === null)
        throw badRequest("bad-parameter", "A muted group needs the member until, or threshold");
      changes.push({ kind: "state", state: { kind: state, untilMs, threshold } });
      break;
    }
    default:
      throw badRequest("bad-parameter", "The member state must be open, acknowledged, fixed-in or muted");
  }
  if (owner !== undefined) changes.push({ kind: "owner", owner: owner === null ? null : textIn(body, "owner") });
  return changes.length === 0 ? [{ kind: "note" }] : changes;
}

/** @throws ProblemError 400 */
function timeIn(body: Body, nowMs: number): number {
  const ms = parseTimeToCome(textIn(body, "until"), nowMs);
  if (ms !== null) return ms;
  throw badRequest(
    "bad-parameter",
    "The member until is no time to come: write 2026-11-29T10:00:00Z, or 1h, 7d from now",
  );
}
