import type { FastifyInstance, FastifyRequest } from "fastify";
import { isIP } from "node:net";
import { isNamedOrigin } from "./access/cors.ts";
import type { HttpDeps } from "./deps.ts";
import { badRequest, ProblemError } from "./problems/problem.ts";

/** Names of the loopback interface. A site can make its own name resolve to 127.0.0.1, and not one of these. */
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;
/** A host with its port (RFC 9110, 7.2). */
const AUTHORITY = /^(\[[0-9a-f:.]+\]|[^[\]:@/\s]*)(?::\d{1,5})?$/;

/** A request target with its own authority. */
const ABSOLUTE = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i;

/** Headers of every answer, where its route sets no others. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "x-frame-options": "DENY",
};

type Rules = Pick<HttpDeps, "hosts" | "remote" | "corsOrigins" | "hstsSeconds">;

/**
 * Refuses requests under foreign names, and from pages of other origins. A gateway without keys believes whoever reaches it, so a page in
 * a browser on this machine must not be able to make requests in the name of its user.
 */
export function guardRequests(app: FastifyInstance, rules: Rules): void {
  app.addHook("onRequest", async (request) => {
    refuseForeignName(request, rules);
    if (!isNamedOrigin(request, rules.corsOrigins ?? [])) refuseForeignPage(request);
  });
  app.addHook("onSend", async (request, reply, payload) => {
    for (const [name, value] of Object.entries(SAFE_HEADERS))
      if (!reply.hasHeader(name)) void reply.header(name, value);
    if (staysSecure(request, rules)) void reply.header("strict-transport-security", `max-age=${rules.hstsSeconds}`);
    return payload;
  });
}

/** @throws ProblemError 400 or 421 */
function refuseForeignName({ raw }: FastifyRequest, rules: Rules): void {
  const { rawHeaders, httpVersionMajor, httpVersionMinor, url } = raw;
  const hosts = rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === "host");
  if (hosts.length > 1) throw badRequest("two-hosts", "The request has more than one Host header");
  const [host] = hosts;
  const isOld = httpVersionMajor === 1 && httpVersionMinor === 0;
  // HTTP/1.0 knows no Host header. Browsers always send one.
  if (host === undefined && !isOld) throw badRequest("no-host", "The request has no Host header");
  // A request target as for a proxy names its host a second time (RFC 9112, 3.2.2).
  const inTarget = ABSOLUTE.exec(url ?? "")?.[1];
  const names = [...(host === undefined ? [] : [host]), ...(inTarget === undefined ? [] : [inTarget])];
  if (names.every((one) => isServed(nameOf(one), rules))) return;
  throw new ProblemError({
    status: 421,
    code: "foreign-host",
    title: "Misdirected request",
    detail: "This server does not answer under the name it was asked by",
    remedy: "ask for http://localhost or http://127.0.0.1, or list the name in the setting http.hosts",
  });
}

function nameOf(authority: string): string {
  return AUTHORITY.exec(authority.trim().toLowerCase())?.[1]?.replace(/\.$/, "") ?? "";
}

/**
 * Whether browsers are told to ask this name by HTTPS alone (RFC 6797). It would count for every port of a name: what else runs on
 * `localhost` is not ours to decide, and for addresses it does not count.
 */
function staysSecure({ protocol, headers }: FastifyRequest, { hstsSeconds = 0 }: Rules): boolean {
  const name = nameOf(headers.host ?? "");
  return protocol === "https" && hstsSeconds > 0 && !LOOPBACK.test(name) && isIP(name.replaceAll(/^\[|\]$/g, "")) === 0;
}

/** Whether the server answers under a name. With `remote` every address is served: unlike a name, nobody can make it mean another. */
function isServed(name: string, { hosts = [], remote = false }: Rules): boolean {
  if (LOOPBACK.test(name)) return true;
  if (hosts.includes("*")) return name !== "";
  return hosts.includes(name) || (remote && isIP(name.replaceAll(/^\[|\]$/g, "")) !== 0);
}

/**
 * Refuses a request that a page of another origin makes. Browsers say so in `Origin` (Fetch) and `Sec-Fetch-Site` (Fetch Metadata);
 * programs send neither. A person who follows a link to this server is not refused: that reads, and changes nothing.
 * @throws ProblemError 403
 */
function refuseForeignPage({ method, headers, protocol }: FastifyRequest): void {
  const { origin, host } = headers;
  // Over TLS a page without TLS is another origin, which whoever is between may have written. Without, a proxy may speak it.
  const own = [`https://${host}`, ...(protocol === "https" ? [] : [`http://${host}`])];
  const isOwn = origin === undefined || own.includes(origin);
  const site = headers["sec-fetch-site"];
  const follows =
    method === "GET" && headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
  const isNear = site === undefined || site === "same-origin" || site === "none" || follows;
  if (isOwn && isNear) return;
  throw new ProblemError({
    status: 403,
    code: "foreign-origin",
    title: "Forbidden",
    detail: "The request comes from a page of another origin",
    remedy:
      "ask from a program, from a page that this server gave, or list the origin in the setting http.cors_origins",
  });
}
