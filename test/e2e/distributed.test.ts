import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import { describe, expect, onTestFinished, test } from "vitest";
import { createTopic, deleteTopic, withAdmin } from "../servers/kafka-for-tests.ts";
import { receiptsIn } from "../store/mongodb/receipts-in.ts";
import { engines, Program, produce, shipmentText, type Gateway } from "./engines.ts";
import { readTold } from "./told.ts";

const { kafka, mongo } = engines();

let count = 0;

/** A topic, a database and the program on both. */
async function fresh(partitions: number, more: Readonly<Record<string, string>> = {}) {
  count += 1;
  const topic = `e2e-${count}`;
  const database = `e2e_${count}`;
  const { brokers } = kafka();
  await createTopic(brokers, topic, partitions);
  const program = new Program(brokers, mongo().uri.replace("/?", `/${database}?`), topic, more);
  const client = new MongoClient(mongo().uri);
  onTestFinished(async () => client.close());
  const db = client.db(database);
  const counts = async () => ({
    validated: await db.collection("validated_shipments").countDocuments(),
    failed: await db.collection("failed_shipments").countDocuments(),
    receipts: (await receiptsIn(db)).size,
  });
  return { topic, program, db, counts, brokers };
}

async function settledTo({ ready }: Gateway, partition: number): Promise<number | null | undefined> {
  return (await ready()).streams.find((stream) => stream.partition === partition)?.settledTo;
}

describe("the reference's smoke tests, on Kafka and MongoDB", () => {
  test("a valid record gives one validated document, an invalid one a failed document, and repeating changes nothing", async () => {
    const { program, counts, topic, brokers, db } = await fresh(1);
    const gateway = await program.start();
    await produce(brokers, topic, 0, [shipmentText("SHIP-1")]);
    await expect.poll(counts).toEqual({ validated: 1, failed: 0, receipts: 0 });
    await produce(brokers, topic, 0, ['{"shipment_id":"","weight_kg":-5,"destination":"Dublin","priority":9}']);
    await expect.poll(counts).toEqual({ validated: 1, failed: 1, receipts: 0 });
    await produce(
      brokers,
      topic,
      0,
      Array.from({ length: 5 }, () => shipmentText("SHIP-1")),
    );
    await expect.poll(counts).toEqual({ validated: 1, failed: 1, receipts: 5 });
    expect(await db.collection("validated_shipments").findOne({})).toMatchObject({
      payload: { shipment_id: "SHIP-1", weight_kg: 15.2, destination: "Dublin", priority: 2 },
      contract: "shipment@1",
      source: { stream: 1, topic, partition: 0 },
    });
    gateway.child.kill("SIGTERM");
    expect((await gateway.ended).code).toBe(0);
    expect(await program.run("audit", "--source")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("nothing was found") as string,
    });
  });

  test("evidence is forgotten when that is configured, but for that of the last entry, and the audit says so", async () => {
    const { program, counts, topic, brokers, db } = await fresh(1, { SIGMA_EVIDENCE: "drop" });
    const gateway = await program.start();
    await produce(brokers, topic, 0, [shipmentText("A")]);
    await expect.poll(counts).toEqual({ validated: 1, failed: 0, receipts: 0 });
    await produce(brokers, topic, 0, [shipmentText("A"), "{broken"]);
    await expect.poll(counts).toEqual({ validated: 1, failed: 1, receipts: 1 });
    await expect.poll(async () => settledTo(gateway, 0)).toBe(3);
    const kept = await db.collection("sigma_ledger").distinct("from", { packed: { $exists: true } });
    expect(kept.every((from) => Number(from) > 0)).toBe(true);
    const answer = await fetch(`${gateway.url}/v1/decisions/${topic}/0/0`);
    expect([answer.status, await answer.json()]).toMatchObject([404, { code: "evidence-dropped", final: true }]);
    gateway.child.kill("SIGTERM");
    expect((await gateway.ended).code).toBe(0);
    const audited = await program.run("audit", "--source");
    expect([audited.code, /without evidence +[12] /.test(audited.stdout)]).toEqual([0, true]);
  });

  test("records sent over HTTP and with sigma ingest --to kafka are appended to Kafka before they are acknowledged", async () => {
    const { program, counts, topic, brokers } = await fresh(3);
    const gateway = await program.start();
    const response = await fetch(`${gateway.url}/v1/events/${topic}`, {
      method: "POST",
      headers: { "content-type": "application/x-ndjson" },
      body: `${shipmentText("A")}\n${shipmentText("B")}\n`,
    });
    expect(response.status).toBe(202);
    const ingested = await program.run("ingest", "examples/shipments.ndjson", "--to", "kafka", "--json");
    expect(JSON.parse(ingested.stdout)).toMatchObject({ kind: "appended", records: 42, topic });
    await expect.poll(counts).toEqual({ validated: 16, failed: 25, receipts: 3 });
    const ends = await withAdmin(brokers, async (admin) =>
      admin.listOffsets({
        topics: [{ name: topic, partitions: [0, 1, 2].map((partitionIndex) => ({ partitionIndex, timestamp: -1n })) }],
      }),
    );
    expect(ends[0]?.partitions.reduce((sum, { offset }) => sum + offset, 0n)).toBe(44n);
  });
});

