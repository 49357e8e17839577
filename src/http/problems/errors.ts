import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Unavailable } from "../../core/unavailable.ts";
import { drain } from "../connection.ts";
import { LIMITS } from "../deps.ts";
import { ProblemError, sendProblem, unavailableProblem, type Problem } from "./problem.ts";

type Route = { readonly method: string; readonly pattern: RegExp };

/** Collects the routes that are registered after this call, for {@link answerErrors}. */
export function collectRoutes(app: FastifyInstance): readonly Route[] {
  const routes: Route[] = [];
  app.addHook("onRoute", ({ method, url }) => {
    const pattern = new RegExp(`^${url.replaceAll(".", "\\.").replaceAll(/:[a-z]+/g, "[^/]+")}$`);
    for (const one of [method].flat()) routes.push({ method: one, pattern });
  });
  return routes;
}

/**
 * Answers every error as a problem (RFC 9457), those of Fastify too.
 * @param answerPage answers somebody who opened an address that is no route in a browser; null: it was not such a request.
 */
export function answerErrors(
  app: FastifyInstance,
  nowMs: () => number,
  routes: readonly Route[],
  answerPage: (request: FastifyRequest, reply: FastifyReply) => FastifyReply | null,
): void {
  const answerNoRoute = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    leaveBody(request, reply);
    const allowed = allowedAt(routes, pathOf(request));
    if (allowed.length === 0) {
      const page = answerPage(request, reply);
      if (page !== null) return page;
      return sendProblem(reply, {
        status: 404,
        code: "no-route",
        title: "Not found",
        detail: "There is nothing at this path",
        remedy: "see /docs, or /openapi.json",
      });
    }
    const allow = allowed.join(", ");
    return sendProblem(reply, {
      status: 405,
      code: "method",
      title: "Method not allowed",
      detail: `This path takes ${allow}`,
      headers: { allow },
    });
  };
  app.setNotFoundHandler(answerNoRoute);
  app.setErrorHandler<FastifyError>(async (error, request, reply) => {
    // Fastify throws it for a method that no route has.
    if (error.code === "FST_ERR_ROUTE_MISSING_CONTENT_TYPE") return answerNoRoute(request, reply);
    leaveBody(request, reply);
    return sendProblem(reply, problemOf(error, nowMs(), request));
  });
}

/** The methods that a path takes, sorted; none when no route has the path. */
export function allowedAt(routes: readonly Route[], path: string): readonly string[] {
  const methods = routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
  return [...new Set(methods)].toSorted();
}

/** Ends the connection of a request that is answered before its body was read: the rest of the body follows on it. */
export function leaveBody({ raw }: FastifyRequest, reply: FastifyReply): void {
  const hasBody = raw.headers["content-length"] !== undefined || raw.headers["transfer-encoding"] !== undefined;
  if (!hasBody || raw.readableEnded) return;
  void reply.header("connection", "close");
  drain(raw);
}

export const CUT_SHORT: Problem = {
  status: 400,
  code: "body-cut-short",
  title: "Bad request",
  detail: "The body ended before its announced length",
};

function pathOf({ url }: FastifyRequest): string {
  return url.split("?", 1)[0] ?? "";
}

/** The problems of errors of Fastify, by their code. Others with a status below 500 are `bad-request`. */
const FRAMEWORK: Readonly<Record<string, Problem>> = {
  FST_ERR_MAX_PARAM_LENGTH: {
    status: 414,
    code: "path-too-long",
    title: "Path too long",
    detail: `A part of the path has more than ${LIMITS.pathPart} characters`,
  },
  FST_ERR_BAD_URL: { status: 400, code: "bad-path", title: "Bad request", detail: "The path cannot be decoded" },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    code: "unsupported-media-type",
    title: "Unsupported media type",
    detail: "The content type cannot be read",
    remedy: "send content-type application/json",
  },
};

/** The problem by which an error is answered. An error that is a bug is logged. */
export function problemOf(error: FastifyError | Error, nowMs: number, request: FastifyRequest): Problem {
  if (error instanceof ProblemError) return error.problem;
  const { appended } = error as { appended?: Readonly<Record<string, unknown>> };
  const extra = appended === undefined ? {} : { extra: appended };
  if (error instanceof Unavailable) {
    const problem = unavailableProblem(error, nowMs);
    return { ...problem, extra: { ...problem.extra, ...appended } };
  }
  const { code, statusCode = 500, validation } = error as FastifyError;
  if (validation !== undefined) {
    const detail = validation
      .map(({ instancePath, message }) => `${instancePath.slice(1)} ${message ?? ""}`.trim())
      .join("; ");
    return { status: 400, code: "bad-parameter", title: "Bad request", detail };
  }
  if (code === "FST_ERR_CTP_INVALID_CONTENT_LENGTH" || code === "ECONNRESET" || code === "ERR_STREAM_PREMATURE_CLOSE") {
    return { ...CUT_SHORT, ...extra };
  }
  const known = FRAMEWORK[code];
  if (known !== undefined) return known;
  if (statusCode >= 400 && statusCode < 500) {
    return { status: statusCode, code: "bad-request", title: "Bad request", detail: "The request cannot be read" };
  }
  request.log.error({ err: error, code: "SIG-H-500" }, "a request failed by a bug");
  return {
    status: 500,
    code: "internal",
    title: "Internal error",
    detail: "The request failed by a bug of the gateway; its log says more",
    ...extra,
  };
}
