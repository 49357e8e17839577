import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { Producer, ProduceAcks } from "@platformatic/kafka";
import { MongoClient, type Db } from "mongodb";
import { expect, onTestFinished, test } from "vitest";
import { MONGODB_LAYOUT } from "../../src/store/layout-version.ts";
import { CANARIES } from "../canaries.ts";
import { until } from "../patience.ts";
import { createTopic, withAdmin } from "../servers/kafka-for-tests.ts";
import { receiptsIn } from "../store/mongodb/receipts-in.ts";
import { buildsForFile, firstOfLayout, packCommit, packSources, type Build } from "./builds.ts";
import { engines, Program, shipmentText, type Gateway } from "./engines.ts";

const { kafka, mongo } = engines();
const folder = buildsForFile();

const PARTITIONS = [0, 1, 2, 3] as const;
/** How much there is of each round in each partition: new facts, a repeat of the first of them, and what breaks the contract. */
const ROUND = { facts: 3, repeats: 1, failures: 1 } as const;
/** A process takes some seconds to replace: some rounds fall into it, and more of them would only be more to audit. */
const PACE_MS = 600;

type Tally = { readonly facts: number; readonly failures: number; readonly repeats: number };

/** Sends rounds of records all the time, until it is stopped. */
function startFlow(brokers: string, topic: string): { sent: () => Tally; stop: () => Promise<Tally> } {
  const producer = new Producer({
    clientId: "flow",
    bootstrapBrokers: [brokers],
    idempotent: true,
    acks: ProduceAcks.ALL,
  });
  let [rounds, sending] = [0, true];
  const sent = (): Tally => {
    const each = rounds * PARTITIONS.length;
    return { facts: each * ROUND.facts, failures: each * ROUND.failures, repeats: each * ROUND.repeats };
  };
  const flow = async (): Promise<void> => {
    while (sending) {
      const messages = PARTITIONS.flatMap((partition) => {
        const facts = Array.from({ length: ROUND.facts }, (_, one) => shipmentText(`${rounds}-${partition}-${one}`));
        const texts = [...facts, facts[0] ?? "", shipmentText(`${rounds}-${partition}-wrong`, -1)];
        return texts.map((text) => ({ topic, partition, value: Buffer.from(text) }));
      });
      await producer.send({ messages });
      rounds += 1;
      await delay(PACE_MS);
    }
  };
  const flowing = flow();
  flowing.catch(() => undefined);
  const stop = async (): Promise<Tally> => {
    sending = false;
    await flowing;
    return sent();
  };
  onTestFinished(async () => {
    await stop().catch(() => undefined);
    await producer.close(true);
  });
  return { sent, stop };
}

let count = 0;

