import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { StreamNote } from "../stream-note.ts";
import type { VolumeCounter, VolumeKind, VolumeReads, VolumeTally } from "../volume.ts";
import { VOLUME } from "./layout.ts";
import type { Row } from "./rows.ts";

/** The writes of {@link VolumeWrites}, synchronously. */
export type VolumeCounting = {
  readonly countVolume: (stream: StreamNote, seq: number, tallies: readonly VolumeTally[]) => void;
  readonly recountVolume: (stream: StreamNote, first: number, seq: number, tallies: readonly VolumeTally[]) => void;
};

/** Stands for no hour and for no version: a key has no null. */
const NONE = -1;

const INSERT = `INSERT INTO ${VOLUME} (hour, stream, kind, subject, version, producer, others, count, first, seq)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** The statements are prepared at the first use: a file that is only read may lack the table. */
export function prepareVolume(db: DatabaseSync): VolumeCounting {
  let raise: ReturnType<DatabaseSync["prepare"]> | null = null;
  return {
    countVolume: ({ number }, seq, tallies) => {
      raise ??= db.prepare(`${INSERT} ON CONFLICT (hour, stream, kind, subject, version, producer, others)
        DO UPDATE SET count = count + excluded.count, seq = excluded.seq WHERE seq < excluded.seq`);
      for (const tally of tallies) raise.run(...bind(tally, number, seq, seq));
    },
    recountVolume: ({ number }, first, seq, tallies) => {
      db.prepare(`DELETE FROM ${VOLUME} WHERE stream = ? AND seq <= ?`).run(number, seq);
      db.prepare(`UPDATE ${VOLUME} SET first = ? WHERE stream = ?`).run(first, number);
      const insert = db.prepare(`${INSERT} ON CONFLICT DO NOTHING`);
      for (const tally of tallies) insert.run(...bind(tally, number, first, seq));
    },
  };
}

function bind(tally: VolumeTally, stream: number, first: number, seq: number): SQLInputValue[] {
  const { hour, kind, subject, version, producer, isOthers, count } = tally;
  return [hour ?? NONE, stream, kind, subject, version ?? NONE, producer ?? "", isOthers ? 1 : 0, count, first, seq];
}

type All = (sql: string, ...values: SQLInputValue[]) => readonly Row[];

export function openVolumeReads(all: All, has: (table: string) => boolean): VolumeReads {
  return {
    volume: async ({ fromHour, toHour, hours, subject, producer, byProducer, limit }) => {
      if (!has(VOLUME)) return [];
      const only = [subject === null ? "" : " AND subject = ?", producer === null ? "" : " AND producer = ?"].join("");
      const given = [subject, producer].filter((value) => value !== null);
      const apart = byProducer ? "version, producer, others" : `${NONE} AS version, '' AS producer, 0 AS others`;
      const sql = `SELECT hour / ? * ? AS hour, stream, kind, subject, ${apart}, sum(count) AS count
        FROM ${VOLUME} WHERE hour >= ? AND hour < ?${only}
        GROUP BY 1, stream, kind, subject${byProducer ? ", version, producer, others" : ""} ORDER BY 1 LIMIT ?`;
      // A number is bound as a REAL, and would not be divided as an integer.
      const span = BigInt(hours);
      const rows = all(sql, span, span, Math.max(0, fromHour), toHour, ...given, limit);
      return rows.map((row) => ({ ...readTally(row), hour: Number(row["hour"]), stream: Number(row["stream"]) }));
    },
    volumeCounters: async (stream) =>
      has(VOLUME) ? all(`SELECT * FROM ${VOLUME} WHERE stream = ?`, stream).map(readCounter) : [],
    volumeStarts: async () =>
      has(VOLUME)
        ? all(`SELECT stream, min(first) AS first FROM ${VOLUME} GROUP BY stream ORDER BY stream`).map((row) => ({
            stream: Number(row["stream"]),
            first: Number(row["first"]),
          }))
        : [],
  };
}

function readTally(row: Row): VolumeTally {
  const [hour, version, producer] = [Number(row["hour"]), Number(row["version"]), String(row["producer"])];
  return {
    kind: String(row["kind"]) as VolumeKind,
    subject: String(row["subject"]),
    version: version === NONE ? null : version,
    producer: producer === "" ? null : producer,
    isOthers: Number(row["others"]) !== 0,
    hour: hour === NONE ? null : hour,
    count: Number(row["count"]),
  };
}

function readCounter(row: Row): VolumeCounter {
  return { ...readTally(row), first: Number(row["first"]), seq: Number(row["seq"]) };
}
