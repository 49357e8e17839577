import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { openKafkaSource } from "../../src/source/kafka/source.ts";
import { createTopic, kafkaForFile, withAdmin } from "../servers/kafka-for-tests.ts";
import { putOldFiles } from "../store/layout-1/fixture.ts";
import { project, shipmentLines, sigma, type Run } from "./run.ts";

const kafka = kafkaForFile();
let count = 0;

type OldProject = { readonly topic: string; readonly migrate: () => Promise<Run> };

/** A topic of nine records, and a store of layout 1 that decided them. */
async function oldProject(configs: Readonly<Record<string, string>> = {}): Promise<OldProject> {
  const { brokers } = kafka.server();
  count += 1;
  const topic = `orders-${count}`;
  await createTopic(brokers, topic, 1, configs);
  const cwd = project({ "in.ndjson": shipmentLines(0, 9) });
  const env = { KAFKA_BROKERS: brokers, SIGMA_SOURCES: `${topic}=shipment@1`, SIGMA_KAFKA_ACCEPT_COMPACTED: topic };
  const appended = await sigma(["ingest", "in.ndjson", "-q", "--to", "kafka", "--topic", topic], { cwd, env });
  expect([appended.code, appended.stderr]).toEqual([0, ""]);
  mkdirSync(join(cwd, "data"));
  putOldFiles(join(cwd, "data"));
  renameStream(join(cwd, "data/store.db"), await streamOf(topic));
  return {
    topic,
    migrate: async () => sigma(["store", "migrate", "--dry-run", "--data", "data"], { cwd, env }),
  };
}

async function streamOf(topic: string): Promise<string> {
  const source = await openKafkaSource({
    connection: { brokers: [kafka.server().brokers], tls: null, sasl: null },
    topics: [topic],
    group: null,
    acceptCompacted: [topic],
    fetchWaitMs: 100,
  });
  try {
    return (await source.streams())[0]?.id ?? "";
  } finally {
    await source.close();
  }
}

/** What was decided of an embedded log becomes what was decided of a topic. */
function renameStream(path: string, stream: string): void {
  const db = new DatabaseSync(path);
  for (const table of ["sigma_ledger", "validated_shipments", "failed_shipments", "sigma_receipts", "sigma_log_ends"])
    db.prepare(`UPDATE ${table} SET stream = ?`).run(stream);
  db.close();
}

describe("sigma store migrate with a log in Kafka", () => {
  test("loses nothing while the topic has everything, and says what retention took", async () => {
    const { topic, migrate } = await oldProject();
    const whole = await migrate();
    expect([whole.code, whole.stderr]).toEqual([0, ""]);
    const topics = [{ name: topic, partitions: [{ partition: 0, offset: 3n }] }];
    await withAdmin(kafka.server().brokers, async (admin) => admin.deleteRecords({ topics }));
    const less = await migrate();
    expect([less.code, less.stderr]).toEqual([10, expect.stringContaining("SIG-M-001") as string]);
    expect(less.stdout).toContain(`lost: ${topic}/0: the log holds [3, 9), and the store decided [0, 9); 3`);
  });

  test("says that what compaction took of a topic cannot be told", async () => {
    const { topic, migrate } = await oldProject({ "cleanup.policy": "compact" });
    const { code, stdout } = await migrate();
    expect([code, stdout]).toEqual([10, expect.stringContaining(`lost: ${topic}/0: its topic is compacted`) as string]);
  });
});
