import { MongoClient } from "mongodb";
import { Producer, ProduceAcks } from "@platformatic/kafka";
import { expect, onTestFinished, test } from "vitest";
import { originOf } from "../../src/core/origin.ts";
import { until } from "../patience.ts";
import { createTopic, deleteTopic } from "../servers/kafka-for-tests.ts";
import { recordsIn } from "../source/kafka/records-in.ts";
import { engines, Program, shipmentText } from "./engines.ts";

const { kafka, mongo } = engines();

const LANES = "urgent?priority=1&priority_field=/priority,heavy?bytes_min=2000,rest";
const PARTITIONS = 3;
let count = 0;

async function fresh(lanes = LANES, more: Readonly<Record<string, string>> = {}) {
  count += 1;
  const [topic, database] = [`lanes-${count}`, `lanes_${count}`];
  const { brokers } = kafka();
  await createTopic(brokers, topic, PARTITIONS);
  const names = lanes.split(",").map((lane) => lane.replace(/[?@].*$/, ""));
  for (const name of names) await createTopic(brokers, `${topic}.lane.${name}`, 2);
  const uri = mongo().uri.replace("/?", `/${database}?`);
  const program = new Program(brokers, uri, topic, { SIGMA_LANES: lanes, ...more });
  const client = new MongoClient(mongo().uri);
  onTestFinished(async () => client.close());
  return { topic, program, brokers, db: client.db(database) };
}

/** Record number `n`: of two in three its identity says its lane, the others are broken. */
function valueOf(n: number): Buffer {
  const text = shipmentText(`S-${n % 701}-${n}`);
  if (n % 7 === 0) return Buffer.from(text.replace('"priority":2', '"priority":1'));
  if (n % 11 === 0) return Buffer.from(`${text.slice(0, -1)},"note":"${"x".repeat(2_000)}"}`);
  return n % 13 === 0 ? Buffer.from(`{broken ${n}`) : Buffer.from(text);
}

async function append(brokers: string, topic: string, from: number, to: number): Promise<void> {
  const base = { clientId: "tests", bootstrapBrokers: [brokers], retries: 100 };
  const producer = new Producer({ ...base, acks: ProduceAcks.ALL, idempotent: true });
  try {
    for (let at = from; at < to; at += 500) {
      const messages = Array.from({ length: Math.min(500, to - at) }, (_, index) => ({
        topic,
        partition: (at + index) % PARTITIONS,
        value: valueOf(at + index),
        timestamp: BigInt(1_700_000_000_000 + at + index),
      }));
      await producer.send({ messages });
    }
  } finally {
    await producer.close(true);
  }
}

/** Appends record 34 of partition 0 in a transaction, whose marker then is at offset 35. */
async function commitOne(brokers: string, topic: string): Promise<void> {
  const base = { clientId: "tests", bootstrapBrokers: [brokers], retries: 100 };
  const producer = new Producer({
    ...base,
    acks: ProduceAcks.ALL,
    idempotent: true,
    transactionalId: `tests-${topic}`,
  });
  try {
    const transaction = await producer.beginTransaction({ producerId: -1n, producerEpoch: -1 });
    await transaction.send({ messages: [{ topic, partition: 0, value: valueOf(102) }], acks: ProduceAcks.ALL });
    await transaction.commit();
  } finally {
    await producer.close(true);
  }
}

function topicsOf(topic: string): readonly string[] {
  return ["urgent", "heavy", "rest"].map((lane) => `${topic}.lane.${lane}`);
}

test("two routers that are killed, and a broker that is, leave each record in the lanes exactly once", async () => {
  const { topic, program, brokers } = await fresh();
  const route = () => program.begin("lanes", "route", "--log-level", "warn");
  let [first, second] = [route(), route()];
  const total = 9_000;
  for (let from = 0; from < total; from += 1_500) {
    await append(brokers, topic, from, from + 1_500);
    const before = (await recordsIn(brokers, topicsOf(topic))).length;
    await until(async () => (await recordsIn(brokers, topicsOf(topic))).length > before - 1);
    if (from === 4_500) await kafka().restart();
    first.child.kill("SIGKILL");
    await first.ended;
    [first, second] = [second, route()];
  }
  await until(
    async () => (await recordsIn(brokers, topicsOf(topic))).length >= total,
    () => `the lanes never got every record:\n${first.output().stderr}\n${second.output().stderr}`,
  );
  const moved = await recordsIn(brokers, topicsOf(topic));
  const origins = moved.map(({ headers }) => {
    const origin = originOf(headers);
    return `${origin?.topic}/${origin?.partition}@${origin?.offset}`;
  });
  expect([origins.length, new Set(origins).size]).toEqual([total, total]);
  // What is in a lane is what was sent, at its time.
  const byTime = new Map(moved.map((record) => [Number(record.timestampMs) - 1_700_000_000_000, record]));
  const wrong = Array.from({ length: total }, (_, n) => n).filter((n) => {
    const record = byTime.get(n);
    if (record === undefined || !Buffer.from(record.value ?? "").equals(valueOf(n))) return true;
    const lane = n % 7 === 0 ? "urgent" : n % 11 === 0 ? "heavy" : "rest";
    return record.position.topic !== `${topic}.lane.${lane}`;
  });
  expect(wrong).toEqual([]);
  const checked = await program.run("lanes", "check", "--json", "--quiet");
  expect([checked.code, checked.stdout.split("\n").at(-2)]).toEqual([
    0,
    '{"v":1,"kind":"end","findings":0,"strangers":0}',
  ]);
  second.child.kill("SIGTERM");
  expect((await second.ended).code).toBe(0);
});

