import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import { distrust } from "../tls/peer.ts";
import type { TlsPair } from "../tls/pair.ts";
import { LIMITS } from "./deps.ts";
import { watchSockets } from "./open-sockets.ts";
import { PROBLEM_TYPE, problemText } from "./problems/problem.ts";
import { createUntilOver } from "./until-over.ts";

/**
 * An address that the server listens on before the gateway runs, so that a taken port is found out before a stream is acquired. Until
 * {@link Door.open} it answers `/livez`, and everything else with 503 `starting`.
 */
export type Door = {
  readonly url: string;
  /** Hands requests to the server from now on. It must be ready, and does not listen itself. */
  readonly open: (app: FastifyInstance) => void;
  /** Shows another certificate on new connections. Those that are open stay, but what a client showed to other authorities counts no longer. */
  readonly use: (pair: TlsPair) => void;
  /** Stops taking connections, and resolves when every request is answered. */
  readonly close: () => Promise<void>;
};

/** How the server speaks TLS. */
export type DoorTls = {
  readonly pair: TlsPair;
  /** Whether clients are asked for a certificate, and whether one without may connect. */
  readonly clients: "not-asked" | "optional" | "required";
};

export type DoorOptions = {
  readonly host: string;
  readonly port: number;
  /** Null or absent: plain HTTP. */
  readonly tls?: DoorTls | null;
  /** Milliseconds for the handshake of TLS; that of {@link LIMITS} if absent. */
  readonly handshakeMs?: number;
};

const untilOver = createUntilOver();

/**
 * Listens on an address. For 127.0.0.1 it listens on the same port of ::1 too: `localhost` means both, and a client may try either first.
 * Where there is no IPv6, or that port is taken, it listens on 127.0.0.1 alone.
 * @throws the system's error when the address itself cannot be listened on.
 */
export async function openDoor({ host, port, tls = null, handshakeMs = LIMITS.headersMs }: DoorOptions): Promise<Door> {
  let app: FastifyInstance | null = null;
  let closing = false;
  let clientCa = tls?.pair.clientCaDigest ?? "";
  const sockets = watchSockets();
  const answering = new Map<ServerResponse, Socket>();
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    answering.set(response, request.socket);
    untilOver(request, response, () => {
      answering.delete(response);
      if (closing) setImmediate(closeSilent);
    });
    if (closing) response.setHeader("connection", "close");
    if (app === null) answerStarting(request, response);
    else app.routing(request, response);
  };
  const create = (): Server => {
    const made = (tls === null ? createServer(PLAIN, answer) : createTlsServer(secured(tls, handshakeMs), answer))
      .on("clientError", (error, socket) => void (app?.server.emit("clientError", error, socket) ?? socket.destroy()))
      .on(
        "connect",
        (request, socket, head) => void (app?.server.emit("connect", request, socket, head) ?? socket.destroy()),
      )
      .on("checkExpectation", (request, response) => {
        if (app === null) answer(request, response);
        else app.server.emit("checkExpectation", request, response);
      });
    sockets.watch(made);
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
  // Ends connections without a request: Node would wait for those that never sent one.
  const closeSilent = (): void => {
    const busy = new Set(answering.values());
    for (const socket of sockets.all()) if (!busy.has(socket)) socket.destroy();
  };
  // An error of a server that listens concerns one socket, which handles it.
  for (const one of servers) one.on("error", () => undefined);
  return {
    url: `${tls === null ? "http" : "https"}://${hostOf(address)}:${address.port}`,
    open: (ready) => {
      for (const one of servers) Object.assign(one, clocksOf(ready.server));
      app = ready;
    },
    use: (pair) => {
      for (const one of servers) (one as TlsServer).setSecureContext(pair.options());
      if (pair.clientCaDigest !== clientCa) for (const socket of sockets.all()) distrust(socket);
      clientCa = pair.clientCaDigest;
    },
    close: async () => {
      closing = true;
      // Else a client keeps the connection for its next request, and nobody takes that.
      for (const response of answering.keys()) if (!response.headersSent) response.setHeader("connection", "close");
      const closed = servers.map(async (one) => new Promise<void>((resolve) => one.close(() => resolve())));
      closeSilent();
      await Promise.all(closed);
    },
  };
}

const PLAIN = {
  maxHeaderSize: LIMITS.headerBytes,
  requireHostHeader: false,
  connectionsCheckingInterval: LIMITS.lateEveryMs,
} as const;

function secured({ pair, clients }: DoorTls, handshakeMs: number) {
  return {
    ...PLAIN,
    ...pair.options(),
    // As over plain HTTP: a client may end its own half and still read.
    allowHalfOpen: true,
    handshakeTimeout: handshakeMs,
    requestCert: clients !== "not-asked",
    rejectUnauthorized: clients === "required",
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

/** The host of a URL. An address that stands for all of this machine becomes the loopback address. */
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
