import type { FastifyInstance } from "fastify";
import { createServer } from "node:http";

/** Where a server listens. `close` ends what {@link listen} opened besides the server itself. */
export type Listening = { readonly url: string; readonly close: () => Promise<void> };

/**
 * Listens on an address, and for 127.0.0.1 on ::1 as well, under the same port: `localhost` means either, and a client that
 * tries the other first would wait or give up. Without IPv6, or with the port taken there, it does without.
 * @throws the system's error when the address itself cannot be listened on.
 */
export async function listen(
  app: FastifyInstance,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Listening> {
  const url = await app.listen({ host, port });
  if (host !== "127.0.0.1") return { url, close: async () => undefined };
  const { server } = app;
  const other = createServer({ maxHeaderSize: 16_384 }, (request, response) => app.routing(request, response));
  const { keepAliveTimeout, headersTimeout, requestTimeout, timeout, maxRequestsPerSocket, maxConnections } = server;
  Object.assign(other, {
    keepAliveTimeout,
    headersTimeout,
    requestTimeout,
    timeout,
    maxRequestsPerSocket,
    maxConnections,
  });
  await new Promise<void>((resolve) => {
    other.once("error", () => resolve());
    other.listen({ host: "::1", port: Number(new URL(url).port), ipv6Only: true }, resolve);
  });
  // What goes wrong with a socket of it later is the socket's own trouble.
  other.on("error", () => undefined);
  return {
    url,
    close: async () => {
      if (!other.listening) return;
      await new Promise<void>((resolve) => {
        other.close(() => resolve());
        other.closeIdleConnections();
      });
    },
  };
}