test("a router that hangs longer than its session and its transaction moves nothing twice when it goes on", async () => {
  const { topic, program, brokers } = await fresh();
  const frozen = program.begin("lanes", "route", "--log-level", "warn");
  await append(brokers, topic, 0, 300);
  await until(async () => (await recordsIn(brokers, topicsOf(topic))).length >= 300);
  await append(brokers, topic, 300, 3_000);
  frozen.child.kill("SIGSTOP");
  const other = program.begin("lanes", "route", "--log-level", "warn");
  await until(async () => (await recordsIn(brokers, topicsOf(topic))).length >= 3_000);
  frozen.child.kill("SIGCONT");
  await append(brokers, topic, 3_000, 4_000);
  await until(async () => (await recordsIn(brokers, topicsOf(topic))).length >= 4_000);
  for (const { child } of [frozen, other]) child.kill("SIGTERM");
  expect([(await frozen.ended).code, (await other.ended).code]).toEqual([0, 0]);
  const checked = await program.run("lanes", "check", "--json", "--quiet");
  expect([checked.code, checked.stdout.split("\n").at(-2)]).toEqual([
    0,
    '{"v":1,"kind":"end","findings":0,"strangers":0}',
  ]);
});

test("the gateway decides the records of the lanes, and a record that is missing, doubled or changed there is found", async () => {
  const { topic, program, brokers, db } = await fresh();
  const gateway = await program.start();
  await append(brokers, topic, 0, 100);
  const decided = async () =>
    (await db.collection("validated_shipments").countDocuments()) +
    (await db.collection("failed_shipments").countDocuments());
  await expect.poll(decided).toBe(100);
  // Whoever knows where a record was sent is told what became of it, and the way back is shown.
  for (const offset of [0, 7, 33]) {
    const answer = await fetch(`${gateway.url}/v1/decisions/${topic}/0/${offset}`);
    const { origin, topic: lane } = (await answer.json()) as { origin: object; topic: string };
    expect([answer.status, topicsOf(topic).includes(lane), origin]).toEqual([
      200,
      true,
      { stream: expect.any(String) as string, topic, partition: 0, offset },
    ]);
  }
  const ahead = await fetch(`${gateway.url}/v1/decisions/${topic}/0/34`);
  expect([ahead.status, await ahead.json()]).toMatchObject([404, { code: "no-record", final: false }]);
  // What became of a record is said with where it arrived, wherever one looks.
  const at = `${topic}/2@8`;
  const listed = await (await fetch(`${gateway.url}/v1/failures?origin=${encodeURIComponent(at)}`)).json();
  expect(listed).toMatchObject({ failures: [{ origin: { topic, partition: 2, offset: 8 } }] });
  const failed = await db.collection("failed_shipments").findOne({ "source.origin": at });
  const fact = await db.collection("validated_shipments").findOne({ "source.origin": `${topic}/0@0` });
  expect([failed?.["source"], fact?.["source"]]).toMatchObject([
    { topic: `${topic}.lane.rest`, origin: at },
    { topic: `${topic}.lane.urgent`, origin: `${topic}/0@0` },
  ]);
  // The marker of a transaction takes an offset, at which there is no record for a router to move.
  await commitOne(brokers, topic);
  await expect.poll(decided).toBe(101);
  const marker = await fetch(`${gateway.url}/v1/decisions/${topic}/0/35`);
  expect([marker.status, await marker.json()]).toMatchObject([404, { code: "no-record", final: true }]);
  gateway.child.kill("SIGTERM");
  expect((await gateway.ended).code).toBe(0);
  const shown = await program.run("failures", "show", at);
  expect([shown.code, shown.stdout]).toEqual([0, expect.stringMatching(new RegExp(`arrived at +${at}`)) as string]);
  expect((await program.run("audit", "--source")).code).toBe(0);
  const found = await program.run("lanes", "check");
  expect([found.code, found.stdout]).toEqual([0, expect.stringContaining("exactly once") as string]);
  const rest = `${topic}.lane.rest`;
  const [taken, other] = await recordsIn(brokers, [rest]);
  if (taken === undefined || other === undefined) throw new Error("there are records");
  const producer = new Producer({ clientId: "tests", bootstrapBrokers: [brokers], acks: ProduceAcks.ALL });
  onTestFinished(async () => producer.close(true));
  const headers = new Map(taken.headers.map(([name, value]) => [Buffer.from(name), Buffer.from(value)]));
  await producer.send({ messages: [{ topic: rest, partition: 0, value: Buffer.from("doubled"), headers }] });
  const doubled = await program.run("lanes", "check", "--json", "--quiet");
  const { partition, offset } = originOf(taken.headers) ?? { partition: 0, offset: 0n };
  expect([doubled.code, doubled.stdout]).toEqual([
    30,
    expect.stringContaining(
      `{"v":1,"kind":"finding","what":"twice","topic":"${topic}","partition":${partition},"offset":"${offset}"}`,
    ) as string,
  ]);
  // What waits in a lane and is not decided is gone with its topic.
  await append(brokers, topic, 102, 132);
  const router = program.begin("lanes", "route", "--log-level", "warn");
  await until(async () => (await recordsIn(brokers, topicsOf(topic))).length === 132);
  router.child.kill("SIGTERM");
  expect((await router.ended).code).toBe(0);
  await deleteTopic(brokers, rest);
  await until(async () =>
    createTopic(brokers, rest, 2).then(
      () => true,
      () => false,
    ),
  );
  const lost = await program.run("lanes", "check", "--json", "--quiet");
  expect([lost.code, lost.stdout.includes('"what":"missing"')]).toEqual([30, true]);
});
