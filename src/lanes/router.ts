import { createLoops } from "../gateway/loops.ts";
import type { Unavailable } from "../core/unavailable.ts";
import type { Source, Stream } from "../source/source.ts";
import type { RouterEvent } from "./event.ts";
import { routeStream, type RouteDeps } from "./route-stream.ts";

/** How far a stream was moved to its lanes. */
export type RoutedStream = {
  readonly stream: Stream;
  /** Everything below this offset was moved; null until the stream is taken up. */
  readonly movedTo: bigint | null;
  /** The time of the newest record that was moved, in milliseconds since the epoch; null when none was since the start. */
  readonly newestMs: number | null;
  /** Why it waits; null when it does not. */
  readonly trouble: Pick<Unavailable, "code" | "message" | "remedy"> | null;
};

export type Router = {
  readonly streams: () => readonly RoutedStream[];
  /** Of the log of a stream. @throws `Unavailable`. */
  readonly bounds: Source["bounds"];
  /** True when the source is assigned and every stream is taken up and does not wait. */
  readonly ready: () => boolean;
  /** Ends behind the batches in flight. */
  readonly stop: () => Promise<void>;
  /** Rejects when a bug ends a stream; otherwise resolves after `stop`. */
  readonly done: Promise<void>;
};

/** A stream that was taken up again has its place among the others. */
function byPlace({ stream: a }: RoutedStream, { stream: b }: RoutedStream): number {
  return a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition;
}

/** Of a stream that was not taken up yet. */
const UNKNOWN = { movedTo: null, newestMs: null, trouble: null } as const;

export type RouterDeps = Omit<RouteDeps, "source"> & { readonly source: Source };

/** Moves every stream of the source to its lanes until stopped. */
export async function startRouter(deps: RouterDeps): Promise<Router> {
  const { source } = deps;
  const states = new Map<string, RoutedStream>();
  const abort = new AbortController();
  const observe = (event: RouterEvent): void => {
    const { stream } = event;
    const before = states.get(stream.id) ?? { ...UNKNOWN, stream };
    if (event.kind === "stream-taken") states.set(stream.id, { ...before, movedTo: event.position });
    if (event.kind === "records-moved") {
      const { to: movedTo, newestMs } = event;
      states.set(stream.id, { ...before, movedTo, trouble: null, ...(newestMs < 0 ? {} : { newestMs }) });
    }
    if (event.kind === "stream-waiting") {
      const { code, message, remedy } = event;
      states.set(stream.id, { ...before, trouble: { code, message, remedy } });
    }
    if (event.kind === "stream-idle") states.set(stream.id, { ...before, trouble: null });
    if (event.kind === "stream-left") states.delete(stream.id);
    deps.observe(event);
  };
  const loops = createLoops(async (stream, signal) => routeStream({ ...deps, observe }, stream, signal), abort.signal);
  const take = (streams: readonly Stream[]): void => {
    for (const stream of streams) if (!states.has(stream.id)) states.set(stream.id, { ...UNKNOWN, stream });
    loops.reconcile(streams);
  };
  take(await source.streams());
  source.onStreamsChange?.(() => void source.streams().then(take, () => undefined));
  return {
    streams: () => [...states.values()].toSorted(byPlace),
    bounds: source.bounds,
    ready: () =>
      source.isAssigned?.() !== false &&
      [...states.values()].every(({ movedTo, trouble }) => movedTo !== null && trouble === null),
    stop: async () => {
      abort.abort();
      await loops.done;
    },
    done: loops.done,
  };
}
