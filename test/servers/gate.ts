import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { freePorts } from "./ports.ts";

/** A door between a client and a server on this machine that can be shut, which cuts every connection. */
export type Gate = { readonly port: number; readonly shut: () => Promise<void>; readonly open: () => Promise<void> };

export async function openGate(target: number): Promise<Gate> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from
        .on("error", () => undefined)
        .on("close", () => {
          sockets.delete(from);
          to.destroy();
        });
      from.pipe(to);
    }
  });
  // Whoever tries to connect while the gate is shut could otherwise be given this port for the near end, and so be connected with itself.
  const [port = 0] = await freePorts(1);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    port,
    shut: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    open: async () => {
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
    },
  };
}
