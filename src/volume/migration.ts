import type { TrafficNote } from "../traffic/note.ts";
import { KINDS, type Kind } from "./volume-query.ts";
import type { VolumeRow } from "./volume-report.ts";

/** The records of one version from one producer. Times are of gateways' clocks, in milliseconds since the epoch. */
export type Sent = {
  readonly version: number;
  /** Decided records in the time that is asked about. */
  readonly records: number;
  /** Of them, those that FAILED. */
  readonly failed: number;
  /** When a gateway saw the first and the last of all such records; null where only the counters know the producer. */
  readonly firstMs: number | null;
  readonly lastMs: number | null;
};

export type ProducerMigration = {
  /** "" for records that name no producer. */
  readonly producer: string;
  /** Whether these are the producers that are not counted by name. */
  readonly isOthers: boolean;
  /** Where the producer is: `moved` sends the highest version it ever sent and no other, `moving` several, `silent` none at all. */
  readonly state: "moved" | "moving" | "behind" | "silent";
  /** By version, lowest first. */
  readonly sent: readonly Sent[];
};

export type Migration = {
  readonly records: number;
  /** Records of each version in the time that is asked about, lowest first. */
  readonly versions: readonly {
    readonly version: number;
    readonly records: number;
    readonly failed: number;
    readonly producers: number;
  }[];
  /** Those who send an older version first. */
  readonly producers: readonly ProducerMigration[];
};

/** Records of a producer that were decided for the first time; a redrive or a replay says nothing of who sends what. */
const SENT: readonly Kind[] = KINDS.filter((kind) => kind !== "redriven" && kind !== "replayed");
const FAILED: readonly Kind[] = ["failed", "conflict"];

const OTHERS = "(others)";

/**
 * How far producers are from one version to the next.
 * @param preferred the version that is to be written; null when none is active.
 * @param rows of the subject's volume, in the time that is asked about.
 */
export function migrationOf(
  preferred: number | null,
  notes: readonly TrafficNote[],
  rows: readonly VolumeRow[],
): Migration {
  const found = new Map<string, Map<number, Open>>();
  const sentOf = (name: string, version: number): Open => {
    const byVersion = found.get(name) ?? new Map<number, Open>();
    found.set(name, byVersion);
    const sent = byVersion.get(version) ?? { version, records: 0, failed: 0, firstMs: null, lastMs: null };
    byVersion.set(version, sent);
    return sent;
  };
  for (const { producer, version, firstMs, lastMs } of notes)
    Object.assign(sentOf(producer, version), { firstMs, lastMs });
  for (const { producer, isOthers, version, counts } of rows) {
    if (version === null) continue;
    const sent = sentOf(isOthers ? OTHERS : (producer ?? ""), version);
    sent.records += sumOf(counts, SENT);
    sent.failed += sumOf(counts, FAILED);
  }
  const producers = [...found].map(([producer, byVersion]): ProducerMigration => {
    const sent = [...byVersion.values()].toSorted((a, b) => a.version - b.version);
    return { producer, isOthers: producer === OTHERS, state: stateOf(preferred, sent), sent };
  });
  return {
    records: producers.reduce((sum, one) => sum + recordsOf(one), 0),
    versions: versionsOf(producers),
    producers: producers.toSorted(oldestFirst),
  };
}

type Open = { -readonly [Name in keyof Sent]: Sent[Name] };

function stateOf(preferred: number | null, sent: readonly Sent[]): ProducerMigration["state"] {
  const now = sent.filter(({ records }) => records > 0).map(({ version }) => version);
  if (now.length === 0) return "silent";
  const goal = preferred ?? Math.max(...sent.map(({ version }) => version));
  if (now.every((version) => version >= goal)) return "moved";
  return now.some((version) => version >= goal) ? "moving" : "behind";
}

function versionsOf(producers: readonly ProducerMigration[]): Migration["versions"] {
  const all = producers.flatMap(({ sent }) => sent);
  const numbers = [...new Set(all.map(({ version }) => version))].toSorted((a, b) => a - b);
  return numbers.map((version) => {
    const own = all.filter((one) => one.version === version);
    return {
      version,
      records: own.reduce((sum, { records }) => sum + records, 0),
      failed: own.reduce((sum, { failed }) => sum + failed, 0),
      producers: own.filter(({ records }) => records > 0).length,
    };
  });
}

const ORDER: readonly ProducerMigration["state"][] = ["behind", "moving", "moved", "silent"];

function oldestFirst(a: ProducerMigration, b: ProducerMigration): number {
  return (
    ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || recordsOf(b) - recordsOf(a) || (a.producer < b.producer ? -1 : 1)
  );
}

function recordsOf({ sent }: ProducerMigration): number {
  return sent.reduce((sum, { records }) => sum + records, 0);
}

function sumOf(counts: VolumeRow["counts"], kinds: readonly Kind[]): number {
  return kinds.reduce((sum, kind) => sum + counts[kind], 0);
}