describe("the mirror of decisions", () => {
  test("tells what was decided on topics beside the source, with its id, bytes and reason", async () => {
    const { program, topic, brokers, counts } = await fresh(1, { SIGMA_KAFKA_MIRROR: "all" });
    const refused = await program.run("start", "--port", "0");
    expect([refused.code, refused.stderr.split("\n")[0]]).toEqual([
      1,
      `error LOG_TOPIC_MISSING Cannot use topic "${topic}.failed", topic "${topic}.validated": it does not exist`,
    ]);
    await createTopic(brokers, `${topic}.failed`, 1);
    await createTopic(brokers, `${topic}.validated`, 1);
    const gateway = await program.start();
    await produce(brokers, topic, 0, [shipmentText("A"), "{broken", shipmentText("A"), shipmentText("A", 3)]);
    await expect.poll(counts).toEqual({ validated: 1, failed: 2, receipts: 1 });
    // They are told after they are stored, each topic in its turn.
    const told = async (name: string): Promise<number> => (await readTold(brokers, `${topic}.${name}`)).length;
    await expect.poll(async () => [await told("failed"), await told("validated")]).toEqual([2, 1]);
    const [passed] = await readTold(brokers, `${topic}.validated`);
    expect([passed?.text, passed?.headers.get("sigma.contract")]).toEqual([shipmentText("A"), "shipment@1"]);
    expect(passed?.key).toBe(passed?.headers.get("sigma.decision.id"));
    const failed = await readTold(brokers, `${topic}.failed`);
    expect(failed.map(({ text, headers }) => [text, headers.get("sigma.reason")])).toEqual([
      ["{broken", "malformed-not-json"],
      [shipmentText("A", 3), "conflict"],
    ]);
    expect(failed[0]?.headers.get("__connect.errors.topic")).toBe(topic);
    expect(failed[1]?.headers.get("__connect.errors.offset")).toBe("3");
    gateway.child.kill("SIGTERM");
    expect((await gateway.ended).code).toBe(0);
  });
});