/** Two gateways of one group, each with its name in it and with so many workers, and records that flow. */
async function twoMembers(workers = 1) {
  count += 1;
  const topic = `upgrade-${count}`;
  const { brokers } = kafka();
  await createTopic(brokers, topic, PARTITIONS.length);
  const uri = mongo().uri.replace("/?", `/upgrade_${count}?`);
  const client = new MongoClient(uri);
  onTestFinished(async () => client.close());
  const db = client.db();
  const programOf = (build: Build, member: string, bound = "shipment@1"): Program => {
    // Long enough for a process to start on a busy machine: else its partitions go to the other one, as they should.
    const session = { SIGMA_KAFKA_SESSION_TIMEOUT_SECONDS: "120", SIGMA_SHUTDOWN_DEADLINE_SECONDS: "60" };
    const more = {
      ...session,
      SIGMA_KAFKA_INSTANCE_ID: `${topic}-${member}`,
      SIGMA_SOURCES: `${topic}=${bound}`,
      ...(workers === 1 ? {} : { SIGMA_WORKERS: String(workers) }),
    };
    return new Program(brokers, uri, topic, more, { sigma: build.sigma, ...(build.isEarlier ? OF_ITS_TIME : {}) });
  };
  const tally = async (): Promise<Tally> => ({
    facts: await db.collection("validated_shipments").countDocuments(),
    failures: await db.collection("failed_shipments").countDocuments(),
    repeats: (await receiptsIn(db)).size,
  });
  const flow = startFlow(brokers, topic);
  /** Waits until each partition has decided records that were sent from now on, and everything from before them. */
  const decided = async (): Promise<void> => {
    // The next round may be on its way already.
    const from = flow.sent().facts + 2 * PARTITIONS.length * ROUND.facts;
    await until(async () => flow.sent().facts >= from);
    await until(async () => (await tally()).facts >= from);
  };
  /** What the group gave each place, once all members are in it; null before. */
  const shared = async (places: readonly Place[]): Promise<readonly (readonly number[])[] | null> =>
    withAdmin(brokers, async (admin) => {
      const id = `group-${topic}`;
      const group = (await admin.describeGroups({ groups: [id] })).get(id);
      const members = [...(group?.members.values() ?? [])];
      if (group?.state !== "Stable" || members.length !== places.length * workers) return null;
      return places.map(({ name }) =>
        members
          .filter(({ groupInstanceId }) => groupInstanceId?.startsWith(`${topic}-${name}`))
          .flatMap(({ assignments }) => assignments?.get(topic)?.partitions ?? [])
          .toSorted((a, b) => a - b),
      );
    });
  /** Two places whose processes run, and which partitions each has. */
  const started = async (start: (name: string) => Promise<Gateway>) => {
    const places: Place[] = [];
    for (const name of ["one", "two"]) places.push({ name, gateway: await start(name) });
    let shares: readonly (readonly number[])[] = [];
    // Before its last worker is in the group, a place may have as many partitions as then, and others.
    await until(async () => {
      const given = await shared(places);
      const run = await Promise.all(places.map(async ({ gateway }) => runs(gateway)));
      shares = await Promise.all(places.map(async ({ gateway }) => partitionsOf(gateway)));
      return run.every(Boolean) && isDeepStrictEqual(given, shares);
    });
    return { places, shares };
  };
  return { programOf, db, tally, flow, decided, started };
}

/** The lines of an earlier build were of another form; what no line may hold was always the same. */
const OF_ITS_TIME = {
  expectClean: (text: string): void => expect(Object.values(CANARIES).filter((one) => text.includes(one))).toEqual([]),
};

type Place = { readonly name: string; gateway: Gateway };

/** The partitions that a process took up, in the order in which it did. */
function takenUp({ output }: Gateway): readonly number[] {
  return output()
    .stderr.split("\n")
    .filter((line) => line.startsWith("{") && line.includes('"stream.acquired"'))
    .map((line) => Number((JSON.parse(line) as Record<string, unknown>)["messaging.destination.partition.id"]));
}

async function runs({ ready }: Gateway, streams = 2): Promise<boolean> {
  const now = await ready();
  return now.status === 200 && now.streams.length === streams;
}

async function partitionsOf({ ready }: Gateway): Promise<readonly number[]> {
  return (await ready()).streams.map(({ partition }) => partition).toSorted((a, b) => a - b);
}

async function versionOf({ url }: Gateway): Promise<string> {
  return ((await (await fetch(`${url}/v1/status`)).json()) as { version: string }).version;
}

/** As a rolling update ends a process, or as it ends with its machine. */
type Ending = "SIGTERM" | "SIGKILL";

async function end({ gateway }: Place, signal: Ending): Promise<void> {
  gateway.child.kill(signal);
  const { code } = await gateway.ended;
  // What it said last tells why, where it did not end in order.
  if (signal === "SIGTERM") expect([code, code === 0 ? "" : gateway.output().stderr.slice(-2_000)]).toEqual([0, ""]);
}

/** What the entries of each stream name, in their order, without repeats next to each other. */
async function turnsOf(db: Db, field: "contractSet" | "engine"): Promise<readonly (readonly string[])[]> {
  const entries = await db
    .collection("sigma_ledger")
    .find({}, { projection: { stream: 1, seq: 1, [field]: 1 } })
    .toArray();
  const byStream = Map.groupBy(
    entries.toSorted((a, b) => Number(a["seq"]) - Number(b["seq"])),
    (entry) => String(entry["stream"]),
  );
  return [...byStream.values()].map((all) =>
    all.map((entry) => String(entry[field])).filter((value, index, values) => value !== values[index - 1]),
  );
}

const SECOND = packSources(folder, "2.0.0-second");
const PRESENT = packSources(folder, "1.9.0-present");
const EARLIER = firstOfLayout(MONGODB_LAYOUT);
if (EARLIER === null) {
  process.stderr.write(
    "SKIPPED: the upgrade from the first build of this layout. It needs the whole history: git fetch --unshallow\n",
  );
}

