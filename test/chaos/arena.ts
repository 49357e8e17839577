import { randomUUID } from "node:crypto";
import { Admin } from "@platformatic/kafka";
import { expect, onTestFinished } from "vitest";
import { temporaryDirectory } from "../embedded.ts";
import { PATIENCE_MS } from "../patience.ts";
import type { Broker } from "./servers.ts";
import { seeded, type Random } from "../simulation/random.ts";
import { settle } from "./chaos.ts";
import { openCounters } from "./counters.ts";
import { openStoredDocuments, type StoredDocuments } from "./documents.ts";
import { openJournal, type Journal } from "./journal.ts";
import { judgeRun, type Violation } from "./verdict.ts";
import { readVisible } from "./visible.ts";
import { runSigma, startFleet, type Ended, type Fleet, type WorkerEnvironment } from "./workers.ts";

/** A topic, producers that write into it, workers that decide it, and the database they share. */
export type Arena = {
  readonly journal: Journal;
  readonly fleet: Fleet;
  readonly documents: StoredDocuments;
  readonly random: Random;
  /** Waits until everything is settled, ends the workers, and holds what they stored against what could be decided. */
  readonly judge: () => Promise<void>;
  /** What is wrong with what is in the log and in the store now, whoever runs, by kind, and how the audit ends. */
  readonly inspect: () => Promise<Inspection>;
  readonly topic: string;
};

type Inspection = {
  readonly violations: Readonly<Record<string, unknown>>;
  readonly audit: Ended;
  readonly visible: number;
  readonly stored: number;
};

export type ArenaSettings = {
  readonly kafka: Broker;
  readonly partitions: number;
  readonly workers: number;
  readonly seed: number;
  /** Where the harness reads, with the database in its path. */
  readonly uri: string;
  /** Where the workers write, when there is something in between. */
  readonly workerUri?: string;
  /** Whether servers are away at times: producers then wait for the broker, and workers that are turned away start again. */
  readonly outages?: boolean;
};

/** Shorter than any zombie sleeps. A member that is killed holds up who joins for as long. */
const SESSION_TIMEOUT_SECONDS = "3";
const FETCH_BYTES = 1_048_576;
/** In turn for each start: two owners of a partition then cut the log differently. */
const BATCH_RECORDS = [20, 150, 1_000] as const;

/** Everything in it is gone when the test ends. Workers listen when it resolves. */
export async function openArena(settings: ArenaSettings): Promise<Arena> {
  const { kafka, partitions, workers, seed, uri, outages = false } = settings;
  const topic = `chaos-${randomUUID()}`;
  await createTopic(kafka, topic, partitions);
  const documents = openStoredDocuments(uri);
  onTestFinished(async () => documents.close());
  const counters = openCounters(uri);
  onTestFinished(async () => counters.close());
  const random = seeded(seed);
  const written = { random: seeded(seed + 1), prefix: "C", fetchBytes: FETCH_BYTES, survives: outages };
  const journal = openJournal({ brokers: kafka.brokers, topic, partitions, ...written });
  onTestFinished(async () => journal.close());
  const environment = {
    KAFKA_BROKERS: kafka.brokers,
    MONGODB_URI: settings.workerUri ?? uri,
    SIGMA_KAFKA_GROUP: `group-${topic}`,
    SIGMA_KAFKA_SESSION_TIMEOUT_SECONDS: SESSION_TIMEOUT_SECONDS,
    SIGMA_SOURCES: `${topic}=shipment@1`,
    SIGMA_DATA_DIR: temporaryDirectory(),
  };
  let starts = 0;
  const environmentOf = (slot: number): WorkerEnvironment => {
    starts += 1;
    const batch = { SIGMA_BATCH_RECORDS: String(BATCH_RECORDS[starts % BATCH_RECORDS.length]) };
    // All but the last are static members, who come back without a rebalance; the last leaves one behind at each kill.
    const member = slot < workers - 1 ? { SIGMA_KAFKA_INSTANCE_ID: `worker-${slot}` } : {};
    return { ...environment, ...batch, ...member };
  };
  const fleet = startFleet(workers, random, environmentOf, outages);
  onTestFinished(() => fleet.abandon());
  await fleet.listening(AbortSignal.timeout(PATIENCE_MS));

  const inspect = async (): Promise<Inspection> => {
    const [visible, stored] = [await readVisible(kafka, topic), await documents.read()];
    journal.enterArrived(visible);
    const violations = summaryOf(judgeRun({ visible, journal: journal.entries, documents: stored }));
    const audit = await runSigma(["audit", "--source", "--quiet"], environment);
    return { violations, audit, visible: visible.length, stored: stored.length };
  };
  const judge = async (): Promise<void> => {
    await journal.settle();
    const behind = await settle(journal, documents, AbortSignal.timeout(PATIENCE_MS));
    const ends = await fleet.stop();
    const { violations, audit, visible, stored } = await inspect();
    const found = { seed, behind, violations, crashes: fleet.crashes };
    expect(found).toEqual({ seed, behind: [], violations: {}, crashes: [] });
    expect((await counters.wrong()).slice(0, 10)).toEqual([]);
    // What it found, at its beginning.
    const output = audit.code === 0 ? "" : audit.output.slice(0, 2_000);
    expect({ code: audit.code, output }).toEqual({ code: 0, output: "" });
    expect(ends.map(({ code }) => code)).toEqual(Array.from({ length: workers }, () => 0));
    const { length } = journal.entries;
    expect({ visible, stored }).toEqual({ visible: length, stored: length });
  };
  return { journal, fleet, documents, random, judge, inspect, topic };
}

/** How many there are of each kind, and the first few. */
function summaryOf(violations: readonly Violation[]): Readonly<Record<string, unknown>> {
  const kinds = Map.groupBy(violations, ({ kind }) => kind);
  const line = ({ place, message }: Violation): string => `${place}: ${message}`;
  return Object.fromEntries(
    [...kinds].map(([kind, all]) => [kind, { count: all.length, first: all.slice(0, 5).map(line) }]),
  );
}

async function createTopic({ brokers }: Broker, topic: string, partitions: number): Promise<void> {
  const admin = new Admin({ clientId: "chaos", bootstrapBrokers: [brokers] });
  await admin.createTopics({ topics: [topic], partitions, replicas: 1 });
  await admin.close();
}
