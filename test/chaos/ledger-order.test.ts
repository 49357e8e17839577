import { randomUUID } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { compileContractSet } from "../../src/core/compile.ts";
import { type CompiledContractSet } from "../../src/core/compiled.ts";
import { sealContractSet, type ContractSet } from "../../src/core/contract-set.ts";
import { startGateway, type Gateway } from "../../src/gateway/gateway.ts";
import { openKafkaSource } from "../../src/source/kafka/source.ts";
import { openMongoStore } from "../../src/store/mongodb/store.ts";
import type { Store, StoreWrites } from "../../src/store/store.ts";
import { shipmentContracts } from "../embedded.ts";
import { createTopic } from "../servers/kafka-for-tests.ts";
import { seeded } from "../simulation/random.ts";
import { openStoredDocuments } from "./documents.ts";
import { openJournal, type Journal } from "./journal.ts";
import { needKafka, needMongo, type Broker } from "./servers.ts";
import { judgeRun } from "./verdict.ts";
import { readVisible } from "./visible.ts";

// The negative control of the ledger itself, on the real servers: two workers with two contract sets, the first of which
// dies in the middle of a batch. Written before the ledger, its documents say what nobody decided.

const RECORDS = 200;

type Died = { readonly store: Store; readonly died: Promise<void> };

/** A store whose worker dies between the two writes; `first` is the one that gets through. */
function dyingStore(store: Store, first: "ledger" | "documents"): Died {
  const death = Promise.withResolvers<void>();
  const never = async (): Promise<never> => {
    death.resolve();
    return new Promise(() => undefined);
  };
  const dying = (writes: StoreWrites): StoreWrites =>
    first === "ledger"
      ? { ...writes, insertFacts: never, insertFailed: never, insertReceipts: never }
      : { ...writes, insertLedger: async () => "inserted" };
  const unit: Store["unit"] = async (run) => {
    const done = await store.unit(async (writes) => run(dying(writes)));
    return first === "ledger" ? done : never();
  };
  // The entry that begins a stream is written outside of a unit, and is not what this is about.
  return { store: { ...store, unit }, died: death.promise };
}

/** The shipment contract for a topic; `weightMax` 0 refuses every shipment. */
function contracts(topic: string, weightMax: number): CompiledContractSet {
  const set = JSON.parse(shipmentContracts(weightMax).text) as ContractSet;
  return compileContractSet(sealContractSet({ ...set, bindings: set.bindings.map((one) => ({ ...one, topic })) }));
}

async function written(kafka: Broker): Promise<{ readonly topic: string; readonly journal: Journal }> {
  const topic = `order-${randomUUID()}`;
  await createTopic(kafka.brokers, topic, 1);
  const settings = { brokers: kafka.brokers, topic, partitions: 1, random: seeded(5), prefix: "O" };
  const journal = openJournal({ ...settings, fetchBytes: 262_144 });
  await journal.write(RECORDS);
  await journal.close();
  return { topic, journal };
}

type Worker = { readonly gateway: Gateway; readonly end: bigint };

async function startWorker(kafka: Broker, topic: string, store: Store, set: CompiledContractSet): Promise<Worker> {
  const source = await openKafkaSource({
    connection: { brokers: [kafka.brokers], tls: null, sasl: null },
    topics: [topic],
    // Each in a group of its own: two owners of one partition at once.
    group: { groupId: randomUUID(), instanceId: null, sessionTimeoutMs: 10_000 },
    acceptCompacted: [],
    fetchWaitMs: 200,
  });
  onTestFinished(source.close);
  const gateway = await startGateway({
    source,
    store,
    contracts: () => set,
    limits: { bytesMax: 10_000_000, recordsMax: 10_000, waitMs: 500 },
    observe: () => undefined,
    sleep: async (ms, signal) => (signal.aborted ? undefined : new Promise((resolve) => setTimeout(resolve, ms))),
    clock: { monotonicMs: () => performance.now(), nowMs: Date.now },
    random: () => 0.5,
  });
  const [stream] = await source.streams();
  if (stream === undefined) throw new Error("there is no stream");
  return { gateway, end: (await source.bounds(stream)).end };
}

/** What the harness finds after the first worker died and the second, with other contracts, decided the rest. */
async function afterDeath(kafka: Broker, uri: string, first: "ledger" | "documents"): Promise<readonly string[]> {
  const { topic, journal } = await written(kafka);
  const database = uri.replace("/?", `/order_${first}?`);
  const open = async (): Promise<Store> => {
    const timeouts = { selectionTimeoutMs: 5_000, socketTimeoutMs: 30_000 };
    const store = await openMongoStore({ uri: database, collections: ["shipments"], readOnly: false, ...timeouts });
    onTestFinished(store.close);
    return store;
  };
  const { store, died } = dyingStore(await open(), first);
  // It never comes back from its last write: nothing stops it but the end of the test, as with a machine that is gone.
  await startWorker(kafka, topic, store, contracts(topic, 1_000));
  await died;
  const second = await startWorker(kafka, topic, await open(), contracts(topic, 0));
  await expect.poll(() => second.gateway.streams()[0]?.settledTo ?? 0n).toBe(second.end);
  await second.gateway.stop();
  const documents = openStoredDocuments(database);
  onTestFinished(documents.close);
  const visible = await readVisible(kafka, topic);
  const violations = judgeRun({ visible, journal: journal.entries, documents: await documents.read() });
  return [...new Set(violations.map(({ kind }) => kind))];
}

test("documents before the ledger turn the harness red: one position, two outcomes; the ledger first keeps it green", async () => {
  const [kafka, mongo] = [await needKafka(), await needMongo(1)];
  expect(await afterDeath(kafka, mongo.uri, "documents")).toContain("double");
  expect(await afterDeath(kafka, mongo.uri, "ledger")).toEqual([]);
});