describe("halted streams, on Kafka and MongoDB", () => {
  test("records deleted before they were decided halt the stream until an operator accepts the gap, and the audit names the loss", async () => {
    const { program, topic, brokers, counts } = await fresh(1);
    await produce(brokers, topic, 0, [shipmentText("A"), shipmentText("B")]);
    const first = await program.start();
    await expect.poll(async () => settledTo(first, 0)).toBe(2);
    first.child.kill("SIGTERM");
    await first.ended;
    await produce(
      brokers,
      topic,
      0,
      ["C", "D", "E", "F"].map((id) => shipmentText(id)),
    );
    await withAdmin(brokers, async (admin) =>
      admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 5n }] }] }),
    );
    const gateway = await program.start();
    await expect.poll(async () => (await gateway.ready()).streams[0]?.state).toBe("halted");
    expect(await gateway.ready()).toMatchObject({ status: 503, streams: [{ trouble: { code: "LOG_START_PASSED" } }] });
    expect((await fetch(`${gateway.url}/livez`)).status).toBe(200);

    const list = await program.run("streams", "list");
    expect(list.code).toBe(10);
    expect(list.stdout).toContain("halted: LOG_START_PASSED");
    expect(list.stdout).toContain("streams accept-gap");
    expect((await program.run("streams", "accept-gap", `${topic}/0`, "--reason", " ")).code).toBe(2);
    const accepted = await program.run("streams", "accept-gap", `${topic}/0`, "--reason", "retention was too short");
    expect([accepted.code, accepted.stdout]).toEqual([
      0,
      `${topic}/0: offsets [2, 5) are recorded as lost, and the audit says so from now on\n`,
    ]);
    await expect.poll(async () => settledTo(gateway, 0)).toBe(6);
    expect(await counts()).toEqual({ validated: 3, failed: 0, receipts: 0 });
    expect((await program.run("streams", "list")).code).toBe(0);
    const again = await program.run("streams", "accept-gap", `${topic}/0`, "--reason", "again");
    expect([again.code, again.stderr.split("\n")[0]]).toEqual([
      2,
      `error SIG-I-010 Cannot accept a gap of ${topic}/0: its log starts at 5, the position is 6`,
    ]);
    const audit = await program.run("audit", "--source");
    expect(audit.code).toBe(0);
    expect(audit.stdout).toMatch(/lost {2}.*\/0 {2}\[2, 5\) {2}retention was too short/);
  });

  test("a topic that is made anew is another stream: its records are decided from its beginning, and the old one stays", async () => {
    const { program, topic, brokers, counts } = await fresh(1);
    const gateway = await program.start();
    await produce(brokers, topic, 0, [shipmentText("A"), shipmentText("B")]);
    await expect.poll(counts).toMatchObject({ validated: 2 });
    await deleteTopic(brokers, topic);
    await createTopic(brokers, topic, 1);
    await produce(brokers, topic, 0, [shipmentText("B"), shipmentText("C")]);
    await expect.poll(counts).toEqual({ validated: 3, failed: 0, receipts: 1 });
    gateway.child.kill("SIGTERM");
    await gateway.ended;
    expect((await program.run("audit", "--source")).code).toBe(0);
  });
});

describe("a log that lost records that were decided", () => {
  test("halts the stream, which no gap can resolve, and the audit says where the log ends now", async () => {
    const { program, topic, brokers, counts } = await fresh(1);
    const first = await program.start();
    await produce(brokers, topic, 0, [shipmentText("A"), shipmentText("B"), shipmentText("C")]);
    await expect.poll(async () => settledTo(first, 0)).toBe(3);
    first.child.kill("SIGTERM");
    await first.ended;
    const { data, kill, restart } = kafka();
    await kill();
    for (const file of readdirSync(join(data, `${topic}-0`))) {
      if (/\.(?:log|index|timeindex|snapshot)$/.test(file)) rmSync(join(data, `${topic}-0`, file));
    }
    await restart();
    const gateway = await program.start();
    await expect.poll(async () => (await gateway.ready()).streams[0]?.trouble?.code).toBe("LOG_TRUNCATED");
    const accepted = await program.run("streams", "accept-gap", `${topic}/0`, "--reason", "the disk was lost");
    expect([accepted.code, accepted.stderr.split("\n")[0]]).toEqual([
      2,
      `error SIG-I-010 Cannot accept a gap of ${topic}/0: its log starts at 0, the position is 3`,
    ]);
    expect(await counts()).toEqual({ validated: 3, failed: 0, receipts: 0 });
    const short = await program.run("audit");
    expect([short.code, /SOURCE_TRUNCATED.*ends at 0, and up to 3 is decided/.test(short.stdout)]).toEqual([30, true]);
    const audit = await program.run("audit", "--source");
    expect([audit.code, /SOURCE_TRUNCATED.*the log ends at 0, the entry at \d/.test(audit.stdout)]).toEqual([30, true]);
  });
});

