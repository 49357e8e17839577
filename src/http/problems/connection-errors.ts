import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { breakBody, drain, isBroken, lastOwed } from "../connection.ts";
import { SAFE_HEADERS } from "../guard.ts";
import { CUT_SHORT, problemOf } from "./errors.ts";
import { PROBLEM_TYPE, ProblemError, problemText, type Problem } from "./problem.ts";

// Answers where Fastify has no reply: errors of the router, bytes that are no HTTP, and requests that Node would end unanswered.

/** Answers an error of the router, which comes before any route or hook. */
export function answerRouterError(
  error: FastifyError,
  request: FastifyRequest,
  { raw }: FastifyReply,
  nowMs: number,
): void {
  endWith(problemOf(error, nowMs, request), request.raw, raw);
}

/** Answers a request, and ends its connection: where the next request begins on it cannot be told. */
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
 * Answers bytes on a connection that are no HTTP, or that do not come in time. Requests before them are answered first. A request
 * whose body they cut short is answered by the reader of the body, which knows what was appended.
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

/**
 * Answers a request whose sender ended its half before the body was whole. Node tells of that itself, but for a request with `Upgrade`: it takes every
 * error behind the head of such a request for the bytes of another protocol, also where the server stays with HTTP (seen with Node 24.21).
 */
export function answerCutShort(socket: Socket): void {
  const last = lastOwed(socket);
  if (last === null || last.req.complete || isBroken(last.req)) return;
  answerClientError(Object.assign(new Error("the body was cut short"), { code: "HPE_INVALID_EOF_STATE" }), socket);
}

function refuse(socket: Socket, problem: Problem): void {
  if (socket.writable) socket.write(answerText(problem));
  end(socket);
}

function end(socket: Socket): void {
  if (socket.writable) socket.end();
  // Nobody reads what the client sends from now on.
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

/** Makes a server answer two requests that Node would end unanswered: for a tunnel, and with an expectation other than 100-continue. */
export function answerStrangeRequests(server: Server): void {
  server.on("connect", (_request, socket: Socket) => {
    // Node no longer listens on the connection: its errors are handled here, and what still arrives is thrown away.
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

/** The same errors while a body is read: the request itself was readable. */
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
