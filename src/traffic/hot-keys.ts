import { hash } from "node:crypto";

/** A key that a large part of the records of a partition has. */
export type HotKey = {
  /** The key as text; of a record without one, the machine id of its fact. */
  readonly key: string;
  /** The least share of the sampled records that have it, from 0 to 1. */
  readonly share: number;
};

/** What a partition was seen to take. */
export type Load = {
  /** Records that were seen. */
  readonly records: number;
  /** The keys with at least {@link SHARE_MIN} of the records lately, the hottest first, at most {@link NAMED_MAX}. */
  readonly keys: readonly HotKey[];
};

/** Counts the records of one partition. */
export type KeyCounter = {
  /**
   * Most records are counted only; one in {@link EVERY} is looked at.
   * @param id the machine id, by which a record without a key is known; null where it has none.
   */
  readonly see: (key: Uint8Array | null, id: string | null) => void;
  readonly load: () => Load;
};

/** One record in so many is looked at, at random distances: keys that come in turns would else be missed. */
const EVERY = 32;
/** Keys that are kept: each one with more than a 32nd of the sample is among them (Metwally et al. 2005, "Space-Saving"). */
const KEPT = 32;
/** When so many were looked at, all counts are halved: what was hot is forgotten by and by. */
const SAMPLE_MAX = 8_192;
/** Fewer say nothing. */
const SAMPLE_MIN = 100;
/** A key is hot with so much of a partition. */
const SHARE_MIN = 0.1;
const NAMED_MAX = 5;
/** A longer key is named by its SHA-256. */
const KEY_BYTES_MAX = 128;

type Kept = { count: number; error: number };

/**
 * Counts the keys of a partition in bounded memory: 32 keys of at most 128 bytes.
 * @param random from 0 to 1.
 * @param every one record in so many is looked at; 1: each one.
 */
export function createKeyCounter(random: () => number, every: number = EVERY): KeyCounter {
  const kept = new Map<string, Kept>();
  let [records, sampled, left] = [0, 0, 1];
  const count = (name: string): void => {
    const found = kept.get(name);
    if (found !== undefined) found.count += 1;
    else if (kept.size < KEPT) kept.set(name, { count: 1, error: 0 });
    else {
      const [least, { count: error }] = leastOf(kept);
      kept.delete(least);
      kept.set(name, { count: error + 1, error });
    }
  };
  const halve = (): void => {
    sampled /= 2;
    for (const one of kept.values()) {
      one.count /= 2;
      one.error /= 2;
    }
  };
  return {
    see: (key, id) => {
      records += 1;
      left -= 1;
      if (left > 0) return;
      left = every === 1 ? 1 : 1 + Math.floor(random() * (2 * every - 1));
      sampled += 1;
      const name = key === null ? id : nameOf(key);
      if (name !== null) count(name);
      if (sampled >= SAMPLE_MAX) halve();
    },
    load: () => ({ records, keys: sampled < SAMPLE_MIN ? [] : hottest(kept, sampled) }),
  };
}

function leastOf(kept: ReadonlyMap<string, Kept>): readonly [string, Kept] {
  let least: readonly [string, Kept] | null = null;
  for (const one of kept) if (least === null || one[1].count < least[1].count) least = one;
  return least ?? ["", { count: 0, error: 0 }];
}

function hottest(kept: ReadonlyMap<string, Kept>, sampled: number): readonly HotKey[] {
  return [...kept]
    .map(([key, { count, error }]): HotKey => ({ key, share: (count - error) / sampled }))
    .filter(({ share }) => share >= SHARE_MIN)
    .toSorted((a, b) => b.share - a.share)
    .slice(0, NAMED_MAX);
}

function nameOf(key: Uint8Array): string {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.length);
  return key.length > KEY_BYTES_MAX ? hashedKey(bytes) : bytes.toString("utf8");
}

/** Stands for a key that is not shown, or is too long for it. */
export function hashedKey(key: string | Uint8Array): string {
  return `sha256:${hash("sha256", key).slice(0, 16)}`;
}

/** The counters of the partitions that a process reads. */
export type HotKeys = {
  readonly of: (stream: string) => KeyCounter;
  /** Null for a partition of which nothing was seen. */
  readonly load: (stream: string) => Load | null;
  readonly forget: (stream: string) => void;
};

export function createHotKeys(random: () => number): HotKeys {
  const counters = new Map<string, KeyCounter>();
  return {
    of: (stream) => {
      const counter = counters.get(stream) ?? createKeyCounter(random);
      counters.set(stream, counter);
      return counter;
    },
    load: (stream) => counters.get(stream)?.load() ?? null,
    forget: (stream) => void counters.delete(stream),
  };
}
