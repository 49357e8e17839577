import { randomUUID } from "node:crypto";
import { Admin } from "@platformatic/kafka";
import { expect, onTestFinished, test } from "vitest";
import { decide } from "../../src/core/decide.ts";
import { failureCode } from "../../src/core/failure.ts";
import { shipmentContracts, TOPIC } from "../embedded.ts";
import { seeded } from "../simulation/random.ts";
import { openJournal } from "./journal.ts";
import { createPlan, INVALID, isInvalid } from "./plan.ts";
import { needKafka } from "./servers.ts";
import { readVisible } from "./visible.ts";

test("every planned record is what its kind says: valid, or wrong in that one way", () => {
  const plan = createPlan(seeded(1), "plan");
  const contracts = shipmentContracts();
  const seen = new Set<string>();
  const astray: string[] = [];
  for (let n = 0; n < 20_000; n += 1) {
    const { kind, value, headers } = plan.next();
    seen.add(kind);
    const pairs = [...headers].map(([name, text]): [string, Buffer] => [name, Buffer.from(text)]);
    const decision = decide({ topic: TOPIC, headers: pairs, value }, contracts);
    const code = decision.status === "PASSED" ? "PASSED" : failureCode(decision.reason);
    if (code !== (isInvalid(kind) ? INVALID[kind] : "PASSED")) astray.push(`${kind}: ${code}`);
  }
  expect(astray).toEqual([]);
  expect(seen.size).toBe(Object.keys(INVALID).length + 4);
});

test("the journal and Apache Kafka's own consumer agree on every visible record", async () => {
  const kafka = await needKafka();
  const topic = `journal-${randomUUID()}`;
  const admin = new Admin({ clientId: "journal-test", bootstrapBrokers: [kafka.brokers] });
  onTestFinished(async () => admin.close());
  await admin.createTopics({ topics: [topic], partitions: 3, replicas: 1 });
  const journal = openJournal({
    brokers: kafka.brokers,
    topic,
    partitions: 3,
    random: seeded(7),
    prefix: "J",
    fetchBytes: 262_144,
  });
  for (let slice = 0; slice < 8; slice += 1) await journal.write(1_000);
  await journal.close();

  const visible = await readVisible(kafka, topic);
  const line = (record: { partition: number; offset: bigint; sha256: string }): string =>
    `${record.partition}@${record.offset} ${record.sha256}`;
  expect(visible.map(line).toSorted()).toEqual(journal.entries.map(line).toSorted());
  expect(journal.entries.length).toBeGreaterThan(8_000);
  expect(journal.transactions.aborted).toBeGreaterThan(20);
  const positions = new Set(visible.map(({ partition, offset }) => `${partition}@${offset}`));
  expect(journal.aborted.filter(({ partition, offset }) => positions.has(`${partition}@${offset}`))).toEqual([]);
  expect(journal.aborted.length).toBeGreaterThan(100);
});
