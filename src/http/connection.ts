import type { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { FastifyInstance } from "fastify";

/**
 * How long the rest of a body is read and thrown away after its request was answered: `inAllMs` at most, and no longer than `silentMs`
 * without a byte. A sender that reads only when it has sent everything gets its answer so. The numbers are those of nginx's lingering close.
 */
const DRAIN = { inAllMs: 30_000, silentMs: 5_000 } as const;

/** The state of a connection that Node does not keep. */
type Known = {
  /** Answers that are not sent yet, in the order of their requests, each with what to call once it is sent. */
  readonly owed: Map<ServerResponse, (() => void) | null>;
  /** The answer to the last request, sent or not. */
  last: ServerResponse | null;
  /** Its last answer was sent: bytes that still arrive are the rest of a body, and no request. */
  left: boolean;
};

const connections = new WeakMap<Socket, Known>();

function knownOf(socket: Socket): Known {
  const before = connections.get(socket);
  if (before !== undefined) return before;
  const owed: Known["owed"] = new Map();
  const known: Known = { owed, last: null, left: false };
  connections.set(socket, known);
  // No answer can be sent any more.
  socket.once("close", () => {
    for (const response of owed.keys()) given(owed, response);
  });
  return known;
}

/**
 * Carries out one request of a connection at a time: a request waits until the one before it is answered. So records keep their order,
 * and a connection has at most one answer in memory that its client has not read. Node begins with all requests that have arrived.
 * @param ended is called when the sender of a connection that has brought a request ends its half.
 */
export function takeTurns(app: FastifyInstance, ended: (socket: Socket) => void): void {
  app.addHook("onRequest", async ({ raw: { socket } }, reply) => {
    const before = lastOwed(socket);
    const known = knownOf(socket);
    const { owed } = known;
    if (known.last === null) socket.once("end", () => ended(socket));
    owed.set(reply.raw, null);
    known.last = reply.raw;
    reply.raw.once("close", () => given(owed, reply.raw));
    if (before !== null) await new Promise<void>((resolve) => owed.set(before, resolve));
    if (!isLeft(socket)) return;
    // The bytes are the rest of a body that was refused.
    reply.hijack();
    socket.destroy();
  });
}

function given(owed: Known["owed"], response: ServerResponse): void {
  const next = owed.get(response);
  owed.delete(response);
  next?.();
}

/** The answer to the last request of a connection, while it is not sent. */
export function lastOwed(socket: Socket): ServerResponse | null {
  const { last, owed } = knownOf(socket);
  return last !== null && owed.has(last) ? last : null;
}

/** Whether bytes that arrive on a connection are no request any more. */
export function isLeft(socket: Socket): boolean {
  return connections.get(socket)?.left === true;
}

/** Bodies whose end cannot arrive any more, each with the error; and the readers of bodies, which are called with that error. */
const broken = new WeakMap<object, Error>();
const readers = new WeakMap<object, (error: Error) => void>();

/** Ends the body of a request with an error, for the present reader or a later one. The reader answers the request. */
export function breakBody(request: IncomingMessage, error: Error): void {
  broken.set(request, error);
  readers.get(request)?.(error);
}

/** Whether {@link breakBody} was called for a request. */
export function isBroken(request: IncomingMessage): boolean {
  return broken.has(request);
}

/** Calls `fail` when {@link breakBody} is called for the body, at once when it was called before. @returns stops that. */
export function onBroken(body: object, fail: (error: Error) => void): () => void {
  const before = broken.get(body);
  if (before !== undefined) fail(before);
  readers.set(body, fail);
  return () => void readers.delete(body);
}

/**
 * Reads the rest of a body and throws it away, for a while ({@link DRAIN}), after an answer that ends the connection. Node would destroy
 * the socket once the answer is written; bytes that arrive then reset the connection, and the client may lose the answer.
 */
export function drain(request: IncomingMessage): void {
  if (request.readableEnded || request.destroyed) return;
  const { socket } = request;
  // A request of a test that was made without a connection.
  if (!(socket instanceof Socket)) return;
  knownOf(socket).left = true;
  socket.destroySoon = () => void socket.end();
  const end = (): void => void socket.destroy();
  const inAll = setTimeout(end, DRAIN.inAllMs).unref();
  let seen = 0;
  const silent = setTimeout(() => {
    // A process that stood still runs its timers first: the bytes that arrived meanwhile are read before this counts as silence.
    const before = seen;
    setImmediate(() => (seen === before ? end() : silent.refresh()));
  }, DRAIN.silentMs).unref();
  socket.once("close", () => {
    clearTimeout(inAll);
    clearTimeout(silent);
  });
  request.on("error", () => undefined);
  request.on("data", () => {
    seen += 1;
    silent.refresh();
  });
  request.resume();
}
