import type { People } from "../../access/people/people.ts";
import { ATTEMPT, cookieIn, SESSION, setCookie } from "../access/cookies.ts";
import { identify } from "../access/identify.ts";
import { providerAway } from "../access/authenticate.ts";
import type { HttpDeps } from "../deps.ts";
import { badRequest, notFound } from "../problems/problem.ts";
import type { Routes } from "../route-types.ts";
import { answer, rawAnswer, text } from "../schema-parts.ts";

/** For browsers alone: a client has no use for it. */
const LOGIN = {
  hide: true,
  operationId: "signIn",
  summary: "Send a browser to the provider, to sign in; `to` is the path that is shown afterwards",
  querystring: { type: "object", properties: { to: { type: "string", maxLength: 2_048 } } },
  response: { 302: { description: "To the provider" } },
} as const;

const CALLBACK = {
  operationId: "signedIn",
  summary: "Where the provider sends a browser back",
  response: { 200: rawAnswer("Goes on by itself", "text/html", text) },
} as const;

const SESSION_OF = {
  operationId: "session",
  summary: "Who asks, and what they may do",
  response: {
    200: answer("Who asks", {
      title: "Session",
      type: "object",
      required: ["kind", "name", "roles", "csrf", "ends", "signIn"],
      properties: {
        kind: {
          enum: ["local", "key", "person", "certificate", "nobody"],
          description: "local: nobody needs a key; nobody: whoever asks has to give one, or sign in",
        },
        name: text,
        roles: { type: "array", items: text },
        csrf: { type: ["string", "null"], description: "What X-CSRF-Token must have when a session changes something" },
        ends: { type: ["string", "null"], description: "When the session ends if it is not used" },
        signIn: { type: "boolean", description: "Whether GET /auth/login leads somewhere" },
      },
    }),
  },
} as const;

const LOGOUT = {
  operationId: "signOut",
  summary: "End the session of this browser",
  response: { 204: { description: "It is ended" } },
} as const;

/** A path of this gateway: `//` and `/\` would begin the name of another. */
const OWN_PATH = /^\/(?![/\\])[^\\\p{C}]*$/u;

/** Shown for a moment: a page of the gateway's own goes on, so that the browser sends the session along, which is `SameSite=Strict`. */
const goOn = (to: string): string =>
  `<!doctype html><html lang="en"><meta http-equiv="refresh" content="0;url=${escaped(to)}"><title>Signed in</title><a href="${escaped(to)}">Go on</a></html>`;

function escaped(value: string): string {
  return value.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

const NONE = { 404: ["no-sign-in"] } as const;
const AWAY = { ...NONE, 400: ["sign-in"], 503: ["provider-away"] } as const;

/** Signing in and out with a browser (authorization code with PKCE), and who asks. */
export function registerAuth(app: Routes, { access }: HttpDeps): void {
  const browser = access?.browser ?? null;

  app.get("/auth/login", { schema: LOGIN, config: { role: "public", problems: AWAY } }, async (request, reply) => {
    const { begin, isSecure } = required(browser);
    const { to = "/" } = request.query;
    if (!OWN_PATH.test(to)) throw badRequest("sign-in", "The parameter to is no path of this gateway");
    const begun = await begin(to);
    if ("kind" in begun) throw providerAway(begun.why);
    setCookie(reply, ATTEMPT, begun.attempt, isSecure);
    return reply.code(302).header("location", begun.url).send();
  });

  app.get(
    "/auth/callback",
    { schema: CALLBACK, config: { role: "public", problems: AWAY } },
    async (request, reply) => {
      const { finish, isSecure } = required(browser);
      const answered = new URL(request.url, "http://gateway").searchParams;
      const done = await finish(cookieIn(request, ATTEMPT, isSecure), answered);
      if (done.kind === "away") throw providerAway(done.why);
      if (done.kind === "refused") throw badRequest("sign-in", done.why);
      setCookie(reply, SESSION, done.session, isSecure);
      setCookie(reply, ATTEMPT, null, isSecure);
      return reply.header("content-type", "text/html; charset=utf-8").send(goOn(done.to));
    },
  );

  app.get("/auth/session", { schema: SESSION_OF, config: { role: "public" } }, async (request, reply) => {
    const signIn = browser !== null;
    if (access === undefined) return reply.send({ ...NOBODY, kind: "local", roles: ["admin"], signIn });
    const found = await identify(access, request, reply);
    if (found.kind !== "known") return reply.send({ ...NOBODY, signIn });
    const { kind, name, roles } = found.who;
    const { csrf = null, endsMs = null } = found.session ?? {};
    const ends = endsMs === null ? null : new Date(endsMs).toISOString();
    return reply.send({ kind, name, roles, csrf, ends, signIn });
  });

  app.delete(
    "/auth/session",
    { schema: LOGOUT, config: { role: "public", problems: { ...NONE, 403: ["csrf"] } } },
    async (request, reply) => {
      const { isSecure } = required(browser);
      if (access !== undefined) await identify(access, request, reply);
      setCookie(reply, SESSION, null, isSecure);
      return reply.code(204).send();
    },
  );
}

const NOBODY = { kind: "nobody", name: "", roles: [], csrf: null, ends: null } as const;

/** @throws ProblemError 404 where nobody signs in with a browser. */
function required(browser: People["browser"]): NonNullable<People["browser"]> {
  if (browser !== null) return browser;
  throw notFound("no-sign-in", "Nobody signs in here", "set oidc.issuer and oidc.client_id, or use a key");
}
