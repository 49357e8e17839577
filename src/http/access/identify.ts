import type { FastifyReply, FastifyRequest } from "fastify";
import type { Access } from "../../access/access.ts";
import type { Authenticated } from "../../access/principal.ts";
import { peerOf } from "../../tls/peer.ts";
import { ProblemError } from "../problems/problem.ts";
import { cookieIn, SESSION, setCookie } from "./cookies.ts";

/** Who makes a request; of somebody who signed in with a browser also what their pages need. */
export type Identified = Authenticated & {
  readonly session?: { readonly csrf: string; readonly endsMs: number };
};

const READS = ["GET", "HEAD", "OPTIONS"];

/**
 * Finds out who makes a request: by the key or token in `Authorization`, else by the session of a browser, else by the certificate of
 * its connection. A request that changes something by a session must bring its CSRF token: a browser sends the cookie along whoever
 * makes the request. It shows a certificate likewise; pages of other origins are refused before (guard.ts).
 * @throws ProblemError 403 without the token.
 */
export async function identify(access: Access, request: FastifyRequest, reply: FastifyReply): Promise<Identified> {
  const { authorization } = request.headers;
  const { browser } = access;
  if (authorization !== undefined) return access.authenticate(bearerIn(authorization), isWithoutStore(request));
  const cookie = browser === null ? null : cookieIn(request, SESSION, browser.isSecure);
  if (browser === null || cookie === null) return byConnection(access, request);
  const signed = await browser.read(cookie);
  if (signed.kind === "ended") {
    setCookie(reply, SESSION, null, browser.isSecure);
    return { kind: "ended", state: "expired" };
  }
  const token = request.headers["x-csrf-token"];
  if (!READS.includes(request.method) && (typeof token !== "string" || !browser.isCsrf(signed, token))) throw noToken();
  if (signed.renewed !== null) setCookie(reply, SESSION, signed.renewed, browser.isSecure);
  const { who, csrf, endsMs } = signed;
  return { kind: "known", who, session: { csrf, endsMs } };
}

/** By the certificate that the connection showed; without one whoever asks is nobody, or everybody where no key is needed. */
async function byConnection(access: Access, request: FastifyRequest): Promise<Authenticated> {
  const peer = peerOf(request.raw.socket);
  if (access.byCertificate !== null && peer.kind !== "none") return access.byCertificate(peer);
  return access.authenticate(null, isWithoutStore(request));
}

/** Whether a request goes on while the store is away: it looks, asks for a verdict or for contracts, or appends to the log. */
function isWithoutStore({ method, routeOptions }: FastifyRequest): boolean {
  const { role } = routeOptions.config;
  return role === "producer" || role === "validator" || (role === "viewer" && READS.includes(method));
}

/** The credentials of a header; null without one. Credentials of another scheme are no key, and refused as such. */
function bearerIn(header: string | undefined): string | null {
  if (header === undefined) return null;
  return /^bearer +(\S+) *$/i.exec(header)?.[1] ?? "";
}

function noToken(): ProblemError {
  return new ProblemError({
    status: 403,
    code: "csrf",
    title: "Forbidden",
    detail: "A request by a session that changes something needs the session's token",
    remedy: "send the member csrf of GET /auth/session in the header X-CSRF-Token",
  });
}
