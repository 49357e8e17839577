import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import { LIMITS } from "./deps.ts";
import { PROBLEM_TYPE, problemText } from "./problems/problem.ts";

/**
 * An address that is listened on before there is anything behind it: that the port is taken is found out before a stream is
 * acquired. Until {@link Door.open} it says that it is alive and that everything else has to wait.
 */
export type Door = {
  readonly url: string;
  /** From now on the interface answers; it must be ready, and does not listen itself. */
  readonly open: (app: FastifyInstance) => void;
  /** Takes no new connection, and resolves when every request is answered. */
  readonly close: () => Promise<void>;
};

/**
 * Listens on an address, and for 127.0.0.1 on ::1 as well, under the same port: `localhost` means either, and a client that
 * tries the other first would wait or give up. Without IPv6, or with the port taken there, it does without.
 * @throws the system's error when the address itself cannot be listened on.
 */
export async function openDoor({ host, port }: { readonly host: string; readonly port: number }): Promise<Door> {
  let app: FastifyInstance | null = null;
  let closing = false;
  const connections = new Set<Socket>();
  const answering = new Map<ServerResponse, Socket>();
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    answering.set(response, request.socket);
    response.once("close", () => {
      answering.delete(response);
      if (closing) setImmediate(closeSilent);
    });
    if (closing) response.setHeader("connection", "close");
    if (app === null) answerStarting(request, response);
    else app.routing(request, response);
  };
  const create = (): Server => {
    const made = createServer({ maxHeaderSize: LIMITS.headerBytes, requireHostHeader: false }, answer)
      .on("connection", (socket) => {
        connections.add(socket);
        socket.once("close", () => connections.delete(socket));
      })
      .on("clientError", (error, socket) => void (app?.server.emit("clientError", error, socket) ?? socket.destroy()))
      .on(
        "connect",
        (request, socket, head) => void (app?.server.emit("connect", request, socket, head) ?? socket.destroy()),
      )
      .on("checkExpectation", (request, response) => {
        if (app === null) answer(request, response);
        else app.server.emit("checkExpectation", request, response);
      });
    return Object.assign(made, { httpAllowHalfOpen: true });
  };
  const server = create().listen({ host, port });
  await once(server, "listening");
  const address = server.address() as AddressInfo;
  const servers = [server];
  if (host === "127.0.0.1") {
    const other = create();
    await new Promise<void>((resolve) => {
      other.once("error", () => resolve());
      other.listen({ host: "::1", port: address.port, ipv6Only: true }, resolve);
    });
    if (other.listening) servers.push(other);
  }
  // Nothing is owed to them: they rest, or have asked nothing yet, whom Node would wait for as for a request.
  const closeSilent = (): void => {
    const busy = new Set(answering.values());
    for (const socket of connections) if (!busy.has(socket)) socket.destroy();
  };
  // What goes wrong with a socket later is the socket's own trouble.
  for (const one of servers) one.on("error", () => undefined);
  return {
    url: `http://${hostOf(address)}:${address.port}`,
    open: (ready) => {
      for (const one of servers) Object.assign(one, clocksOf(ready.server));
      app = ready;
    },
    close: async () => {
      closing = true;
      // Their connections would be kept for the next request, which nobody takes.
      for (const response of answering.keys()) if (!response.headersSent) response.setHeader("connection", "close");
      const closed = servers.map(async (one) => new Promise<void>((resolve) => one.close(() => resolve())));
      closeSilent();
      await Promise.all(closed);
    },
  };
}

function clocksOf({
  keepAliveTimeout,
  headersTimeout,
  requestTimeout,
  timeout,
  maxConnections,
}: Server): Partial<Server> {
  return { keepAliveTimeout, headersTimeout, requestTimeout, timeout, maxConnections };
}

/** As a URL has it; every address of this machine is asked for by its own. */
function hostOf({ address, family }: AddressInfo): string {
  if (address === "0.0.0.0") return "127.0.0.1";
  if (address === "::") return "[::1]";
  return family === "IPv6" ? `[${address}]` : address;
}

function answerStarting(request: IncomingMessage, response: ServerResponse): void {
  const url = request.url ?? "/";
  const alive = request.method === "GET" && url === "/livez";
  const body = alive ? '{"status":"alive"}' : problemText(STARTING, url);
  response.writeHead(alive ? 200 : STARTING.status, {
    connection: "close",
    "content-type": alive ? "application/json; charset=utf-8" : PROBLEM_TYPE,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    ...(alive ? {} : { "retry-after": "1" }),
  });
  response.end(body);
}

const STARTING = {
  status: 503,
  code: "starting",
  title: "Not available now",
  detail: "The gateway is starting: its log and its store are being opened",
  remedy: "try again in a moment",
} as const;
