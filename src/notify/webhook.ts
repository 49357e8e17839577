import type { TraceCall } from "../core/trace-context.ts";
import { bodyOf, type WebhookFormat } from "./format.ts";
import type { Notification, NotifiedType } from "./notification.ts";
import { post, type PostDeps, type Posted } from "./post.ts";
import { judgeAttempt } from "./retry.ts";
import { sign } from "./signature.ts";
import type { ReportNotify, Sink } from "./sink.ts";

export type Webhook = {
  /** For logs: the host. */
  readonly name: string;
  readonly url: URL;
  readonly format: WebhookFormat;
  /** What it is told of; null: everything. */
  readonly events: readonly NotifiedType[] | null;
  /** Keys that sign, read at each attempt; empty for formats that know no signature. Rejects with a sentence for people. */
  readonly keys: () => Promise<readonly Uint8Array[]>;
};

export type WebhookDeps = PostDeps & {
  readonly report: ReportNotify;
  /** Traces attempts; absent: they are not. */
  readonly traceCall?: TraceCall;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Resolves after so long, or when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
};

/** Notifications that wait for one webhook; the oldest is given up for a new one. */
const WAITING_MAX = 1_000;
/** How long a stopping gateway waits for the last attempts, in milliseconds. */
const CLOSE_WAIT_MS = 5_000;
/** The longest single sleep, in milliseconds: timers take no more than 24 days. */
const REST_MAX_MS = 86_400_000;

type Waiting = {
  readonly notification: Notification;
  /** Failed attempts so far. */
  readonly failed: number;
  readonly dueMs: number;
};

/** Makes one attempt. */
export async function deliver(
  deps: WebhookDeps,
  webhook: Webhook,
  notification: Notification,
  signal: AbortSignal,
): Promise<Posted> {
  const trace = deps.traceCall?.("POST", webhook.url.hostname);
  const posted = await attempt(deps, webhook, notification, trace?.traceparent ?? null, signal);
  trace?.end(posted.kind === "answered" ? posted.status : null);
  return posted;
}

async function attempt(
  deps: WebhookDeps,
  webhook: Webhook,
  notification: Notification,
  traceparent: string | null,
  signal: AbortSignal,
): Promise<Posted> {
  const { url, format } = webhook;
  const body = bodyOf(format, notification);
  const traced = traceparent === null ? {} : { traceparent };
  const plain = { "content-type": "application/json", "user-agent": "sigma-aetl", ...traced };
  if (format !== "standard") return post(deps, { url, body, headers: plain }, signal);
  try {
    const signed = sign(await webhook.keys(), notification.id, deps.now(), body);
    return await post(deps, { url, body, headers: { ...plain, ...signed } }, signal);
  } catch (error) {
    return { kind: "failed", why: (error as Error).message };
  }
}

/**
 * Starts to deliver to one webhook, one request at a time. A notification waits until it is due; an attempt is made; then it is
 * delivered, or waits for the next attempt, or is lost: after the last attempt, at an address that is refused, or when too many
 * wait. A receiver that is gone ends the webhook. One that asks for a pause (429 or 503 with `Retry-After`) puts off all that waits.
 */
export function startWebhook(webhook: Webhook, deps: WebhookDeps): Sink {
  const { report, now, sleep } = deps;
  const sink = webhook.name;
  const stop = new AbortController();
  let waiting: readonly Waiting[] = [];
  let pausedToMs = 0;
  let state: "open" | "closing" | "gone" = "open";
  let wake = new AbortController();

  const lose = losing(report, sink);
  const take = async (one: Waiting): Promise<void> => {
    waiting = waiting.filter((other) => other !== one);
    const posted = await deliver(deps, webhook, one.notification, stop.signal);
    const verdict = judgeAttempt(posted, one.failed, now(), deps.random());
    switch (verdict.kind) {
      case "delivered":
        return report({ kind: "notify-delivered", sink, id: one.notification.id });
      case "lost":
        return lose([one], verdict.why);
      case "again": {
        const { why, inMs, pauseMs } = verdict;
        if (state === "closing") return lose([one], why);
        pausedToMs = Math.max(pausedToMs, now() + pauseMs);
        report({ kind: "notify-trouble", sink, why, retryInMs: inMs });
        waiting = [...waiting, { ...one, failed: one.failed + 1, dueMs: now() + inMs }];
        break;
      }
      case "gone":
        state = "gone";
        report({ kind: "notify-gone", sink });
        lose([one, ...waiting], "it answered 410");
        waiting = [];
    }
  };
  /** Waits until a time, or until something changes. */
  const rest = async (untilMs: number): Promise<void> => {
    if (!wake.signal.aborted) await sleep(Math.min(untilMs - now(), REST_MAX_MS), wake.signal);
    if (wake.signal.aborted) wake = new AbortController();
  };
  const run = async (): Promise<void> => {
    while (state === "open") {
      const next = waiting.toSorted((a, b) => a.dueMs - b.dueMs)[0];
      const dueMs = next === undefined ? Number.POSITIVE_INFINITY : Math.max(next.dueMs, pausedToMs);
      if (next !== undefined && dueMs <= now()) await take(next);
      else await rest(dueMs);
    }
    for (let next = waiting[0]; next !== undefined && !stop.signal.aborted; next = waiting[0]) await take(next);
    lose(waiting, "the gateway stopped", "dropped");
  };
  const running = run();
  const send = (notification: Notification): void => {
    if (state !== "open" || !wants(webhook, notification)) return;
    if (waiting.length === WAITING_MAX)
      lose(waiting.slice(0, 1), `${WAITING_MAX} notifications wait already`, "dropped");
    report({ kind: "notify-taken", sink });
    waiting = [...waiting.slice(-WAITING_MAX + 1), { notification, failed: 0, dueMs: now() }];
    wake.abort();
  };
  return {
    name: sink,
    send,
    close: async () => {
      if (state === "open") state = "closing";
      wake.abort();
      const limit = setTimeout(() => stop.abort(), CLOSE_WAIT_MS);
      await running;
      clearTimeout(limit);
    },
  };
}

/** Reports notifications that are lost, when there are any. */
function losing(report: ReportNotify, sink: string) {
  return (lost: readonly unknown[], why: string, result: "failed" | "dropped" = "failed"): void => {
    if (lost.length > 0) report({ kind: "notify-lost", sink, result, count: lost.length, why });
  };
}

/** A test is for every webhook, whatever it asked for. */
function wants({ events }: Webhook, { event }: Notification): boolean {
  return events === null || event.type === "test" || events.includes(event.type);
}
