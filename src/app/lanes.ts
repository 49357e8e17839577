import type { Config } from "../config/config.ts";
import type { KafkaConfig } from "../config/kafka-config.ts";
import { readKafkaCredentials } from "../config/kafka-credentials.ts";
import type { SourceRecord } from "../core/record.ts";
import { isRedrive } from "../ledger/redrive-stream.ts";
import type { LanesCheckDeps } from "../lanes/check.ts";
import type { Stream } from "../source/source.ts";
import type { StoreReads } from "../store/store.ts";
import { FETCH_WAIT_MS } from "./logs.ts";
import { routerGroup } from "./routing.ts";
import { openHistory } from "./stores.ts";

export type OpenedLanes = Pick<LanesCheckDeps, "source" | "lanes" | "movedTo" | "known" | "decided"> & {
  readonly close: () => Promise<void>;
};

/** Opens the sources that have lanes, their lanes and the store, to read. @throws `Unavailable`. */
export async function openLanes(config: Config, kafka: KafkaConfig): Promise<OpenedLanes> {
  const { openKafkaSource } = await import("../source/kafka/source.ts");
  const { openPositions } = await import("../source/kafka/mover.ts");
  const connection = readKafkaCredentials(kafka);
  const open = async (topics: readonly string[]) =>
    openKafkaSource({ connection, topics, group: null, acceptCompacted: topics, fetchWaitMs: FETCH_WAIT_MS });
  const closing: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => void (await Promise.all(closing.map(async (one) => one())));
  try {
    const source = await open(config.routes.map((route) => route.source.topic));
    closing.push(source.close);
    const lanes = await open(config.routes.flatMap((route) => route.lanes.map(({ topic }) => topic)));
    closing.push(lanes.close);
    const positions = openPositions(connection, routerGroup(kafka));
    closing.push(positions.close);
    const store = await openHistory(config);
    closing.push(store.close);
    const topics = new Set(lanes.topics());
    const known = async (): Promise<readonly Stream[]> => laneStreams(store.reads, topics);
    return { source, lanes, movedTo: positions.movedTo, known, decided: decidedFrom(store.reads), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function laneStreams(reads: StoreReads, topics: ReadonlySet<string>): Promise<readonly Stream[]> {
  const notes = await reads.streamNotes();
  return notes
    .filter(({ stream, topic }) => topics.has(topic) && !isRedrive(stream))
    .map(({ stream: id, topic, partition }) => ({ id, topic, partition }));
}

const LEDGER_PAGE = 64;

/** The records that the ledger has of a stream, below an offset or all of them. What is dropped or erased is left out. */
function decidedFrom(reads: StoreReads): (stream: Stream, below: bigint | null) => AsyncGenerator<SourceRecord> {
  return async function* decided(stream, below) {
    if (below !== null && below <= 0n) return;
    const { openEntryRecords } = await import("../gateway/entry-records.ts");
    const { isErased } = await import("../ledger/tombstone.ts");
    const entries = openEntryRecords(reads);
    for (let seq = 0; ;) {
      const page = await reads.ledger(stream.id, seq, LEDGER_PAGE);
      for (const entry of page) {
        if (below !== null && entry.from >= below) return;
        const { records } = await entries.open(stream, entry);
        for (const record of typeof records === "string" ? [] : records)
          if (!isErased(record) && (below === null || record.position.offset < below)) yield record;
      }
      const last = page.at(-1);
      if (last === undefined) return;
      seq = last.seq + 1;
    }
  };
}
