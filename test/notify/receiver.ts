import { once } from "node:events";
import {
  createServer,
  type IncomingHttpHeaders,
  type RequestListener,
  type Server,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { createAddressRule } from "../../src/notify/address.ts";
import type { Notification } from "../../src/notify/notification.ts";
import type { NotifyEvent } from "../../src/notify/sink.ts";
import type { Webhook, WebhookDeps } from "../../src/notify/webhook.ts";
import { PATIENCE_MS, until } from "../patience.ts";

export type Received = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

/** What a receiver answers; "reset" breaks the connection off, "nothing" never answers. */
export type Answer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | "reset"
  | "nothing";

export type Receiver = {
  readonly url: URL;
  readonly received: readonly Received[];
  /** Resolves when so many requests came. */
  readonly came: (count: number) => Promise<void>;
};

/** A real server on 127.0.0.1 that gives these answers in turn, and the last one for ever. */
export async function startReceiver(
  answers: readonly [Answer, ...Answer[]],
  tls: { readonly key: string; readonly cert: string } | null = null,
  bodyBytes = 6,
): Promise<Receiver> {
  const received: Received[] = [];
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    const answer = answers[Math.min(received.length, answers.length - 1)] ?? "nothing";
    const { method = "", url = "", headers } = request;
    received.push({ method, path: url, headers, body });
    if (answer === "reset") request.socket.destroy();
    else if (answer !== "nothing") response.writeHead(answer.status, answer.headers).end("t".repeat(bodyBytes));
  };
  const listener: RequestListener = (request, response) => void receive(request, response);
  const server = tls === null ? createServer(listener) : createTlsServer(tls, listener);
  const port = await listening(server);
  const url = new URL(`${tls === null ? "http" : "https"}://127.0.0.1:${port}/hook?a=1`);
  const came = async (count: number): Promise<void> =>
    until(
      () => received.length >= count,
      () => `${received.length} requests came`,
    );
  return { url, received, came };
}

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

export const KEY: Uint8Array = Buffer.alloc(32, 7);

export function webhookTo(url: URL, changes: Partial<Webhook> = {}): Webhook {
  return { name: "webhook", url, format: "standard", events: null, keys: async () => [KEY], ...changes };
}

/** A clock that jumps: a sleep moves it and is over at once; a sleep without an end waits to be woken. */
export type JumpingClock = Pick<WebhookDeps, "now" | "sleep"> & { readonly slept: readonly number[] };

const FOREVER_MS = 86_400_000;

export function jumpingClock(): JumpingClock {
  let nowMs = Date.UTC(2026, 0, 1);
  const slept: number[] = [];
  return {
    slept,
    now: () => nowMs,
    sleep: async (ms, signal) => {
      if (signal.aborted) return;
      if (ms >= FOREVER_MS) return void (await once(signal, "abort"));
      slept.push(ms);
      nowMs += ms;
    },
  };
}

/** What webhooks send with: to 127.0.0.1, without chance. `events` collects what is reported, but what was taken: `waiting` counts it. */
export function sendingWith(changes: Partial<WebhookDeps> = {}): WebhookDeps & {
  readonly events: NotifyEvent[];
  readonly slept: readonly number[];
  readonly waiting: { readonly count: number };
} {
  const events: NotifyEvent[] = [];
  const waiting = { count: 0 };
  return {
    classify: createAddressRule(["127.0.0.1"]),
    resolve: async () => [{ address: "127.0.0.1", family: 4 }],
    ca: null,
    timeoutMs: PATIENCE_MS,
    report: (event) => {
      if (event.kind === "notify-taken") waiting.count += 1;
      else events.push(event);
      if (event.kind === "notify-delivered") waiting.count -= 1;
      if (event.kind === "notify-lost") waiting.count -= event.count;
    },
    random: () => 0,
    ...jumpingClock(),
    ...changes,
    events,
    waiting,
  };
}

export function halt(id: string): Notification {
  const data = {
    topic: "orders",
    partition: 0,
    code: "LOG_GAP",
    haltedAt: "2026-01-01T00:00:00.000Z",
    link: "http://s/readyz",
  };
  return {
    id,
    timestamp: "2026-01-01T00:00:00.000Z",
    event: { type: "stream-halted", data: { ...data, message: "The log lost records", remedy: "look" } },
  };
}