describe("a group of gateways", () => {
  test("shares out the partitions, and takes over those of a member that was killed", async () => {
    const { program, topic, brokers, counts } = await fresh(4);
    const gateways = [await program.start(), await program.start()];
    const owned = async (): Promise<readonly number[]> =>
      Promise.all(gateways.map(async ({ ready }) => (await ready()).streams.length));
    await expect.poll(owned).toEqual([2, 2]);
    for (const partition of [0, 1, 2, 3]) await produce(brokers, topic, partition, [shipmentText(`P${partition}`)]);
    await expect.poll(counts).toMatchObject({ validated: 4 });
    gateways.shift()?.child.kill("SIGKILL");
    for (const partition of [0, 1, 2, 3]) await produce(brokers, topic, partition, [shipmentText(`Q${partition}`)]);
    await expect.poll(owned).toEqual([4]);
    await expect.poll(counts).toMatchObject({ validated: 8 });
    expect((await program.run("audit", "--source")).code).toBe(0);
  });
});

describe("a rolling deploy", () => {
  test("two contract sets decide at once, the ledger says which decided what, and every record has one decision", async () => {
    const stricter = await otherContracts();
    const { program, topic, brokers, counts, db } = await fresh(4);
    const next = new Program(brokers, program.env["MONGODB_URI"] ?? "", topic, { SIGMA_CONTRACTS_DIR: stricter });
    const running = [await program.start(), await next.start()];
    const send = async (round: number): Promise<void> => {
      for (const partition of [0, 1, 2, 3]) {
        const texts = Array.from({ length: 200 }, (_, index) => shipmentText(`R-${round}-${partition}-${index}`, 950));
        await produce(brokers, topic, partition, texts);
      }
    };
    await send(0);
    await expect.poll(counts).toSatisfy(({ validated, failed }) => validated + failed === 800);
    // The old build goes in the middle of its work; the new one redoes what it had begun with the old one's set.
    const sending = send(1);
    running[0]?.child.kill("SIGKILL");
    await sending;
    await expect.poll(counts).toSatisfy(({ validated, failed }) => validated + failed === 1_600);
    const { validated, failed } = await counts();
    expect([validated > 0, failed > 0]).toEqual([true, true]);
    expect(await db.collection("sigma_ledger").distinct("contractSet", { kind: "BATCH" })).toHaveLength(2);
    running[1]?.child.kill("SIGTERM");
    expect((await running[1]?.ended)?.code).toBe(0);
    // Every record has its decision; that two versions were frozen under one name is found, and nothing else.
    const audit = await next.run("audit", "--source");
    const findings = audit.stdout.split("\n").filter((line) => /^[A-Z_]{2,} {2}/.test(line));
    expect([audit.code, findings]).toEqual([
      30,
      [expect.stringMatching(/^CONTRACT_SET .* decided by another shipment@1 than the frozen one/)],
    ]);
    expect(audit.stdout).toMatch(/records +1,600/);
  });
});

/** The contracts of the repository with a stricter rule, frozen as their own. */
async function otherContracts(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "sigma-contracts-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  cpSync("contracts/shipment", join(directory, "shipment"), { recursive: true });
  rmSync(join(directory, "shipment/fixtures/v1/pass/heaviest.json"));
  const file = join(directory, "shipment/contract.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace("1000.0", "900.0"));
  const { code, stderr } = await new Program("b:1", "mongodb://h/d", "t").run(
    "contract",
    "freeze",
    "shipment@1",
    "--contracts",
    directory,
  );
  if (code !== 0) throw new Error(stderr);
  return directory;
}
