import type { SourceRecord } from "../../../src/core/record.ts";
import { openKafkaSource } from "../../../src/source/kafka/source.ts";

const LIMITS = { bytesMax: 10_000_000, recordsMax: 100_000, waitMs: 500 };

/** Every committed record of topics. */
export async function recordsIn(brokers: string, topics: readonly string[]): Promise<readonly SourceRecord[]> {
  const connection = { brokers: [brokers], tls: null, sasl: null };
  const source = await openKafkaSource({ connection, topics, group: null, acceptCompacted: [], fetchWaitMs: 100 });
  const records: SourceRecord[] = [];
  try {
    for (const stream of await source.streams()) {
      const { start, end } = await source.bounds(stream);
      for (let from = start; from < end;) {
        const fetched = await source.fetch(stream, from, LIMITS, AbortSignal.timeout(60_000));
        // A busy broker may answer that there is nothing yet.
        if (fetched.kind !== "records") continue;
        records.push(...fetched.read());
        from = fetched.to;
      }
    }
    return records;
  } finally {
    await source.close();
  }
}
