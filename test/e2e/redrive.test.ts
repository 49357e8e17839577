import { cpSync } from "node:fs";
import { join, resolve } from "node:path";
import { MongoClient } from "mongodb";
import { expect, onTestFinished, test } from "vitest";
import { temporaryDirectory } from "../embedded.ts";
import { until } from "../patience.ts";
import { createTopic, withAdmin } from "../servers/kafka-for-tests.ts";
import { engines, Program, produce, shipmentText, type Gateway } from "./engines.ts";

const { kafka, mongo } = engines();

const TOPIC = "redrive";
const PARTITIONS = [0, 1, 2];
/** Records of version 2 in each partition; the gateways judge them by version 1. */
const EACH = 40;

type Json = Readonly<Record<string, unknown>>;

function secondVersion(id: string): string {
  const destination = { city: "Dublin", country: "IE" };
  return JSON.stringify({ shipment_id: id, weight_kg: 1.5, destination, priority: 2, incoterm: "DAP" });
}

/** The last object that a command prints with --json. */
async function last(program: Program, ...args: readonly string[]): Promise<Json> {
  const { stdout, stderr } = await program.run(...args, "--json");
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? stderr) as Json;
}

/** Where the group stands in each partition. */
async function committed(
  brokers: string,
): Promise<readonly (readonly [topic: string, partition: number, offset: number])[]> {
  const groups = await withAdmin(brokers, async (admin) =>
    admin.listConsumerGroupOffsets({ groups: [{ groupId: `group-${TOPIC}` }] }),
  );
  return groups.flatMap(({ topics }) =>
    topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, committedOffset }) => [name, partitionIndex, Number(committedOffset)] as const),
    ),
  );
}

test("a bad deploy on Kafka and MongoDB: two workers redrive it below live traffic, through kill -9, each record once", async () => {
  const { brokers } = kafka();
  await createTopic(brokers, TOPIC, PARTITIONS.length);
  const contracts = join(temporaryDirectory(), "contracts");
  cpSync(resolve(import.meta.dirname, "../../contracts"), contracts, { recursive: true });
  const uri = mongo().uri.replace("/?", "/redrive?");
  const program = new Program(brokers, uri, TOPIC, { SIGMA_CONTRACTS_DIR: contracts });
  const client = new MongoClient(mongo().uri);
  onTestFinished(async () => client.close());
  const db = client.db("redrive");
  const count = async (collection: string): Promise<number> => db.collection(collection).countDocuments();

  const workers: Gateway[] = [await program.start(), await program.start()];
  for (const partition of PARTITIONS) {
    const texts = Array.from({ length: EACH }, (_, index) => secondVersion(`late-${partition}-${index}`));
    await produce(brokers, TOPIC, partition, texts);
  }
  const failures = PARTITIONS.length * EACH;
  await until(async () => (await count("failed_shipments")) === failures);

  for (const args of [["freeze"], ["activate", "--reason", "the producers are there"]] as const)
    expect(await program.run("contract", args[0], "shipment@2", ...args.slice(1))).toMatchObject({ code: 0 });
  const { id } = await last(program, "redrive", "plan", "--to-version", "2", "--reason", "deployed too early");
  const show = async (): Promise<Json> => last(program, "redrive", "show", String(id));
  const handled = async (): Promise<number> => ((await show())["report"] as { readonly handled: number }).handled;
  expect(await show()).toMatchObject({ count: failures, dryRun: { passed: failures, failed: 0 } });
  const run = ["redrive", "run", String(id), "--detach", "--reason", "go", "--expect", String(failures)];
  expect(await last(program, ...run, "--rate", "20")).toMatchObject({ state: "running" });
  await until(async () => (await handled()) > 0);
  await produce(brokers, TOPIC, 0, [shipmentText("live-0")]);
  // The worker that runs the plan is one of the two: after both were killed, one by one, it was that one.
  for (const worker of workers) {
    worker.child.kill("SIGKILL");
    await worker.ended;
    await program.start();
  }
  await produce(brokers, TOPIC, 1, [shipmentText("live-1"), shipmentText("live-1")]);
  expect(await last(program, ...run)).toMatchObject({ state: "running" });
  await until(async () => (await show())["state"] === "done");
  await until(async () => (await count("sigma_receipts")) === 1);

  expect(await show()).toMatchObject({
    report: {
      planned: failures,
      handled: failures,
      stored: failures,
      failed: 0,
      duplicates: 0,
      conflicts: 0,
      pending: 0,
    },
  });
  expect([await count("validated_shipments"), await count("failed_shipments")]).toEqual([failures + 2, failures]);
  // A redrive reads its plan and no topic: the group stands nowhere else. Its offsets are hints, which a killed worker may not have left.
  const ends = [EACH + 1, EACH + 2, EACH];
  const beyond = (await committed(brokers)).filter(
    ([topic, partition, offset]) => topic !== TOPIC || offset > (ends[partition] ?? 0),
  );
  expect(beyond).toEqual([]);
  const again = await program.run("redrive", "run", String(id), "--reason", "again", "--expect", String(failures));
  expect([again.code, await count("validated_shipments")]).toEqual([10, failures + 2]);
  const audited = await program.run("audit", "--source");
  expect([audited.code, audited.stdout]).toEqual([0, expect.stringContaining("nothing was found") as string]);
});
