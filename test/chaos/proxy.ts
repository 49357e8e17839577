import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** What happens to the bytes of every connection, old and new, from now on. */
export type Fault =
  | { readonly kind: "none" }
  /** Forwarded this much later, in both directions, in order. */
  | { readonly kind: "latency"; readonly delayMs: number }
  /** Nothing is forwarded and nothing is closed. What was in flight arrives once the fault ends. */
  | { readonly kind: "half-open" }
  /** Everything sent is taken and lost. Connections that lost bytes are reset when the fault ends. */
  | { readonly kind: "black-hole" }
  /** The server does what it is told, and no answer comes back. These connections, too, are reset when the fault ends. */
  | { readonly kind: "lost-replies" };

/** A TCP proxy that can fail in the ways a network does. */
export type FaultProxy = {
  readonly port: number;
  /** Open connections. */
  readonly connections: () => number;
  /** Bytes lost so far: proof that a fault hit something. */
  readonly lostBytes: () => number;
  /** Bytes that wait here to be forwarded. */
  readonly heldBytes: () => number;
  readonly set: (fault: Fault) => void;
  /** Resets every connection (RST, not FIN). New ones are taken. */
  readonly reset: () => void;
  readonly close: () => Promise<void>;
};

type Link = {
  readonly heldBytes: () => number;
  readonly reset: () => void;
  readonly apply: (fault: Fault) => void;
};

/** Opens a proxy on a free port of the loopback in front of `target`. */
export async function openFaultProxy(target: { readonly host: string; readonly port: number }): Promise<FaultProxy> {
  const links = new Set<Link>();
  let fault: Fault = { kind: "none" };
  let lostBytes = 0;
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ ...target, allowHalfOpen: true });
    const link = createLink(client, upstream, (count) => (lostBytes += count));
    links.add(link);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const)
      socket.once("close", () => void (other.closed && links.delete(link)));
    link.apply(fault);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const reset = (): void => {
    for (const link of links) link.reset();
  };
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => links.size,
    lostBytes: () => lostBytes,
    heldBytes: () => [...links].reduce((sum, link) => sum + link.heldBytes(), 0),
    set: (next) => {
      fault = next;
      for (const link of links) link.apply(next);
    },
    reset,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      reset();
      await closed;
    },
  };
}

function createLink(client: Socket, upstream: Socket, lost: (bytes: number) => void): Link {
  let damaged = false;
  const reset = (): void => {
    client.resetAndDestroy();
    upstream.resetAndDestroy();
  };
  const lose = (bytes: number): void => {
    damaged = true;
    lost(bytes);
  };
  for (const socket of [client, upstream]) {
    socket.setNoDelay(true);
    // An end that fails takes the other with it.
    socket.on("error", reset);
  }
  const requests = createPipe(client, upstream, lose);
  const replies = createPipe(upstream, client, lose);
  return {
    heldBytes: () => requests.heldBytes() + replies.heldBytes(),
    reset,
    apply: (fault) => {
      if (damaged && fault.kind !== "black-hole" && fault.kind !== "lost-replies") {
        reset();
        return;
      }
      requests.apply(fault.kind === "lost-replies" ? { kind: "none" } : fault);
      replies.apply(fault.kind === "lost-replies" ? { kind: "black-hole" } : fault);
    },
  };
}

type DirectionFault = Exclude<Fault, { kind: "lost-replies" }>;
type Held = { readonly dueMs: number; readonly chunk: Buffer | null };

/**
 * One direction. Chunks wait in a queue, each until it is due; `null` stands for the end of the stream. While the
 * direction is half-open nothing leaves the queue, and the reading side is paused once something is in it, so that the
 * sender feels it.
 */
function createPipe(
  from: Socket,
  to: Socket,
  lose: (bytes: number) => void,
): { readonly apply: (fault: DirectionFault) => void; readonly heldBytes: () => number } {
  const queue: Held[] = [];
  let fault: DirectionFault = { kind: "none" };
  let timer: NodeJS.Timeout | undefined;

  const forward = (): void => {
    clearTimeout(timer);
    if (fault.kind === "half-open") return;
    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      const waitMs = first.dueMs - performance.now();
      if (waitMs > 0) {
        timer = setTimeout(forward, waitMs);
        return;
      }
      queue.shift();
      if (first.chunk === null) to.end();
      else if (!to.destroyed && !to.write(first.chunk)) from.pause();
    }
  };
  const hold = (chunk: Buffer | null): void => {
    if (fault.kind === "black-hole") {
      lose(chunk?.length ?? 0);
      return;
    }
    queue.push({ dueMs: performance.now() + (fault.kind === "latency" ? fault.delayMs : 0), chunk });
    if (fault.kind === "half-open") from.pause();
    forward();
  };
  from.on("data", hold);
  from.on("end", () => hold(null));
  from.on("close", () => {
    // A reset is passed on as a reset; a proper end has gone through the queue.
    if (from.errored !== null || !from.readableEnded) to.resetAndDestroy();
  });
  to.on("drain", () => {
    if (fault.kind !== "half-open") from.resume();
  });
  return {
    heldBytes: () => queue.reduce((sum, { chunk }) => sum + (chunk?.length ?? 0), 0),
    apply: (next) => {
      fault = next;
      if (next.kind === "half-open" && queue.length > 0) from.pause();
      else from.resume();
      forward();
    },
  };
}
