import type { GatewayEvent } from "../../gateway/event.ts";
import { isRedrive } from "../../ledger/redrive-stream.ts";
import type { Stream } from "../../source/source.ts";
import { METRICS } from "./definitions.ts";
import type { Family, Sample } from "./family.ts";
import { createBacklog, type Backlog } from "./backlog.ts";

/** What a process knows of one stream that it reads. */
type Known = {
  readonly stream: Stream;
  state: "starting" | "running" | "paused" | "halted";
  /** Why it is paused or halted; "" when it is neither. */
  code: string;
  settledTo: bigint | null;
  readonly backlog: Backlog;
};

/** The end of a stream's log now; null when the log did not say. */
export type EndOf = (stream: Stream) => Promise<bigint | null>;

/** The streams that a process reads, as its events tell. Streams of redrives have no log and are left out. */
export type KnownStreams = {
  readonly see: (event: GatewayEvent) => void;
  /** @returns true where a stream was not paused already. */
  readonly isPaused: (stream: Stream) => boolean;
  /** Asks for the ends of the logs first. */
  readonly families: (endOf: EndOf, nowMs: number) => Promise<readonly Family[]>;
};

export function createKnownStreams(): KnownStreams {
  const known = new Map<string, Known>();
  const at = (stream: Stream): Known => {
    const found = known.get(stream.id);
    if (found !== undefined) return found;
    const made: Known = { stream, state: "starting", code: "", settledTo: null, backlog: createBacklog() };
    known.set(stream.id, made);
    return made;
  };
  return {
    see: (event) => {
      if (isRedrive(event.stream.id)) return;
      if (event.kind === "stream-stopped") known.delete(event.stream.id);
      else follow(at(event.stream), event);
    },
    isPaused: ({ id }) => known.get(id)?.state === "paused",
    families: async (endOf, nowMs) => familiesOf([...known.values()], endOf, nowMs),
  };
}

function follow(one: Known, event: GatewayEvent): void {
  switch (event.kind) {
    case "stream-acquired":
      one.settledTo = event.position;
      // A paused stream stays paused until it settles a batch: reading its tail does not show that the cause is gone.
      if (one.state !== "paused") Object.assign(one, { state: "running", code: "" });
      return;
    case "batch-settled":
      one.settledTo = event.to;
      one.backlog.settled(event.to, event.measures.produced.ms.at(-1) ?? null);
      Object.assign(one, { state: "running", code: "" });
      return;
    case "stream-resumed":
      Object.assign(one, { state: "running", code: "" });
      return;
    case "stream-paused":
      Object.assign(one, { state: "paused", code: event.code });
      return;
    case "stream-halted":
      Object.assign(one, { state: "halted", code: event.halt.code });
      return;
    case "stream-checked":
    case "tail-redone":
    case "ledger-lost":
    case "stream-stopped":
  }
}

const STATES = ["starting", "running", "paused", "halted"] as const;

async function familiesOf(all: readonly Known[], endOf: EndOf, nowMs: number): Promise<readonly Family[]> {
  const ends = await Promise.all(all.map(async ({ stream }) => endOf(stream)));
  const place = ({ stream }: Known): readonly string[] => [stream.topic, String(stream.partition)];
  const lags = all.flatMap((one, index) => {
    const end = ends[index] ?? null;
    const lag = end === null || one.settledTo === null ? null : one.backlog.lag(one.settledTo, end, nowMs);
    return lag === null ? [] : [{ labels: place(one), ...lag }];
  });
  const troubled = all.filter(({ code }) => code !== "");
  return [
    {
      of: METRICS.streams,
      samples: STATES.map((state) => ({ labels: [state], value: all.filter((one) => one.state === state).length })),
    },
    {
      of: METRICS.trouble,
      samples: troubled.map((one) => ({ labels: [...place(one), one.state, one.code], value: 1 })),
    },
    {
      of: METRICS.breaker,
      samples: all.map((one) => ({ labels: place(one), value: one.code === "BREAKER_OPEN" ? 1 : 0 })),
    },
    {
      of: METRICS.settled,
      samples: all.flatMap((one) =>
        one.settledTo === null ? [] : [{ labels: place(one), value: Number(one.settledTo) }],
      ),
    },
    { of: METRICS.lagRecords, samples: lags.map(({ labels, records }): Sample => ({ labels, value: records })) },
    {
      of: METRICS.lagSeconds,
      samples: lags.flatMap(({ labels, seconds }) => (seconds === null ? [] : [{ labels, value: seconds }])),
    },
  ];
}
