import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Calls a function once, when an answer is over: it was sent, or its connection has ended. */
export type UntilOver = (request: IncomingMessage, response: ServerResponse, end: () => void) => void;

/**
 * An answer tells its own end only when it has the connection. One that waits behind others on the same connection
 * (pipelining, RFC 9112, 9.3.2) tells nothing when the connection ends, so that connections are listened to as well, once each.
 */
export function createUntilOver(): UntilOver {
  const open = new WeakMap<Socket, Set<() => void>>();
  const openOn = (socket: Socket): Set<() => void> => {
    const known = open.get(socket);
    if (known !== undefined) return known;
    const ends = new Set<() => void>();
    open.set(socket, ends);
    socket.once("close", () => {
      for (const end of ends) end();
    });
    return ends;
  };
  return ({ socket }, response, end) => {
    if (socket.destroyed) return end();
    const ends = openOn(socket);
    const over = (): void => {
      if (ends.delete(over)) end();
    };
    ends.add(over);
    response.once("close", over);
  };
}
