import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";

/**
 * A body that is left half read is read on and thrown away this long in all, and as long as something comes within so long,
 * so that its sender gets to the answer. The numbers are those of nginx's lingering close.
 */
const DRAIN = { inAllMs: 30_000, silentMs: 5_000 } as const;

/** What there is to know of a connection beside what Node knows. */
type Known = {
  /** Answers that are not given yet, in the order of their requests, each with who waits until it is. */
  readonly owed: Map<ServerResponse, (() => void) | null>;
  /** The last of them, perhaps given already. */
  last: ServerResponse | null;
  /** Its last answer is given; what comes over it is nobody's request. */
  left: boolean;
};

const connections = new WeakMap<Socket, Known>();

function knownOf(socket: Socket): Known {
  const before = connections.get(socket);
  if (before !== undefined) return before;
  const owed: Known["owed"] = new Map();
  const known: Known = { owed, last: null, left: false };
  connections.set(socket, known);
  // With the connection all are given up.
  socket.once("close", () => {
    for (const response of owed.keys()) given(owed, response);
  });
  return known;
}

/**
 * One request of a connection at a time: the next one waits until the one before it is answered, so that records keep their
 * order, and one connection makes no more than one answer that waits for its reader. Node itself begins with all that have come.
 */
export function takeTurns(app: FastifyInstance): void {
  app.addHook("onRequest", async ({ raw: { socket } }, reply) => {
    const before = lastOwed(socket);
    const known = knownOf(socket);
    const { owed } = known;
    owed.set(reply.raw, null);
    known.last = reply.raw;
    reply.raw.once("close", () => given(owed, reply.raw));
    if (before !== null) await new Promise<void>((resolve) => owed.set(before, resolve));
    if (!isLeft(socket)) return;
    // It stood behind a body that was refused.
    reply.hijack();
    socket.destroy();
  });
}

function given(owed: Known["owed"], response: ServerResponse): void {
  const next = owed.get(response);
  owed.delete(response);
  next?.();
}

/** The last answer that a connection still owes. */
export function lastOwed(socket: Socket): ServerResponse | null {
  const { last, owed } = knownOf(socket);
  return last !== null && owed.has(last) ? last : null;
}

export function isLeft(socket: Socket): boolean {
  return connections.get(socket)?.left === true;
}

/** Bodies whose end cannot come any more, and who is to be told when that is found out. */
const broken = new WeakMap<object, Error>();
const readers = new WeakMap<object, (error: Error) => void>();

/** The body of a request ends with an error, for who reads it and for who will; who reads it answers. */
export function breakBody(request: IncomingMessage, error: Error): void {
  broken.set(request, error);
  readers.get(request)?.(error);
}

/** Tells of {@link breakBody}, at once when it was before. @returns to be told no more. */
export function onBroken(body: object, fail: (error: Error) => void): () => void {
  const before = broken.get(body);
  if (before !== undefined) fail(before);
  readers.set(body, fail);
  return () => void readers.delete(body);
}

/**
 * Reads on what nobody wants any more, for a while, of a request whose answer ends the connection. Node would destroy the socket
 * with the answer written; what still arrives then resets the connection, and the answer is lost on its way.
 */
export function drain(request: IncomingMessage): void {
  if (request.readableEnded || request.destroyed) return;
  const { socket } = request;
  knownOf(socket).left = true;
  socket.destroySoon = () => void socket.end();
  const end = (): void => void socket.destroy();
  const inAll = setTimeout(end, DRAIN.inAllMs).unref();
  let seen = 0;
  const silent = setTimeout(() => {
    // A process that stood still comes to its clocks first: what has arrived meanwhile is read before it is called silence.
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
