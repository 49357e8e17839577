import { setTimeout as delay } from "node:timers/promises";
import { Producer, ProduceAcks } from "@platformatic/kafka";
import type { Db } from "mongodb";
import { shipmentText } from "./engines.ts";

/** How long healthy records take from their send to the store, with and without poison in another lane. */
export type LaneLatency = {
  /** The times of a round of `count` records that are sent at intervals. */
  readonly round: (besides: () => readonly Beside[]) => Promise<Percentiles>;
  readonly close: () => Promise<void>;
};

/** A record of another lane. @param contract the contract that its header declares; without one it is of the topic's. */
export type Beside = { readonly text: string; readonly contract?: string };

/** In milliseconds. */
export type Percentiles = { readonly p50: number; readonly p99: number };

/** So rare that two cores are idle most of the time: what is measured is who waits for whom, and not who gets a core. */
const EVERY_MS = 25;

/**
 * Measures through a change stream: a fact counts when a majority has it.
 * @param besides of {@link LaneLatency.round}: makes records that are sent before each healthy record, as one batch with it.
 */
export async function openLaneLatency(brokers: string, topic: string, db: Db, count: number): Promise<LaneLatency> {
  const producer = new Producer({ clientId: "tests", bootstrapBrokers: [brokers], acks: ProduceAcks.ALL, retries: 10 });
  const seen = new Map<string, number>();
  const watching = db.collection("validated_shipments").watch();
  watching.on("change", (change) => {
    if (change.operationType !== "insert") return;
    const { payload } = change.fullDocument as unknown as { payload: { shipment_id: string } };
    seen.set(payload.shipment_id, performance.now());
  });
  // The change stream is there once it has seen a record; what was sent before counts for no round.
  let rounds = 0;
  const send = async (records: readonly Beside[]): Promise<void> => {
    const messages = records.map(({ text, contract }) => {
      const headers = new Map(contract === undefined ? [] : [[Buffer.from("sigma-contract"), Buffer.from(contract)]]);
      return { topic, partition: 0, value: Buffer.from(text), headers };
    });
    await producer.send({ messages });
  };
  for (let at = 0; seen.size === 0; at += 1) {
    await send([{ text: shipmentText(`first-${at}`) }]);
    await delay(100);
  }
  return {
    round: async (besides) => {
      rounds += 1;
      const sent = new Map<string, number>();
      for (let at = 0; at < count; at += 1) {
        const id = `round-${rounds}-${at}`;
        sent.set(id, performance.now());
        await send([...besides(), { text: shipmentText(id) }]);
        await delay(EVERY_MS);
      }
      while ([...sent.keys()].some((id) => !seen.has(id))) await delay(5);
      const took = [...sent].map(([id, begun]) => (seen.get(id) ?? 0) - begun).toSorted((a, b) => a - b);
      const at = (part: number): number => took[Math.ceil(took.length * part) - 1] ?? 0;
      return { p50: at(0.5), p99: at(0.99) };
    },
    close: async () => {
      await Promise.all([producer.close(true), watching.close()]);
    },
  };
}
