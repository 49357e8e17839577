import type { CompiledContractSet } from "../core/compiled.ts";
import { Unavailable } from "../core/unavailable.ts";
import { schemaIdsOf } from "../core/wire-format.ts";
import type { SourceRecord } from "../core/record.ts";
import type { MovedRecord, Mover, OpenMover } from "../source/mover.ts";
import type { FetchLimits, Source, Stream } from "../source/source.ts";
import { compileRoute, type Choose } from "./choose.ts";
import type { Moved, RouterEvent } from "./event.ts";
import type { Route } from "./lane.ts";

export type RouteDeps = {
  readonly source: Pick<Source, "fetch" | "bounds">;
  readonly openMover: OpenMover;
  readonly routes: readonly Route[];
  /** The live contract set; it binds the sources and their lanes. */
  readonly contracts: () => CompiledContractSet;
  /** Asks the schema registry for ids that the set does not know; absent without one. */
  readonly learnSchemaIds?: (ids: readonly string[]) => Promise<void>;
  readonly limits: FetchLimits;
  readonly observe: (event: RouterEvent) => void;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
  /** The pause after failed attempt number `attempt`, counted from 0, in milliseconds. */
  readonly backoffMs: (attempt: number) => number;
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
};

/**
 * Moves the records of one stream to its lanes until the signal aborts.
 *
 *   open a mover (fences, reads the position)  ->  fetch  ->  choose lanes  ->  move records and position together  ->  fetch ...
 *
 * After any trouble there is one way back: another mover is opened, whose position says what was moved. Nothing is judged, and
 * nothing is left out: where the log lost records that were not moved yet, the stream waits for an operator.
 */
export async function routeStream(deps: RouteDeps, stream: Stream, signal: AbortSignal): Promise<void> {
  const route = deps.routes.find(({ topic }) => topic === stream.topic);
  if (route === undefined) throw new Error(`Cannot route topic "${stream.topic}": it has no lanes`);
  let attempt = 0;
  while (!signal.aborted) {
    let mover: Mover | null = null;
    try {
      mover = await deps.openMover(stream);
      let position = mover.movedTo ?? (await deps.source.bounds(stream)).start;
      deps.observe({ kind: "stream-taken", stream, position });
      for (;;) {
        const to = await moveNext(deps, route, stream, mover, position, signal);
        if (signal.aborted) break;
        if (to !== null) position = to;
        else if (attempt > 0) deps.observe({ kind: "stream-idle", stream });
        attempt = 0;
      }
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      const retryInMs = deps.backoffMs(attempt);
      attempt += 1;
      const { code, message, remedy } = error;
      deps.observe({ kind: "stream-waiting", stream, code, message, remedy, retryInMs });
      await deps.sleep(retryInMs, signal);
    } finally {
      await mover?.close();
    }
  }
  deps.observe({ kind: "stream-left", stream });
}

/** Moves one batch. @returns the position behind it; null when there was none. */
async function moveNext(
  deps: RouteDeps,
  route: Route,
  stream: Stream,
  mover: Mover,
  from: bigint,
  signal: AbortSignal,
): Promise<bigint | null> {
  const fetched = await deps.source.fetch(stream, from, deps.limits, signal);
  switch (fetched.kind) {
    case "empty":
      return null;
    case "below-start":
      throw lost("LOG_START_PASSED", stream, from, `starts at ${fetched.logStart}`);
    case "beyond-end":
      throw lost("LOG_TRUNCATED", stream, from, `ends at ${fetched.logEnd}`);
    case "records":
      break;
  }
  const records = fetched.read();
  const choose = chooserOf(route, await setFor(deps, records));
  const partitions = new Map<string, number>();
  for (const { topic } of route.lanes) partitions.set(topic, await mover.partitionsOf(topic));
  const begunMs = deps.monotonicMs();
  const moved = records.map((record) => choose(record, (topic) => partitions.get(topic) ?? 1));
  await mover.move(moved, fetched.to);
  deps.observe({
    kind: "records-moved",
    stream,
    from,
    to: fetched.to,
    lanes: countByLane(moved),
    tookMs: deps.monotonicMs() - begunMs,
    newestMs: Number(records.at(-1)?.timestampMs ?? -1),
  });
  return fetched.to;
}

function countByLane(moved: readonly MovedRecord[]): ReadonlyMap<string, Moved> {
  const lanes = new Map<string, { records: number; bytes: number }>();
  for (const { topic, key, value } of moved) {
    const lane = lanes.get(topic) ?? { records: 0, bytes: 0 };
    lanes.set(topic, lane);
    lane.records += 1;
    lane.bytes += (key?.length ?? 0) + (value?.length ?? 0);
  }
  return lanes;
}

/** Routes compiled for the set that is live; a set is replaced whole. */
const COMPILED = new WeakMap<CompiledContractSet, Map<Route, Choose>>();

function chooserOf(route: Route, set: CompiledContractSet): Choose {
  const known = COMPILED.get(set) ?? new Map<Route, Choose>();
  COMPILED.set(set, known);
  const made = known.get(route) ?? compileRoute(route, set);
  known.set(route, made);
  return made;
}

/** The live set, after the registry was asked about every schema id that it did not know. */
async function setFor(deps: RouteDeps, records: readonly SourceRecord[]): Promise<CompiledContractSet> {
  const set = deps.contracts();
  if (deps.learnSchemaIds === undefined) return set;
  const unknown = new Set(records.flatMap(schemaIdsOf).filter((id) => !set.schemaIds.has(id)));
  if (unknown.size === 0) return set;
  await deps.learnSchemaIds([...unknown]);
  return deps.contracts();
}

function lost(
  code: "LOG_START_PASSED" | "LOG_TRUNCATED",
  { topic, partition }: Stream,
  position: bigint,
  state: string,
): Unavailable {
  return new Unavailable(
    code,
    `Cannot move ${topic}/${partition} on from offset ${position}: its log ${state}`,
    "restore the log, or set the position of the router's group with Kafka's own kafka-consumer-groups: what lies between is lost",
  );
}
