import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";

/** The connections of servers that are open. */
export type OpenSockets = {
  /** Counts the connections of a server from now on. */
  readonly watch: (server: Server) => void;
  /** The socket of each that requests come over: the one inside TLS, and before the handshake is done the bare one. */
  readonly all: () => readonly Socket[];
};

/**
 * A server of TLS tells of a bare socket first, and of the one over it once the handshake is done. Node says in public nowhere which
 * belongs to which; the address of the client does.
 */
export function watchSockets(): OpenSockets {
  const open = new Map<string, { readonly bare: Socket; readonly top: Socket }>();
  return {
    watch: (server) => {
      server.on("connection", (bare: Socket) => {
        const name = nameOf(bare);
        open.set(name, { bare, top: bare });
        bare.once("close", () => {
          if (open.get(name)?.bare === bare) open.delete(name);
        });
      });
      server.on("secureConnection", (top: TLSSocket) => {
        const name = nameOf(top);
        const known = open.get(name);
        if (known !== undefined) open.set(name, { bare: known.bare, top });
      });
    },
    all: () => [...open.values()].map(({ top }) => top),
  };
}

function nameOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
