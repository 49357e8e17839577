import { stateOf, type ApiKey } from "../../access/api-key.ts";
import {
  makeApiKey,
  makeKeyOfOpenGateway,
  readApiKeys,
  revokeApiKey,
  rotateApiKey,
  type KeyRefusal,
} from "../../access/change-keys.ts";
import type { KeyDetail } from "../../access/key-book.ts";
import { readUses } from "../../access/key-use.ts";
import { ROLES, type Role } from "../../access/roles.ts";
import { parseTimeToCome } from "../../failures/parse-filter.ts";
import { whoAsks } from "../access/authenticate.ts";
import { operatorIn } from "../access/operator.ts";
import { jsonBody } from "../body/json-body.ts";
import { onlyMembers, textIn, type Body } from "../body/members.ts";
import type { HttpDeps } from "../deps.ts";
import { ANY_UNAVAILABLE } from "../problems/codes.ts";
import { badRequest, notFound, ProblemError } from "../problems/problem.ts";
import type { Headers, Routes } from "../route-types.ts";
import { answer, text } from "../schema-parts.ts";
import { MAKE_BODY, REVOKE_BODY, ROTATE_BODY } from "./bodies.ts";

const time = { type: ["string", "null"] } as const;
const names = { type: "array", items: text } as const;

const KEY = {
  title: "Key",
  type: "object",
  required: [
    "id",
    "name",
    "roles",
    "subjects",
    "topics",
    "madeAt",
    "madeBy",
    "replacedBy",
    "ends",
    "revokedAt",
    "lastUse",
    "state",
  ],
  properties: {
    id: text,
    name: text,
    roles: names,
    subjects: { ...names, description: "The contracts it is for; with topics empty too: all records" },
    topics: names,
    madeAt: text,
    madeBy: text,
    replacedBy: { ...time, description: "The key that took its place" },
    ends: { ...time, description: "Null: never" },
    revokedAt: time,
    lastUse: { ...time, description: "To the minute; null: never" },
    state: { enum: ["active", "revoked", "expired"] },
  },
} as const;

const MADE = {
  title: "MadeKey",
  type: "object",
  required: ["id", "key", "replaces", "ends", "oldEnds"],
  properties: {
    id: text,
    key: { ...text, description: "The key itself: it is in this answer and nowhere kept" },
    replaces: { ...time, description: "The key whose place it takes" },
    ends: time,
    oldEnds: { ...time, description: "When the replaced key ends" },
  },
} as const;

const ID = {
  type: "object",
  required: ["id"],
  properties: {
    id: { type: "string", pattern: "^[0-9a-f]{12}$", description: "Id of the key", examples: ["0f3c9a5be1d2"] },
  },
} as const;

const LIST = {
  operationId: "listKeys",
  summary: "Every API key there was: what it is for, when it ends, when it was used last",
  response: {
    200: answer("The keys, in the order in which they were made", {
      type: "object",
      required: ["keys"],
      properties: { keys: { type: "array", items: KEY } },
    }),
  },
} as const;

const MAKE = {
  operationId: "makeKey",
  summary: "Make an API key. From the first one on every request needs one",
  response: { 201: answer("The key, shown this once", MADE) },
} as const;

const ROTATE = {
  operationId: "rotateKey",
  summary: "Make a key that may do what another may, and let that one end after a while",
  params: ID,
  response: { 201: answer("The new key, shown this once", MADE) },
} as const;

const REVOKE = {
  operationId: "revokeKey",
  summary: "Let a key end now, for good: gateways refuse it within a second",
  params: ID,
  response: {
    200: answer("It is revoked", {
      type: "object",
      required: ["id", "state"],
      properties: { id: text, state: { const: "revoked" } },
    }),
  },
} as const;

const CHANGED = {
  400: ["bad-parameter", "not-json"],
  404: ["unknown-key"],
  409: ["key-over", "no-admin-left"],
  503: [ANY_UNAVAILABLE],
} as const;

/** API keys: who may ask, and for what. A key is in the answer that makes it and nowhere else. */
export function registerKeys(app: Routes, deps: HttpDeps): void {
  const { store } = deps.failures;
  const { randomBytes, now } = deps;

  app.get(
    "/v1/keys",
    { schema: LIST, config: { role: "admin", problems: { 503: [ANY_UNAVAILABLE] } } },
    async (_, reply) => {
      const keys = await readApiKeys(store.reads);
      const uses = await readUses(store.reads);
      return reply.send({ keys: keys.map((key) => keyView(key, uses.get(key.id) ?? null, now())) });
    },
  );

  app.post(
    "/v1/keys",
    {
      schema: MAKE,
      config: {
        role: "admin",
        takes: ["document"],
        problems: { ...CHANGED, 404: [], 409: ["no-admin-left"] },
        body: MAKE_BODY,
      },
    },
    async (request, reply) => {
      const body = jsonBody(request);
      const wanted = wantedIn(body, now());
      const operator = operatorIn(request, body, now());
      const make = whoAsks(request).kind === "local" ? makeKeyOfOpenGateway : makeApiKey;
      const made = await make(store, wanted, operator, randomBytes);
      if ("refused" in made) throw noAdminLeft("make a key of an admin first, for all records");
      deps.access?.changed();
      unstored(reply);
      return reply.code(201).send({ ...made, replaces: null, ends: timeText(wanted.endsMs), oldEnds: null });
    },
  );

  registerChanges(app, deps);
}

