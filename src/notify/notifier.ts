import type { GatewayEvent } from "../gateway/event.ts";
import type { Stream } from "../source/source.ts";
import { notificationId, type GroupFacts, type Notification, type NotifiedEvent } from "./notification.ts";
import type { Sink } from "./sink.ts";

/** A group of failures as its counters have it. Times are those of records, in milliseconds since 1970. */
export type GroupSeen = {
  readonly fingerprint: string;
  readonly code: string;
  /** `shipment@1`; null for none. */
  readonly contract: string | null;
  readonly topics: readonly string[];
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
};

export type NotifierDeps = {
  readonly sinks: readonly Sink[];
  /** URL of the API without a slash at its end. */
  readonly apiUrl: string;
  /** How many notifications about groups are sent in a minute. */
  readonly perMinute: number;
  /** Streams that were halted when the gateway started. */
  readonly halted: readonly { readonly stream: string; readonly code: string }[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Resolves after so long, or when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
};

export type Notifier = {
  /** Takes every event of the gateway: halts come from it. */
  readonly observe: (event: GatewayEvent) => void;
  readonly appeared: (group: GroupSeen) => void;
  readonly passed: (group: GroupSeen, threshold: number) => void;
  /** Sends what was withheld, and closes the sinks. */
  readonly close: () => Promise<void>;
};

const MINUTE_MS = 60_000;
/** Ids of notifications that are remembered, so that none is sent twice. */
const KNOWN_MAX = 10_000;

/** Makes notifications of what the gateway saw, and gives each to every sink once. */
export function createNotifier(deps: NotifierDeps): Notifier {
  const { sinks, apiUrl, now } = deps;
  const known = new Set<string>();
  const stopping = new AbortController();
  const sendNow = (id: string, event: NotifiedEvent): void => {
    if (known.has(id)) return;
    known.add(id);
    for (const oldest of known) {
      if (known.size <= KNOWN_MAX) break;
      known.delete(oldest);
    }
    const notification: Notification = { id, timestamp: iso(now()), event };
    for (const sink of sinks) sink.send(notification);
  };
  const groups = limitPerMinute(deps, sendNow, stopping.signal);
  const observe = watchStreams(deps, sendNow);

  return {
    observe,
    appeared: (group) =>
      groups.send(notificationId("group-appeared", group.fingerprint), {
        type: "group-appeared",
        data: factsOf(group, apiUrl),
      }),
    passed: (group, threshold) =>
      groups.send(notificationId("group-passed-threshold", group.fingerprint, threshold), {
        type: "group-passed-threshold",
        data: { ...factsOf(group, apiUrl), threshold },
      }),
    close: async () => {
      groups.flush();
      stopping.abort();
      await Promise.all(sinks.map(async (sink) => sink.close()));
    },
  };
}

function factsOf({ firstMs, lastMs, ...rest }: GroupSeen, apiUrl: string): GroupFacts {
  const link = `${apiUrl}/v1/failures/groups/${rest.fingerprint}`;
  return { ...rest, firstSeen: iso(firstMs), lastSeen: iso(lastMs), link };
}

/** A record's time may be any integer; a date reaches only so far. */
const DATE_MAX_MS = 8.64e15;

function iso(ms: number): string {
  return new Date(Math.min(Math.max(ms, -DATE_MAX_MS), DATE_MAX_MS)).toISOString();
}

type Send = (id: string, event: NotifiedEvent) => void;

/**
 * Lets so many notifications through in a minute, and counts those beyond. At the end of the minute one notification says how many
 * there were: a producer that breaks everything at once floods nobody.
 */
function limitPerMinute(
  { perMinute, now, sleep, apiUrl }: NotifierDeps,
  sendNow: Send,
  signal: AbortSignal,
): { readonly send: Send; readonly flush: () => void } {
  let fromMs = Number.NEGATIVE_INFINITY;
  let sent = 0;
  let withheld = 0;
  const flush = (): void => {
    if (withheld === 0) return;
    const data = { count: withheld, link: `${apiUrl}/v1/failures/groups` };
    withheld = 0;
    sendNow(notificationId("notifications-withheld", fromMs), { type: "notifications-withheld", data });
  };
  return {
    flush,
    send: (id, event) => {
      if (now() >= fromMs + MINUTE_MS) {
        flush();
        fromMs = now();
        sent = 0;
      }
      if (sent < perMinute) {
        sent += 1;
        return sendNow(id, event);
      }
      withheld += 1;
      if (withheld === 1) void sleep(fromMs + MINUTE_MS - now(), signal).then(flush);
    },
  };
}

type Standing = { readonly code: string; readonly haltedAt: string };

/**
 * Tells of streams that halt, and of halted ones that go on. A halt of the same stream by the same code at the same position keeps
 * its id when the process starts again, so that a gateway which is restarted over and over is one alarm.
 */
function watchStreams({ halted, apiUrl, now }: NotifierDeps, sendNow: Send): Notifier["observe"] {
  const started = iso(now());
  const standing = new Map<string, Standing>(halted.map(({ stream, code }) => [stream, { code, haltedAt: started }]));
  const positions = new Map<string, string>();
  const counts = new Map<string, number>();
  const factsFor = ({ topic, partition }: Stream, at: Standing) => ({
    topic,
    partition,
    ...at,
    link: `${apiUrl}/readyz`,
  });
  return (event) => {
    const { stream } = event;
    if (event.kind === "batch-settled") positions.set(stream.id, String(event.to));
    if (event.kind === "stream-acquired") {
      positions.set(stream.id, String(event.position));
      const was = standing.get(stream.id);
      standing.delete(stream.id);
      if (was === undefined) return;
      const id = notificationId("stream-resumed", stream.id, was.code, was.haltedAt);
      sendNow(id, { type: "stream-resumed", data: factsFor(stream, was) });
    }
    if (event.kind !== "stream-halted") return;
    const { code, message, remedy } = event.halt;
    const at = { code, haltedAt: standing.get(stream.id)?.haltedAt ?? iso(now()) };
    standing.set(stream.id, at);
    const before = counts.get(stream.id) ?? 0;
    counts.set(stream.id, before + 1);
    const id = notificationId("stream-halted", stream.id, code, positions.get(stream.id) ?? "", before);
    sendNow(id, { type: "stream-halted", data: { ...factsFor(stream, at), message, remedy } });
  };
}
