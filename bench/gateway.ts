import { randomBytes } from "node:crypto";
import { Producer, ProduceAcks } from "@platformatic/kafka";
import type { Observe } from "../src/gateway/event.ts";
import { openKafkaSource } from "../src/source/kafka/source.ts";
import type { Store } from "../src/store/store.ts";
import { openMongoStore } from "../src/store/mongodb/store.ts";
import { shipmentContracts } from "./contracts.ts";
import { recordOf, USUAL, type Shape } from "./records.ts";
import { startOn } from "./start.ts";

const BATCH = 3_000;
/** Bytes of a batch of the producer: some times smaller than a batch of the gateway, as usual. */
const SENT_BYTES = 100_000;

/** Appends so many records, some thousand to a partition in turn. */
export async function produceShipments(
  brokers: string,
  topic: string,
  records: number,
  { partitions = 6, shape = USUAL }: { readonly partitions?: number; readonly shape?: Shape } = {},
): Promise<void> {
  const producer = new Producer({
    clientId: "bench",
    bootstrapBrokers: [brokers],
    idempotent: true,
    acks: ProduceAcks.ALL,
  });
  const size = Math.max(1, Math.min(BATCH, Math.floor(SENT_BYTES / shape.bytes)));
  for (let start = 0; start < records; start += size) {
    const messages = Array.from({ length: Math.min(size, records - start) }, (_, index) => ({
      topic,
      partition: (start / size) % partitions,
      value: recordOf(start + index, shape),
    }));
    await producer.send({ messages });
  }
  await producer.close();
}

/** The whole gateway in this process until so many records are settled. @returns seconds from its start. */
export async function runGateway(
  brokers: string,
  mongodb: string,
  database: string,
  topic: string,
  records: number,
  without: Without = null,
  watch: Observe = () => undefined,
): Promise<number> {
  const started = process.hrtime.bigint();
  let settled = 0;
  const done = Promise.withResolvers<void>();
  const stop = await openGateway(
    brokers,
    mongodb,
    database,
    topic,
    (event) => {
      watch(event);
      if (event.kind === "batch-settled") settled += event.count;
      if (settled >= records) done.resolve();
    },
    without,
  );
  await done.promise;
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  await stop();
  return seconds;
}

/** What the gateway leaves out. */
export type Without = "ledger" | "counters" | "groups" | null;

/** A store that does not count failures by group. */
function withoutGroups(store: Store): Store {
  const countFailures = async (): Promise<readonly string[]> => [];
  return { ...store, unit: async (work) => store.unit(async (writes) => work({ ...writes, countFailures })) };
}

/** A store that counts neither failures nor volume. */
function withoutCounters(store: Store): Store {
  const uncounted = withoutGroups(store);
  const countVolume = async (): Promise<void> => undefined;
  return { ...store, unit: async (work) => uncounted.unit(async (writes) => work({ ...writes, countVolume })) };
}

function storeWithout(store: Store, without: Without): Store {
  if (without === null) return store;
  return { ledger: withoutLedger, counters: withoutCounters, groups: withoutGroups }[without](store);
}

/** The whole gateway in this process. @returns what stops it. */
export async function openGateway(
  brokers: string,
  mongodb: string,
  database: string,
  topic: string,
  observe: Observe,
  without: Without = null,
): Promise<() => Promise<void>> {
  const set = shipmentContracts(topic);
  const source = await openKafkaSource({
    connection: { brokers: [brokers], tls: null, sasl: null },
    topics: [topic],
    group: { groupId: `bench-${randomBytes(4).toString("hex")}`, instanceId: null, sessionTimeoutMs: 30_000 },
    acceptCompacted: [],
    fetchWaitMs: 500,
  });
  const uri = mongodb.replace("/?", `/${database}?`);
  const timeouts = { selectionTimeoutMs: 5_000, socketTimeoutMs: 30_000 };
  const store = await openMongoStore({ uri, collections: ["shipments"], ...timeouts });
  const gateway = await startOn(source, storeWithout(store, without), set, BATCH, { observe });
  return async () => {
    await gateway.stop();
    await store.close();
    await source.close();
  };
}

/** What the ledger costs is measured against a store that only says it wrote it: no such gateway could be correct. */
function withoutLedger(store: Store): Store {
  const insertLedger = async (): Promise<"inserted"> => "inserted";
  return {
    ...store,
    insertLedger,
    unit: async (work) => store.unit(async (writes) => work({ ...writes, insertLedger })),
  };
}
