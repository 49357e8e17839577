import type { RouterEvent } from "../../lanes/event.ts";
import type { Stream } from "../../source/source.ts";
import { createBacklog, type Backlog } from "./backlog.ts";
import { METRICS } from "./definitions.ts";
import type { Family } from "./family.ts";
import { createHistogram } from "./histogram.ts";
import { createCounter } from "./series.ts";
import type { EndOf } from "./streams.ts";

/** What a router moves, how long that takes, and what waits. */
export type RouterMetrics = {
  readonly observe: (event: RouterEvent) => void;
  /** None in a process that moves nothing. Asks for the ends of the logs first. */
  readonly families: (endOf: EndOf, nowMs: number) => Promise<readonly Family[]>;
};

/** What a process knows of one stream that it moves. */
type Known = {
  readonly stream: Stream;
  /** Why it waits; "" when it does not. */
  code: string;
  movedTo: bigint | null;
  readonly backlog: Backlog;
};

export function createRouterMetrics(): RouterMetrics {
  const known = new Map<string, Known>();
  const records = createCounter(METRICS.routed);
  const bytes = createCounter(METRICS.routedBytes);
  const waits = createCounter(METRICS.routerWaits);
  const seconds = createHistogram(METRICS.routerSeconds);
  let isRouter = false;
  const at = (stream: Stream): Known => {
    const one = known.get(stream.id) ?? { stream, code: "", movedTo: null, backlog: createBacklog() };
    known.set(stream.id, one);
    return one;
  };
  return {
    observe: (event) => {
      isRouter = true;
      const { stream } = event;
      if (event.kind === "stream-left") return void known.delete(stream.id);
      const one = at(stream);
      switch (event.kind) {
        case "stream-taken":
          // A stream that waits does so until it moves something or finds nothing: a position says nothing of the lanes.
          one.movedTo = event.position;
          return;
        case "stream-idle":
          one.code = "";
          return;
        case "stream-waiting":
          one.code = event.code;
          waits.add([stream.topic, event.code], 1);
          return;
        case "records-moved":
          Object.assign(one, { code: "", movedTo: event.to });
          one.backlog.settled(event.to, event.newestMs);
          seconds.observe([stream.topic], event.tookMs / 1_000);
          for (const [lane, moved] of event.lanes) {
            records.add([stream.topic, lane], moved.records);
            bytes.add([stream.topic, lane], moved.bytes);
          }
      }
    },
    families: async (endOf, nowMs) => {
      if (!isRouter) return [];
      const counted = [records, bytes, waits].map((one) => one.family());
      return [...counted, seconds.family(), ...(await streamFamilies([...known.values()], endOf, nowMs))];
    },
  };
}

async function streamFamilies(all: readonly Known[], endOf: EndOf, nowMs: number): Promise<readonly Family[]> {
  const ends = await Promise.all(all.map(async ({ stream }) => endOf(stream)));
  const place = ({ stream }: Known): readonly string[] => [stream.topic, String(stream.partition)];
  const lags = all.flatMap((one, index) => {
    const end = ends[index] ?? null;
    const lag = end === null || one.movedTo === null ? null : one.backlog.lag(one.movedTo, end, nowMs);
    return lag === null ? [] : [{ labels: place(one), ...lag }];
  });
  const waiting = all.filter(({ code }) => code !== "");
  return [
    {
      of: METRICS.routerStreams,
      samples: [
        { labels: ["running"], value: all.length - waiting.length },
        { labels: ["waiting"], value: waiting.length },
      ],
    },
    { of: METRICS.routerTrouble, samples: waiting.map((one) => ({ labels: [...place(one), one.code], value: 1 })) },
    {
      of: METRICS.routerMoved,
      samples: all.flatMap((one) => (one.movedTo === null ? [] : [{ labels: place(one), value: Number(one.movedTo) }])),
    },
    { of: METRICS.routerLagRecords, samples: lags.map(({ labels, records }) => ({ labels, value: records })) },
    {
      of: METRICS.routerLagSeconds,
      samples: lags.flatMap(({ labels, seconds }) => (seconds === null ? [] : [{ labels, value: seconds }])),
    },
  ];
}
