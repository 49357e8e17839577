import type { FastifyRequest } from "fastify";
import type { Headers } from "../route-types.ts";

/** A cookie of the gateway. Over TLS its name begins with `__Host-`: then no other host and no page without TLS can have set it. */
export type Cookie = {
  readonly name: "sigma_session" | "sigma_attempt";
  /** `Lax`: it comes along when the provider sends somebody back. */
  readonly sameSite: "Strict" | "Lax";
};

export const SESSION: Cookie = { name: "sigma_session", sameSite: "Strict" };
export const ATTEMPT: Cookie = { name: "sigma_attempt", sameSite: "Lax" };

function nameOf({ name }: Cookie, isSecure: boolean): string {
  return isSecure ? `__Host-${name}` : name;
}

/** The value of a cookie; null without it, and where it comes twice: one of the two is somebody else's. */
export function cookieIn({ headers }: FastifyRequest, cookie: Cookie, isSecure: boolean): string | null {
  const begin = `${nameOf(cookie, isSecure)}=`;
  const all = (headers.cookie ?? "").split(";").map((one) => one.trim());
  const [found, second] = all.filter((one) => one.startsWith(begin));
  return found === undefined || second !== undefined ? null : found.slice(begin.length);
}

/** @param value null: the cookie is taken away. It goes with the browser: how long it counts stands in the sealed value. */
export function setCookie(reply: Headers, cookie: Cookie, value: string | null, isSecure: boolean): void {
  const age = value === null ? "; Max-Age=0" : "";
  const secure = isSecure ? "; Secure" : "";
  const text = `${nameOf(cookie, isSecure)}=${value ?? ""}; Path=/; HttpOnly; SameSite=${cookie.sameSite}${secure}${age}`;
  reply.header("set-cookie", text);
}
