import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { HttpDeps } from "../deps.ts";

/** Headers of requests that a page may set: what the routes read. Cookies are not among them: a page of another origin has none. */
const SENT =
  "accept, accept-contract, authorization, content-encoding, content-type, dataschema, last-event-id, prefer, sigma-contract, sigma-key, sigma-key-field, sigma-producer";
/** Headers of answers that a page may read beside the few that it always may. */
const SHOWN =
  "contract, deprecation, link, location, preference-applied, ratelimit, ratelimit-policy, retry-after, sigma-set-aside, sunset, www-authenticate";
/** How long a browser keeps a permission, in seconds: a page whose origin is taken off the list asks no longer than that. */
const KEPT_SECONDS = 600;

/** Whether a page of a named origin makes the request. */
export function isNamedOrigin({ headers }: FastifyRequest, origins: readonly string[]): boolean {
  return headers.origin !== undefined && origins.includes(headers.origin);
}

/**
 * Lets pages of the named origins read (CORS, Fetch standard). What a page sends as its user is a key, which it must have: there
 * is no `Access-Control-Allow-Credentials`, so that a session of the gateway is of no use to another origin.
 */
export function answerNamedOrigins(app: FastifyInstance, { corsOrigins = [] }: Pick<HttpDeps, "corsOrigins">): void {
  if (corsOrigins.length === 0) return;
  app.addHook("onRequest", async (request, reply) => {
    void reply.header("vary", "origin");
    if (!isNamedOrigin(request, corsOrigins)) return;
    void reply.headers({
      "access-control-allow-origin": request.headers.origin,
      "access-control-expose-headers": SHOWN,
    });
  });
}

/** Answers pages of the named origins that ask for leave first. The names by which the server is asked are judged before. */
export function answerPreflights(app: FastifyInstance, { corsOrigins = [] }: Pick<HttpDeps, "corsOrigins">): void {
  if (corsOrigins.length === 0) return;
  app.addHook("onRequest", async (request, reply) =>
    isPreflight(request) && isNamedOrigin(request, corsOrigins) ? permit(reply) : undefined,
  );
}

function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === "OPTIONS" && headers["access-control-request-method"] !== undefined;
}

/** What may be done is said by the route itself; here only which methods there are at all. */
async function permit(reply: FastifyReply): Promise<FastifyReply> {
  return reply
    .code(204)
    .headers({
      "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
      "access-control-allow-headers": SENT,
      "access-control-max-age": KEPT_SECONDS,
    })
    .send();
}
