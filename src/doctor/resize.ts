import { openReadOnly } from "../app/engine.ts";
import type { Config } from "../config/config.ts";
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
    let undecided = 0n;
    for (const stream of streams) {
      const { end } = await log.bounds(stream);
      const settledTo = (await store.tail(stream.id))?.to ?? 0n;
      if (end > settledTo) undecided += end - settledTo;
    }
    return [
      ok("partitions", `${topic} has ${from} partitions, and would have ${to}`),
      identities(topic, from, to),
      undecided === 0n
        ? ok("undecided", `everything in the log of ${topic} is decided: while no producer sends, it can grow now`)
        : warn("undecided", `${undecided} offsets of ${topic} are not decided yet`, PROCEDURE),
    ];
  } finally {
    await close();
  }
}

const PROCEDURE = "stop the producers, wait until this says that everything is decided, let it grow, start them again";

function identities(topic: string, from: number, to: number): Check {
  const percent = Math.round(100 * movedShare(from, to));
  const message = `${percent} % of the keys of ${topic} go to another partition from then on: two records of one identity, one before and one after, are decided in the order in which their partitions are read`;
  return warn("identities", message, PROCEDURE);
}
