import { openReadOnly } from "../app/engine.ts";
import type { Config } from "../config/config.ts";
import type { Source, Stream } from "../source/source.ts";
import { undecidedOffsets } from "../source/undecided.ts";
import { createKeyCounter, hashedKey, type Load } from "../traffic/hot-keys.ts";
import { fail, ok, warn, type Check } from "./check.ts";

/** A topic, and how many partitions it is to have. */
export type Resize = { readonly topic: string; readonly to: number };

/** Reads `orders=12`; null when it is not written so. */
export function parseResize(text: string): Resize | null {
  const [, topic = "", to] = /^(.+)=([1-9][0-9]{0,4})$/.exec(text) ?? [];
  return to === undefined ? null : { topic, to: Number(to) };
}

/**
 * The share of keys whose partition is another one afterwards, from 0 to 1. Kafka's partitioner takes the hash of a key modulo the number
 * of partitions: h mod p = h mod q holds for min(p, q) of lcm(p, q) hashes.
 */
export function movedShare(from: number, to: number): number {
  return 1 - Math.min(from, to) / ((from * to) / commonDivisor(from, to));
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/**
 * What more partitions would do to a topic now: which identities would go elsewhere, and whether all that is in the log is decided.
 * Changes nothing.
 * @throws `Unavailable`.
 */
export async function examineResize(config: Config, { topic, to }: Resize): Promise<readonly Check[]> {
  if (!config.sources.some((source) => source.topic === topic)) {
    const known = config.sources.map((source) => source.topic).join(", ");
    return [fail("topic", `${topic} is no source`, `name one of: ${known}`)];
  }
  const { log, store, close } = await openReadOnly(config);
  try {
    const streams = (await log?.streams())?.filter((stream) => stream.topic === topic) ?? [];
    const from = streams.length;
    if (log === null || from === 0) return [fail("topic", `${topic} has no log yet`, "start the gateway once")];
    if (to <= from) {
      const message = `${topic} has ${from} partitions: a log never gets fewer, and ${to} are no more`;
      return [fail("partitions", message, "name a larger number, or begin a new topic")];
    }
    const loads = await loadsIn(log, streams);
    let undecided = 0n;
    for (const stream of streams) {
      const { end } = await log.bounds(stream);
      const settledTo = (await store.tail(stream.id))?.to ?? null;
      undecided += await undecidedOffsets(log, stream, settledTo, end);
    }
    return [
      ok("partitions", `${topic} has ${from} partitions, and would have ${to}`),
      identities(topic, from, to),
      skew(topic, loads),
      hotKeys(topic, loads, config),
      undecided === 0n
        ? ok("undecided", `everything in the log of ${topic} is decided: while no producer sends, it can grow now`)
        : warn("undecided", `${undecided} offsets of ${topic} are not decided yet`, PROCEDURE),
    ];
  } finally {
    await close();
  }
}

/** Records at the end of each partition that are looked at. */
const NEWEST = 2_000n;
const FETCH_WAIT_MS = 500;

type PartitionLoad = Load & { readonly partition: number; readonly offsets: bigint };

/** What each partition holds, and the keys of its newest records. */
async function loadsIn(
  log: Pick<Source, "bounds" | "fetch">,
  streams: readonly Stream[],
): Promise<readonly PartitionLoad[]> {
  const { signal } = new AbortController();
  const limits = { recordsMax: Number(NEWEST), bytesMax: 8_388_608, waitMs: FETCH_WAIT_MS };
  return Promise.all(
    streams.map(async (stream) => {
      const { start, end } = await log.bounds(stream);
      const counter = createKeyCounter(() => 0, 1);
      for (let from = end - start > NEWEST ? end - NEWEST : start; from < end;) {
        const fetched = await log.fetch(stream, from, limits, signal, end);
        if (fetched.kind !== "records") break;
        for (const { key } of fetched.read()) counter.see(key, null);
        from = fetched.to;
      }
      return { ...counter.load(), partition: stream.partition, offsets: end - start };
    }),
  );
}

/** A partition with more than twice its even share is named. */
function skew(topic: string, loads: readonly PartitionLoad[]): Check {
  const all = Number(loads.reduce((sum, { offsets }) => sum + offsets, 0n));
  const shares = loads
    .map(({ partition, offsets }) => ({ partition, share: all === 0 ? 0 : Number(offsets) / all }))
    .toSorted((a, b) => b.share - a.share);
  const text = shares
    .slice(0, 5)
    .map(({ partition, share }) => `${partition}: ${percent(share)}`)
    .join(", ");
  const message = `of what the log of ${topic} holds, its partitions have ${text}${shares.length > 5 ? ", ..." : ""}`;
  const isEven = loads.length < 2 || (shares[0]?.share ?? 0) <= 2 / loads.length;
  if (isEven) return ok("skew", message);
  return warn("skew", message, "see whether few keys take most of it: those stay together in however many partitions");
}

function hotKeys(topic: string, loads: readonly PartitionLoad[], { redact }: Pick<Config, "redact">): Check {
  const isHidden = redact.pointers.length > 0 || redact.classes.length > 0;
  const found = loads.flatMap(({ partition, keys }) =>
    keys.map(
      ({ key, share }) => `${isHidden ? hashedKey(key) : JSON.stringify(key)} has ${percent(share)} of ${partition}`,
    ),
  );
  if (found.length === 0)
    return ok("hot-keys", `no key has a tenth of the newest ${NEWEST} records of a partition of ${topic}`);
  return warn(
    "hot-keys",
    `of the newest ${NEWEST} records of each partition of ${topic}: ${found.slice(0, 10).join("; ")}`,
    "more partitions do not spread a key: add a field to the identity, or give these records a lane of their own",
  );
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

const PROCEDURE = "stop the producers, wait until this says that everything is decided, let it grow, start them again";

function identities(topic: string, from: number, to: number): Check {
  const message = `${percent(movedShare(from, to))} of the keys of ${topic} go to another partition from then on: two records of one identity, one before and one after, are decided in the order in which their partitions are read`;
  return warn("identities", message, PROCEDURE);
}