function registerChanges(app: Routes, deps: HttpDeps): void {
  const { store } = deps.failures;
  const { randomBytes, now } = deps;

  app.post(
    "/v1/keys/:id/rotate",
    { schema: ROTATE, config: { role: "admin", takes: ["document"], problems: CHANGED, body: ROTATE_BODY } },
    async (request, reply) => {
      const { id } = request.params;
      const body = jsonBody(request);
      onlyMembers(body, ["actor", "reason", "overlap", "expires"]);
      const nowMs = now();
      const endsMs = endIn(body, nowMs);
      const oldEndsMs = overlapIn(body, nowMs);
      const operator = operatorIn(request, body, nowMs);
      const made = await rotateApiKey(store, id, { endsMs, oldEndsMs, nowMs }, operator, randomBytes);
      if ("refused" in made) throw refusalOf(made.refused);
      deps.access?.changed();
      unstored(reply);
      return reply.code(201).send({ ...made, replaces: id, ends: timeText(endsMs), oldEnds: timeText(oldEndsMs) });
    },
  );

  app.post(
    "/v1/keys/:id/revoke",
    { schema: REVOKE, config: { role: "admin", takes: ["document"], problems: CHANGED, body: REVOKE_BODY } },
    async (request, reply) => {
      const { id } = request.params;
      const body = jsonBody(request);
      onlyMembers(body, ["actor", "reason"]);
      // People, and holders of certificates, stay admins whatever becomes of keys.
      const keepsAdmin = whoAsks(request).kind === "key";
      const refused = await revokeApiKey(store, id, operatorIn(request, body, now()), keepsAdmin);
      if (refused !== null) throw refusalOf(refused);
      deps.access?.changed();
      return reply.send({ id, state: "revoked" });
    },
  );
}

/** The answer has a secret. */
function unstored(reply: Headers): void {
  reply.header("cache-control", "no-store");
}

function keyView(key: ApiKey, lastUseMs: number | null, nowMs: number) {
  const { id, name, roles, subjects, topics, madeAt, madeBy, endsMs, revokedAt, replacedBy } = key;
  const times = { ends: timeText(endsMs), revokedAt, lastUse: timeText(lastUseMs) };
  return { id, name, roles, subjects, topics, madeAt, madeBy, replacedBy, ...times, state: stateOf(key, nowMs) };
}

function timeText(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/** The key that a body asks for. @throws ProblemError 400 */
function wantedIn(body: Body, nowMs: number): Omit<KeyDetail, "hash"> {
  onlyMembers(body, ["actor", "reason", "name", "roles", "topics", "subjects", "expires"]);
  const roles = rolesIn(body);
  const [topics, subjects] = [namesIn(body, "topics"), namesIn(body, "subjects")];
  if (roles.includes("producer") && topics.length === 0)
    throw badRequest("bad-parameter", "A producer's key is for named topics: topics names none");
  return { name: nameIn(body), roles, topics, subjects, endsMs: endIn(body, nowMs) };
}

function nameIn(body: Body): string {
  const name = textIn(body, "name");
  if (/^\P{C}{1,100}$/u.test(name)) return name;
  throw badRequest("bad-parameter", "The member name must be a text of 1 to 100 characters, without controls");
}

function rolesIn({ roles }: Body): readonly Role[] {
  const known = Array.isArray(roles) ? ROLES.filter((role) => roles.includes(role)) : [];
  if (Array.isArray(roles) && known.length > 0 && roles.every((role) => known.includes(role as Role))) return known;
  throw badRequest("bad-parameter", `The member roles must be a list of ${ROLES.join(", ")}`);
}

/** Names of topics and of contracts have the same form. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,248}$/;
const NAMES_MAX = 100;

function namesIn(body: Body, member: "topics" | "subjects"): readonly string[] {
  const given = body[member] ?? [];
  const isList = Array.isArray(given) && given.length <= NAMES_MAX;
  if (isList && given.every((name) => typeof name === "string" && NAME.test(name)))
    return [...new Set(given as string[])];
  throw badRequest("bad-parameter", `The member ${member} must be a list of at most ${NAMES_MAX} names`);
}

/** When a new key ends; null: never. */
function endIn(body: Body, nowMs: number): number | null {
  if ((body["expires"] ?? null) === null) return null;
  const ms = parseTimeToCome(textIn(body, "expires"), nowMs);
  if (ms !== null) return ms;
  throw badRequest("bad-parameter", "The member expires must be a time to come: 90d, 12h, or RFC 3339");
}

/** When the key that is replaced ends; a day from now where nothing is said. */
function overlapIn(body: Body, nowMs: number): number {
  const said = (body["overlap"] ?? null) === null ? "24h" : textIn(body, "overlap");
  const ms = /^0[smhd]?$/.test(said) ? nowMs : parseTimeToCome(said, nowMs);
  if (ms !== null) return ms;
  throw badRequest("bad-parameter", "The member overlap must say how long the old key is still taken: 24h, 10m, 0s");
}

const WHY: Readonly<Record<Exclude<KeyRefusal, "unknown" | "no-admin">, string>> = {
  revoked: "The key is revoked",
  expired: "The key is expired",
  replaced: "Another key took its place already",
};

function refusalOf(why: KeyRefusal): ProblemError {
  const remedy = "GET /v1/keys lists them";
  if (why === "unknown") return notFound("unknown-key", "There is no key of this id", remedy);
  if (why === "no-admin")
    return noAdminLeft("rotate it with an overlap of 0s, which ends it at once, or make another admin's first");
  return new ProblemError({ status: 409, code: "key-over", title: "Not done", detail: WHY[why], remedy });
}

function noAdminLeft(remedy: string): ProblemError {
  const detail = "Nobody could make another key afterwards: no key would be of an admin";
  return new ProblemError({ status: 409, code: "no-admin-left", title: "Not done", detail, remedy });
}
