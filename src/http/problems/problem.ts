import type { FastifyReply } from "fastify";
import type { Unavailable } from "../../core/unavailable.ts";
import { toJsonText } from "../../json/json-text.ts";
import { runbookOf } from "../../observe/runbooks.ts";
import type { AnyCode } from "./codes.ts";

/** An error answer, RFC 9457. `code` is stable; `detail` is for people and never quotes a payload. */
export type Problem = {
  readonly status: number;
  readonly code: AnyCode;
  readonly title: string;
  readonly detail: string;
  readonly remedy?: string;
  /** Further members of the problem object. */
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
};

/** The one exception a handler throws on purpose: it ends the request with its problem. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = "ProblemError";
    this.problem = problem;
  }
}

/** Sends a problem. Its member `instance` is the path that was asked for. */
export async function sendProblem(reply: FastifyReply, problem: Problem): Promise<FastifyReply> {
  const { status, headers } = problem;
  return (
    reply
      .code(status)
      .headers({ ...headers, "content-type": PROBLEM_TYPE })
      // As bytes: to a text the server would add a charset, which this media type does not have.
      .send(Buffer.from(problemText(problem, reply.request.url)))
  );
}

export const PROBLEM_TYPE = "application/problem+json";

/** The JSON text of a problem. @param url that was asked for. */
export function problemText({ status, code, title, detail, remedy, extra }: Problem, url: string): string {
  const type = `urn:sigma:problem:${code}`;
  return toJsonText({ type, title, status, detail, instance: pathOf(url), code, remedy, ...extra });
}

/** The path alone: a query may hold anything, and is never echoed. */
function pathOf(url: string): string {
  return url.split("?", 1)[0] ?? "/";
}

/** The log or the store cannot be used now. `Retry-After` differs by a few seconds, so that clients do not all return at once. */
export function unavailableProblem({ code, message, remedy }: Unavailable, nowMs: number): Problem {
  return {
    status: 503,
    code,
    title: "Not available now",
    detail: message,
    remedy,
    extra: { runbook: runbookOf(code) },
    headers: { "retry-after": String(1 + (Math.trunc(nowMs) % 5)) },
  };
}

export function badRequest(code: AnyCode, detail: string, extra?: Readonly<Record<string, unknown>>): ProblemError {
  return new ProblemError({
    status: 400,
    code,
    title: "Bad request",
    detail,
    ...(extra === undefined ? {} : { extra }),
  });
}

export function notFound(code: AnyCode, detail: string, remedy?: string): ProblemError {
  return new ProblemError({
    status: 404,
    code,
    title: "Not found",
    detail,
    ...(remedy === undefined ? {} : { remedy }),
  });
}

export function tooLarge(code: AnyCode, detail: string, extra?: Readonly<Record<string, unknown>>): ProblemError {
  return new ProblemError({ status: 413, code, title: "Too large", detail, ...(extra === undefined ? {} : { extra }) });
}

export function unsupported(detail: string, remedy: string): ProblemError {
  return new ProblemError({
    status: 415,
    code: "unsupported-media-type",
    title: "Unsupported media type",
    detail,
    remedy,
  });
}
