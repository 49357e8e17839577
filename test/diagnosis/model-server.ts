import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { Advice } from "../../src/diagnosis/answer.ts";

/** What was asked of a server: path, headers, and the body as JSON. */
export type AskedOf = {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Readonly<Record<string, unknown>>;
};

/** A server of a test's own that speaks Ollama's protocol, well or badly. */
export type ModelServer = {
  readonly url: string;
  readonly asked: readonly AskedOf[];
  /** Connections that are open now. */
  readonly open: () => number;
  /** Bytes that were sent altogether. */
  readonly sent: () => number;
  readonly behave: (behaviour: Behaviour) => void;
};

export type Behaviour = (response: ServerResponse, asked: AskedOf) => void;

export const ADVICE: Advice = {
  diagnostic_summary: "The weight is a text",
  probable_root_cause: "The producer writes numbers as texts since its last release",
  confidence_level: "high",
  suggested_fix: "Write weight_kg as a number",
  who_must_act: "producer",
};

/** Listens until the test ends. */
export async function startModelServer(first: Behaviour): Promise<ModelServer> {
  let behaviour = first;
  let open = 0;
  const asked: AskedOf[] = [];
  const sockets = new Set<ServerResponse["socket"]>();
  let sent = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const one = {
        path: request.url ?? "",
        headers: request.headers,
        body: JSON.parse(Buffer.concat(chunks).toString() || "{}") as AskedOf["body"],
      };
      asked.push(one);
      response.setHeader("connection", "close");
      behaviour(response, one);
    });
  });
  server.on("connection", (socket) => {
    open += 1;
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      open -= 1;
      sent += socket.bytesWritten;
      sockets.delete(socket);
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(async () => {
    for (const socket of sockets) socket?.destroy();
    await new Promise((closed) => server.close(closed));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    open: () => open,
    sent: () => sent,
    behave: (next) => {
      behaviour = next;
    },
  };
}

/** Answers with this text, in parts, and says that it is done. */
export function answering(text: string, reason = "stop"): Behaviour {
  return (response) => {
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    for (let at = 0; at < text.length; at += 7) response.write(part(text.slice(at, at + 7)));
    response.end(line({ message: { role: "assistant", content: "" }, done: true, done_reason: reason }));
  };
}

/** Answers with advice that is of the form that was asked for. */
export function advising(changes: Partial<Advice> = {}): Behaviour {
  return answering(JSON.stringify({ ...ADVICE, ...changes }));
}

/** One part of an answer as a line of the protocol. */
export function part(content: string): string {
  return line({ model: "m", message: { role: "assistant", content }, done: false });
}

export function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

/** Writes a piece again and again, as fast as it is taken, until the connection ends. */
export function flooding(piece: string): Behaviour {
  return (response) => {
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    const more = (): void => {
      while (!response.destroyed && response.write(piece));
    };
    response.on("drain", more);
    more();
  };
}

export function status(code: number, body: string, headers: Readonly<Record<string, string>> = {}): Behaviour {
  return (response) => void response.writeHead(code, headers).end(body);
}
