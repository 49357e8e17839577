import { cpSync } from "node:fs";
import { join, resolve } from "node:path";
import { BSON, MongoClient, type Db } from "mongodb";
import { expect, onTestFinished, test } from "vitest";
import { decodeOutcomes } from "../../src/ledger/proof.ts";
import { temporaryDirectory } from "../embedded.ts";
import { until } from "../patience.ts";
import { createTopic, withAdmin } from "../servers/kafka-for-tests.ts";
import { receiptsIn } from "../store/mongodb/receipts-in.ts";
import { engines, Program, produce, shipmentText, type Gateway } from "./engines.ts";

const { kafka, mongo } = engines();

const TOPIC = "redrive";
const PARTITIONS = [0, 1, 2];
/** Records of version 2 in each partition; the gateways judge them by version 1. */
const EACH = 120;

type Json = Readonly<Record<string, unknown>>;

function secondVersion(id: string): string {
  const destination = { city: "Dublin", country: "IE" };
  return JSON.stringify({ shipment_id: id, weight_kg: 1.5, destination, priority: 2, incoterm: "DAP" });
}

/** The last object that a command prints with --json. */
async function last(program: Program, ...args: readonly string[]): Promise<Json> {
  const { code, stdout, stderr } = await program.run(...args, "--json");
  const text = stdout.trimEnd().split("\n").at(-1) ?? "";
  if (text === "") throw new Error(`sigma ${args.join(" ")} ended with ${code}: ${stderr}`);
  return JSON.parse(text) as Json;
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

/** The facts, failures, receipts and ledger entries, whole. */
async function documents(db: Db): Promise<readonly string[]> {
  const names = ["validated_shipments", "failed_shipments", "sigma_ledger"];
  const found = names.map(async (name) => {
    const all = await db.collection(name).find().sort({ _id: 1 }).toArray();
    return all.map((one) => `${name} ${BSON.EJSON.stringify(one)}`);
  });
  const receipts = Array.from(await receiptsIn(db), (receipt) => `sigma_receipts ${receipt.join(" ")}`);
  return [...(await Promise.all(found)).flat(), ...receipts];
}

/** Every document is as it was, and so many came, entries of the ledger aside. */
async function expectAdded(db: Db, before: readonly string[], added: Json): Promise<void> {
  const after = await documents(db);
  const [known, found] = [new Set(before), new Set(after)];
  expect(before.filter((one) => !found.has(one))).toEqual([]);
  const counts = { validated_shipments: 0, failed_shipments: 0, sigma_receipts: 0 };
  for (const one of after.filter((each) => !known.has(each)))
    for (const name of ["validated_shipments", "failed_shipments", "sigma_receipts"] as const)
      if (one.startsWith(`${name} `)) counts[name] += 1;
  expect(counts).toEqual(added);
}

/** Each decision in the streams of a plan: partition, offset, and whether it passed. A record decided twice is there twice. */
async function decidedAgain(db: Db, plan: unknown): Promise<readonly string[]> {
  const ofPlan = { stream: { $regex: `^redrive/${String(plan)}/` } };
  const streams = await db.collection("sigma_streams").find(ofPlan).toArray();
  const entries = await db.collection("sigma_ledger").find(ofPlan).sort({ stream: 1, seq: 1 }).toArray();
  return entries.flatMap(({ stream, from, outcomes }) => {
    const partition = String(streams.find((one) => one["stream"] === stream)?.["partition"]);
    const { leaves } = decodeOutcomes(BigInt(String(from)), String(outcomes))!;
    return leaves.map(({ offset, outcome }) => `${partition}@${offset} ${outcome}`);
  });
}

type Replay = { readonly program: Program; readonly brokers: string; readonly db: Db };

/** Plans a range, and looks at the dry run. Nothing else is stored. @returns the plan, and the arguments that run it. */
async function planned(
  { program, db }: Replay,
  range: readonly string[],
  count: number,
  dryRun: Json,
): Promise<{ readonly id: unknown; readonly run: readonly string[]; readonly before: readonly string[] }> {
  const before = await documents(db);
  const { id } = await last(program, "redrive", "plan", "--all", "--topic", TOPIC, ...range, "--reason", "look again");
  const shown = await last(program, "redrive", "show", String(id));
  expect(shown).toMatchObject({ state: "planned", count, selection: { kind: "range" }, dryRun });
  expect(await documents(db)).toEqual(before);
  return { id, before, run: ["redrive", "run", String(id), "--reason", "go", "--expect", String(count)] };
}

/** Offsets of partition 1: failures, and behind them the fact `live-1`. Its repetition is beyond them. */
const REPLAYED = { from: 5, to: EACH + 1 };

/** A range of offsets is replayed by the gateways, while they decide live records. */
async function expectOffsetsReplayed(replay: Replay): Promise<void> {
  const { program, brokers, db } = replay;
  const { from, to } = REPLAYED;
  const range = ["--partition", "1", "--from", String(from), "--to", String(to)];
  const dryRun = { passed: 0, failed: to - from - 1, duplicates: 1, conflicts: 0, repeats: 0, unavailable: [] };
  const { id, run, before } = await planned(replay, range, to - from, dryRun);
  const facts = await db.collection("validated_shipments").countDocuments();

  expect(await last(program, ...run, "--detach", "--rate", "1")).toMatchObject({ state: "running" });
  await until(async () => (await decidedAgain(db, id)).length > 0);
  for (const partition of PARTITIONS) await produce(brokers, TOPIC, partition, [shipmentText(`beside-${partition}`)]);
  const ofLive = facts + PARTITIONS.length;
  await until(async () => (await db.collection("validated_shipments").countDocuments()) === ofLive);
  // At one record a second the replay is far from its end: the gateways decided live records beside it.
  expect((await decidedAgain(db, id)).length).toBeLessThan(to - from);
  expect(await last(program, ...run, "--detach")).toMatchObject({ state: "running" });
  const show = async (): Promise<Json> => last(program, "redrive", "show", String(id));
  await until(async () => (await show())["state"] === "done");

  const report = { handled: to - from, stored: 0, failed: to - from - 1, duplicates: 1, conflicts: 0, pending: 0 };
  expect(await show()).toMatchObject({ report });
  const offsets = Array.from({ length: to - from }, (_, index) => from + index);
  expect(await decidedAgain(db, id)).toEqual(offsets.map((offset) => `1@${offset} ${offset < EACH ? "F" : "P"}`));
  const added = { validated_shipments: PARTITIONS.length, failed_shipments: report.failed, sigma_receipts: 1 };
  await expectAdded(db, before, added);
  await expectOver(replay, run);
}

/** A range of times, from the fact `live-0` to now, is replayed in a process of its own, while the group stands still. */
async function expectTimesReplayed(replay: Replay, end: Date): Promise<void> {
  const { program, brokers, db } = replay;
  const [fact] = await db.collection("validated_shipments").find({ "payload.shipment_id": "live-0" }).toArray();
  const since = (fact!["source"] as { readonly at: Date }).at;
  const range = ["--since", since.toISOString(), "--until", end.toISOString()];
  const dryRun = { passed: 0, failed: 0, duplicates: 3, conflicts: 0, repeats: 0, unavailable: [] };
  const { id, run, before } = await planned(replay, range, 3, dryRun);
  const group = await committed(brokers);
  expect(await last(program, ...run)).toMatchObject({ end: "done", handled: 3, duplicates: 3, stored: 0 });
  expect((await decidedAgain(db, id)).toSorted()).toEqual([`0@${EACH} P`, `1@${EACH} P`, `1@${EACH + 1} P`]);
  await expectAdded(db, before, { validated_shipments: 0, failed_shipments: 0, sigma_receipts: 3 });
  await expectOver(replay, run);
  expect(await committed(brokers)).toEqual(group);
}

/** To run a plan once more, here or by the gateways, is refused and changes nothing. */
async function expectOver({ program, db }: Replay, run: readonly string[]): Promise<void> {
  const before = await documents(db);
  for (const more of [[], ["--detach"]]) expect(await program.run(...run, ...more)).toMatchObject({ code: 10 });
  expect(await documents(db)).toEqual(before);
}

test("a bad deploy on Kafka and MongoDB: two workers redrive it below live traffic, through kill -9, each record once; replays of ranges then change no fact", async () => {
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
  // At one record a second the run is far from its end when both workers were killed.
  expect(await last(program, ...run, "--rate", "1")).toMatchObject({ state: "running" });
  await until(async () => (await handled()) > 0);
  await produce(brokers, TOPIC, 0, [shipmentText("live-0")]);
  const gateways: Gateway[] = [];
  // The worker that runs the plan is one of the two: after both were killed, one by one, it was that one.
  for (const worker of workers) {
    worker.child.kill("SIGKILL");
    await worker.ended;
    gateways.push(await program.start());
  }
  await produce(brokers, TOPIC, 1, [shipmentText("live-1"), shipmentText("live-1")]);
  expect(await last(program, ...run)).toMatchObject({ state: "running" });
  await until(async () => (await show())["state"] === "done");
  await until(async () => (await receiptsIn(db)).size === 1);

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

  const replay = { program, brokers, db };
  const now = new Date();
  const shares = async (): Promise<readonly number[]> =>
    Promise.all(gateways.map(async ({ ready }) => (await ready()).streams.length));
  await until(async () => (await shares()).every((share) => share > 0 && share < PARTITIONS.length));
  await expectOffsetsReplayed(replay);
  // One more record in each partition, and nothing else, moved the group.
  const logEnds = PARTITIONS.map((partition) => [TOPIC, partition, (ends[partition] ?? 0) + 1]);
  const standing = async () => (await committed(brokers)).toSorted(([, one], [, other]) => one - other);
  await until(async () => JSON.stringify(await standing()) === JSON.stringify(logEnds));
  await expectTimesReplayed(replay, now);
  const { totals } = await last(program, "volume");
  expect(totals).toMatchObject({ redriven: failures, replayed: REPLAYED.to - REPLAYED.from + 3 });

  const audited = await program.run("audit", "--source");
  expect([audited.code, audited.stdout]).toEqual([0, expect.stringContaining("nothing was found") as string]);
});