test.each([
  { from: "another build, two workers each", workers: 2, first: (): Build => PRESENT },
  ...(EARLIER === null
    ? []
    : [
        {
          from: "the first build of this layout",
          workers: 1,
          first: (): Build => packCommit(folder, EARLIER, "0.1.0-earlier"),
        },
      ]),
])(
  "one process after another is replaced by a newer build and rolled back, while records flow, from $from",
  async ({ workers, first }) => {
    const [a, b] = [first(), SECOND];
    const { programOf, db, tally, flow, decided, started } = await twoMembers(workers);
    // B binds the topic otherwise: the same decisions, by another contract set.
    const start = async (build: Build, name: string): Promise<Gateway> =>
      programOf(build, name, build === b ? "shipment@1/1" : "shipment@1").start("info");
    const { places, shares } = await started(async (name) => start(a, name));
    const replace = async (build: Build, signals: readonly Ending[]): Promise<void> => {
      for (const [index, place] of places.entries()) {
        await end(place, signals[index] ?? "SIGTERM");
        place.gateway = await start(build, place.name);
        await until(async () => runs(place.gateway));
        // It decides what arrived since, before the next one is replaced.
        await decided();
        expect(await versionOf(place.gateway)).toBe(build.version);
      }
    };
    await replace(b, ["SIGTERM", "SIGKILL"]);
    const upgraded = places.map(({ gateway }) => takenUp(gateway));
    await replace(a, ["SIGKILL", "SIGTERM"]);
    const rolledBack = places.map(({ gateway }) => takenUp(gateway));
    const sent = await flow.stop();
    await expect.poll(tally).toEqual(sent);
    for (const place of places) await end(place, "SIGTERM");
    expect(await tally()).toEqual(sent);

    // Each place kept its partitions, and took each up once.
    expect([upgraded, rolledBack].map(inOrder)).toEqual([shares, shares]);
    // Every stream was decided by the set of A, then by that of B, then by that of A again.
    const sets = await turnsOf(db, "contractSet");
    expect(sets).toHaveLength(PARTITIONS.length);
    for (const [before, after, ...rest] of sets) expect([rest, after === before]).toEqual([[before], false]);
    for (const build of [a, b]) {
      const audited = await programOf(build, "audit").run("audit", "--source");
      const clean = [build.version, 0, expect.stringContaining("nothing was found")];
      expect([build.version, audited.code, audited.stdout]).toEqual(clean);
    }
  },
);

test("behind an upgrade of the engine an older build decides nothing, and the newer one goes on", async () => {
  const next = packSources(folder, "3.0.0-engine", { nextEngine: true });
  const { programOf, db, tally, flow, decided, started } = await twoMembers();
  const { places } = await started(async (name) => programOf(PRESENT, name).start("info"));
  await decided();
  const [one, two] = places as [Place, Place];
  await end(one, "SIGTERM");
  one.gateway = await programOf(next, one.name).start("info");
  await until(async () => runs(one.gateway));
  await decided();
  // Both engines decide side by side, each its own partitions.
  await end(one, "SIGKILL");
  one.gateway = await programOf(PRESENT, one.name).start("info");
  const halts = async (): Promise<readonly unknown[]> =>
    (await one.gateway.ready()).streams.map(({ trouble }) => trouble?.code);
  await expect.poll(halts).toEqual(["ENGINE_NEWER", "ENGINE_NEWER"]);
  await end(one, "SIGTERM");
  for (const place of [one, two]) {
    if (place === two) await end(two, "SIGTERM");
    place.gateway = await programOf(next, place.name).start("info");
    await until(async () => runs(place.gateway));
    await decided();
  }
  const sent = await flow.stop();
  await expect.poll(tally).toEqual(sent);
  for (const place of places) await end(place, "SIGTERM");
  const engineTurns = Array.from({ length: PARTITIONS.length }, () => [PRESENT.engine, next.engine]);
  expect(await turnsOf(db, "engine")).toEqual(engineTurns);
  expect((await programOf(next, "audit").run("audit", "--source")).code).toBe(0);
});

function inOrder(all: readonly (readonly number[])[]): readonly (readonly number[])[] {
  return all.map((one) => one.toSorted((x, y) => x - y));
}
