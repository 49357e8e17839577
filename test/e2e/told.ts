import { onTestFinished } from "vitest";
import { openKafkaSource } from "../../src/source/kafka/source.ts";
import { PATIENCE_MS } from "../patience.ts";

/** A record that the gateway wrote. */
type Told = { readonly key: string; readonly text: string; readonly headers: ReadonlyMap<string, string> };

/** Everything a topic of one partition holds now. */
export async function readTold(brokers: string, topic: string): Promise<readonly Told[]> {
  const source = await openKafkaSource({
    connection: { brokers: [brokers], tls: null, sasl: null },
    topics: [topic],
    group: null,
    acceptCompacted: [],
    fetchWaitMs: 100,
  });
  onTestFinished(source.close);
  const [stream] = await source.streams();
  if (stream === undefined) throw new Error("there is no stream");
  const limits = { bytesMax: 1_000_000, recordsMax: 1_000, waitMs: PATIENCE_MS };
  const told: Told[] = [];
  const { start, end } = await source.bounds(stream);
  let next = start;
  while (next < end) {
    const fetched = await source.fetch(stream, next, limits, new AbortController().signal);
    if (fetched.kind !== "records") throw new Error(`nothing more than ${told.length}`);
    for (const { key, value, headers, position } of fetched.read()) {
      const texts = new Map(headers.map(([name, bytes]) => [name, Buffer.from(bytes).toString()]));
      told.push({ key: Buffer.from(key ?? []).toString(), text: Buffer.from(value ?? []).toString(), headers: texts });
      next = position.offset + 1n;
    }
  }
  return told;
}
