import type { StreamNote } from "./stream-note.ts";

// Counters of decided records: how many, of which contract version and producer, in which hour, and what became of them.

/**
 * What became of a record. `passed` and `failed` are the decisions. The other three say which of the passed records did not become a
 * fact: a `duplicate` and a `redelivery` repeat a stored fact, a `conflict` contradicts one. So the facts are `passed` less these three.
 */
export type VolumeKind = "passed" | "failed" | "duplicate" | "redelivery" | "conflict";

/** What one counter counts, within a stream. */
export type VolumeKey = {
  readonly kind: VolumeKind;
  /** The contract of the topic. */
  readonly subject: string;
  /** The version that judged; null when none did. */
  readonly version: number | null;
  /** The producer that the records claim (traffic/producer.ts); null when they claim none, or when they are of several. */
  readonly producer: string | null;
  /** Whether these are the records of all producers that are not counted by name. */
  readonly isOthers: boolean;
  /** Hour of the records' timestamps, in hours since 1970; null for times that have none (`hourOf` of store/groups.ts). */
  readonly hour: number | null;
};

/** Records of one ledger entry. */
export type VolumeTally = VolumeKey & { readonly count: number };

/** The records of all entries of one stream that were counted. */
export type VolumeCounter = VolumeTally & {
  /** The last entry whose records are counted. */
  readonly seq: number;
  /** The entry that made the counter. */
  readonly first: number;
};

/** Where the counting of a stream began: entries before `first` were decided by a program that did not count. */
export type VolumeStart = { readonly stream: number; readonly first: number };

/** Which counters are asked for. */
export type VolumeQuery = {
  /** Hours since 1970, `[fromHour, toHour)`. */
  readonly fromHour: number;
  readonly toHour: number;
  /** Hours that are added up: 1, or 24 for days (UTC). */
  readonly hours: number;
  /** Null: all. */
  readonly subject: string | null;
  readonly producer: string | null;
  /** Whether versions and producers are told apart. Otherwise they are added up, and a sum has neither. */
  readonly byProducer: boolean;
  /** The most sums that are returned. */
  readonly limit: number;
};

/** The records of one key and stream in a span of hours; `hour` is its first. */
export type VolumeSum = VolumeTally & {
  /** Number of the stream. */
  readonly stream: number;
  readonly hour: number;
};

export type VolumeWrites = {
  /**
   * Adds the records of an entry to the counters of its stream. As for failures, a counter that has counted this entry or a later one
   * stays as it is.
   * @param tallies of distinct keys.
   */
  readonly countVolume: (stream: StreamNote, seq: number, tallies: readonly VolumeTally[]) => Promise<void>;
  /**
   * Replaces the counters of a stream by these, which count all entries from `first` to `seq`. Counters that have counted a later
   * entry stay as they are.
   */
  readonly recountVolume: (
    stream: StreamNote,
    first: number,
    seq: number,
    tallies: readonly VolumeTally[],
  ) => Promise<void>;
};

export type VolumeReads = {
  /** Sums by span of hours, in the order of their hours. Records whose time has no hour are in none. */
  readonly volume: (query: VolumeQuery) => Promise<readonly VolumeSum[]>;
  /** Every counter of a stream. */
  readonly volumeCounters: (stream: number) => Promise<readonly VolumeCounter[]>;
  /** Where the counting of each counted stream began, by number. */
  readonly volumeStarts: () => Promise<readonly VolumeStart[]>;
};

/** One text for each key. Names of producers hold no control characters. */
export function volumeKey({ kind, subject, version, producer, isOthers, hour }: VolumeKey): string {
  return `${hour ?? "-"}/${kind}/${subject}@${version ?? "-"}${producerPart(producer, isOthers)}`;
}

function producerPart(producer: string | null, isOthers: boolean): string {
  return isOthers ? "+" : producer === null ? "" : `/${producer}`;
}
