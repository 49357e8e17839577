import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Unavailable } from "../../core/unavailable.ts";
import { breakBody, drain, lastOwed } from "../connection.ts";
import { SAFE_HEADERS } from "../guard.ts";
import { PROBLEM_TYPE, ProblemError, problemText, sendProblem, unavailableProblem, type Problem } from "./problem.ts";

type Route = { readonly method: string; readonly pattern: RegExp };

/** Remembers the routes that are registered after it, for {@link answerErrors}. */
export function collectRoutes(app: FastifyInstance): readonly Route[] {
  const routes: Route[] = [];
  app.addHook("onRoute", ({ method, url }) => {
    const pattern = new RegExp(`^${url.replaceAll(".", "\\.").replaceAll(/:[a-z]+/g, "[^/]+")}$`);
    for (const one of [method].flat()) routes.push({ method: one, pattern });
  });
  return routes;
}

/** Every error is a problem (RFC 9457), those of the framework too. */
export function answerErrors(app: FastifyInstance, nowMs: () => number, routes: readonly Route[]): void {
  const answerNoRoute = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    leaveBody(request, reply);
    const allowed = allowedAt(routes, pathOf(request));
    if (allowed.length === 0) {
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
    // Of a method that no route has.
    if (error.code === "FST_ERR_ROUTE_MISSING_CONTENT_TYPE") return answerNoRoute(request, reply);
    leaveBody(request, reply);
    return sendProblem(reply, problemOf(error, nowMs(), request));
  });
}

/** The methods that a path takes, in order; none when nothing is there. */
export function allowedAt(routes: readonly Route[], path: string): readonly string[] {
  const methods = routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
  return [...new Set(methods)].toSorted();
}

/** What is answered before its body was read ends the connection: what follows on it would be the rest of the body. */
export function leaveBody({ raw }: FastifyRequest, reply: FastifyReply): void {
  const hasBody = raw.headers["content-length"] !== undefined || raw.headers["transfer-encoding"] !== undefined;
  if (!hasBody || raw.readableEnded) return;
  void reply.header("connection", "close");
  drain(raw);
}

/** Errors of the router, before any route or hook. */
export function answerRouterError(
  error: FastifyError,
  request: FastifyRequest,
  { raw }: FastifyReply,
  nowMs: number,
): void {
  endWith(problemOf(error, nowMs, request), request.raw, raw);
}

/** Answers where the framework has no reply of its own, and ends the connection: of what follows nobody knows where it begins. */
function endWith(problem: Problem, request: IncomingMessage, response: ServerResponse): void {
  const body = problemText(problem, request.url ?? "/");
  response.writeHead(problem.status, {
    ...SAFE_HEADERS,
    connection: "close",
    "content-type": PROBLEM_TYPE,
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
  drain(request);
}

/**
 * Where the bytes of a connection are no HTTP, or do not come in time. Requests before them are answered first, as if nothing
 * were behind them; one whose body they cut short is answered by whoever reads it, who knows what was appended.
 */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  const problem = CLIENT[error.code ?? ""] ?? UNREADABLE;
  const last = lastOwed(socket);
  if (last === null) {
    refuse(socket, problem);
  } else if (last.req.complete) {
    last.once("finish", () => refuse(socket, problem));
  } else {
    breakBody(last.req, new ProblemError(BODY[error.code ?? ""] ?? UNREADABLE_BODY));
    if (!last.headersSent) last.setHeader("connection", "close");
    last.once("finish", () => end(socket));
  }
}

function refuse(socket: Socket, problem: Problem): void {
  if (socket.writable) socket.write(answerText(problem));
  end(socket);
}

function end(socket: Socket): void {
  if (socket.writable) socket.end();
  // What it sends now is read by nobody.
  socket.setTimeout(1_000, () => socket.destroy());
}

function answerText(problem: Problem): string {
  const body = problemText(problem, "/");
  const lines = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    "connection: close",
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    ...Object.entries(SAFE_HEADERS).map(([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}

/** Completes a server with answers to what Node would end without one: a tunnel, and an expectation that nobody has. */
export function answerStrangeRequests(server: Server): void {
  server.on("connect", (_request, socket: Socket) => {
    // Node has let go of the connection: its errors are ours, and what still comes over it.
    socket.on("error", () => undefined).resume();
    const last = lastOwed(socket);
    if (last === null) refuse(socket, NO_TUNNEL);
    else last.once("finish", () => refuse(socket, NO_TUNNEL));
  });
  server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) => {
    endWith(NO_EXPECTATION, request, response);
  });
}

const NO_TUNNEL: Problem = {
  status: 405,
  code: "method",
  title: "Method not allowed",
  detail: "This server is no proxy",
};
const NO_EXPECTATION: Problem = {
  status: 417,
  code: "expectation",
  title: "Expectation failed",
  detail: "The one expectation that is met is 100-continue",
};
const CUT_SHORT: Problem = {
  status: 400,
  code: "body-cut-short",
  title: "Bad request",
  detail: "The body ended before its announced length",
};
const UNREADABLE: Problem = {
  status: 400,
  code: "bad-request",
  title: "Bad request",
  detail: "This is no HTTP request",
};
const CLIENT: Readonly<Record<string, Problem>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: "too-slow",
    title: "Too slow",
    detail: "The headers did not arrive in time",
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    code: "headers-too-large",
    title: "Too large",
    detail: "The extensions of the body's chunks have more than 16384 bytes",
  },
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: "headers-too-large",
    title: "Headers too large",
    detail: "The headers have more than 16384 bytes",
  },
};

/** The body is what cannot be read: the request is there. */
const BODY: Readonly<Record<string, Problem>> = {
  HPE_INVALID_EOF_STATE: CUT_SHORT,
  ...Object.fromEntries(Object.entries(CLIENT).filter(([code]) => code !== "ERR_HTTP_REQUEST_TIMEOUT")),
};
const UNREADABLE_BODY: Problem = {
  status: 400,
  code: "bad-framing",
  title: "Bad request",
  detail: "The chunks of the body cannot be told apart",
};

function pathOf({ url }: FastifyRequest): string {
  return url.split("?", 1)[0] ?? "";
}

/** Errors of the framework by their code; others with a status below 500 are requests that cannot be read. */
const FRAMEWORK: Readonly<Record<string, Problem>> = {
  FST_ERR_MAX_PARAM_LENGTH: {
    status: 414,
    code: "path-too-long",
    title: "Path too long",
    detail: "A part of the path has more than 260 characters",
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

function problemOf(error: FastifyError | Error, nowMs: number, request: FastifyRequest): Problem {
  if (error instanceof ProblemError) return error.problem;
  const { appended } = error as { appended?: Readonly<Record<string, unknown>> };
  const extra = appended === undefined ? {} : { extra: appended };
  if (error instanceof Unavailable) return { ...unavailableProblem(error, nowMs), ...extra };
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
