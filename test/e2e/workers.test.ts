import { readFileSync } from "node:fs";
import { MongoClient } from "mongodb";
import { expect, onTestFinished, test } from "vitest";
import { createTopic } from "../servers/kafka-for-tests.ts";
import { until } from "../patience.ts";
import { engines, produce, Program, shipmentText, type Gateway } from "./engines.ts";

const { kafka, mongo } = engines();

const PARTITIONS = [0, 1, 2, 3] as const;

/** A process with two workers, each with its name in the group, and the database that they decide into. */
async function twoWorkers(topic: string) {
  const { brokers } = kafka();
  await createTopic(brokers, topic, PARTITIONS.length);
  const uri = mongo().uri.replace("/?", `/${topic}?`);
  // Long enough for a worker to start on a busy machine: else its partitions go to the other one, as they should.
  const more = {
    SIGMA_WORKERS: "2",
    SIGMA_KAFKA_INSTANCE_ID: topic,
    SIGMA_KAFKA_SESSION_TIMEOUT_SECONDS: "60",
  };
  const program = new Program(brokers, uri, topic, more);
  const client = new MongoClient(uri);
  onTestFinished(async () => client.close());
  const gateway = await program.start("info");
  onTestFinished(() => {
    for (const pid of childrenOf(gateway)) process.kill(pid, "SIGKILL");
  });
  const send = async (round: string): Promise<void> => {
    for (const partition of PARTITIONS) {
      const texts = Array.from({ length: 50 }, (_, index) => shipmentText(`${round}-${partition}-${index}`));
      await produce(brokers, topic, partition, texts);
    }
  };
  const facts = async (): Promise<number> => client.db().collection("validated_shipments").countDocuments();
  return { program, gateway, send, facts };
}

function childrenOf({ child: { pid } }: Gateway): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

type Line = Readonly<Record<string, unknown>>;

function linesOf({ output }: Gateway, event: string): readonly Line[] {
  return output()
    .stderr.split("\n")
    .filter((line) => line.startsWith("{") && line.includes(`"${event}"`))
    .map((line) => JSON.parse(line) as Line);
}

/** Which worker took up each partition, each time. */
function takenUp(gateway: Gateway): Readonly<Record<string, readonly number[]>> {
  const taken: Record<string, number[]> = {};
  for (const line of linesOf(gateway, "stream.acquired")) {
    const partition = String(line["messaging.destination.partition.id"]);
    taken[partition] = [...(taken[partition] ?? []), Number(line["sigma.worker"])];
  }
  return taken;
}

/** All partitions run, two with each worker. */
async function allRun(gateway: Gateway): Promise<boolean> {
  const { status, streams } = await gateway.ready();
  const owners = Object.values(takenUp(gateway)).map((taken) => taken.at(-1));
  const hasTwo = (worker: number): boolean => owners.filter((owner) => owner === worker).length === 2;
  return status === 200 && streams.length === PARTITIONS.length && hasTwo(1) && hasTwo(2);
}

async function metric({ url }: Gateway, name: string): Promise<Readonly<Record<string, number>>> {
  const page = await (await fetch(`${url}/metrics`)).text();
  const found: Record<string, number> = {};
  for (const [, worker = "", value] of page.matchAll(new RegExp(`^${name}\\{worker="([^"]+)".*\\} (\\S+)$`, "gm")))
    found[worker] = (found[worker] ?? 0) + Number(value);
  return found;
}

test("two workers are one gateway: one address, one log, one page of metrics; a lost one is back by itself", async () => {
  const { program, gateway, send, facts } = await twoWorkers("fleet");
  await until(async () => allRun(gateway));
  const [first = 0, second = 0] = childrenOf(gateway);
  await send("A");
  await expect.poll(facts).toBe(200);
  // Who waits over HTTP hears of what a worker decided.
  const waited = await fetch(`${gateway.url}/v1/events/fleet`, {
    method: "POST",
    headers: { "content-type": "application/json", prefer: "wait=30" },
    body: shipmentText("W"),
  });
  expect([waited.status, await waited.json()]).toMatchObject([200, { decisions: [{ status: "PASSED" }] }]);
  expect(await metric(gateway, "sigma_worker_up")).toEqual({ 1: 1, 2: 1 });
  const decided = await metric(gateway, "sigma_decisions_total");
  expect((decided[1] ?? 0) + (decided[2] ?? 0)).toBe(201);
  const totals = async (): Promise<unknown> =>
    ((await (await fetch(`${gateway.url}/v1/status`)).json()) as { decided: unknown }).decided;
  expect(await totals()).toEqual({ decided: 201, passed: 201, failed: 0, duplicates: 0 });
  const { streams } = (await (await fetch(`${gateway.url}/v1/status`)).json()) as {
    readonly streams: readonly { readonly share: number }[];
  };
  expect(streams.map(({ share }) => Math.round(share * 201)).toSorted((a, b) => a - b)).toEqual([50, 50, 50, 51]);
  // Only the process that watches over them serves HTTP, and its address is told once.
  expect(gateway.output().stdout.match(/"kind":"started"/g)).toHaveLength(1);

  const before = takenUp(gateway);
  process.kill(first, "SIGKILL");
  await until(() => linesOf(gateway, "worker.lost").length === 1);
  expect(linesOf(gateway, "worker.lost")[0]).toMatchObject({
    level: "warn",
    "sigma.worker": 1,
    "sigma.why": "ended by SIGKILL",
  });
  await until(async () => allRun(gateway));
  await send("B");
  await expect.poll(facts).toBe(401);
  // What the lost one had decided still counts.
  await expect.poll(totals).toMatchObject({ decided: 401, passed: 401 });
  expect(await metric(gateway, "sigma_worker_restarts_total")).toEqual({ 1: 1, 2: 0 });
  // Its partitions waited for it: nothing moved to the other one.
  const after = takenUp(gateway);
  for (const partition of PARTITIONS) {
    const taken = before[partition] ?? [];
    expect([partition, after[partition]]).toEqual([partition, taken.at(-1) === 1 ? [...taken, 1] : taken]);
  }
  expect(childrenOf(gateway)).toContain(second);

  gateway.child.kill("SIGTERM");
  expect((await gateway.ended).code).toBe(0);
  expect(linesOf(gateway, "gateway.stopped")).toHaveLength(1);
  expect((await program.run("audit", "--source")).code).toBe(0);
});

test("SIGHUP replaces the workers one after another, and moves no partition", async () => {
  const { gateway, send, facts } = await twoWorkers("rolled");
  await until(async () => allRun(gateway));
  const before = takenUp(gateway);
  const old = childrenOf(gateway);
  gateway.child.kill("SIGHUP");
  await send("A");
  await until(async () => linesOf(gateway, "worker.started").length === 4 && (await allRun(gateway)));
  await send("B");
  await expect.poll(facts).toBe(400);
  expect(childrenOf(gateway).filter((pid) => old.includes(pid))).toEqual([]);
  const after = takenUp(gateway);
  // Each was taken up once more, by the same worker.
  for (const partition of PARTITIONS) {
    const taken = before[partition] ?? [];
    expect([partition, after[partition]]).toEqual([partition, [...taken, taken.at(-1)]]);
  }
  expect(linesOf(gateway, "worker.lost")).toEqual([]);
  gateway.child.kill("SIGTERM");
  expect((await gateway.ended).code).toBe(0);
});

test("workers whose process is gone end by themselves, and the next one goes on", async () => {
  const { program, gateway, send, facts } = await twoWorkers("orphans");
  await until(async () => allRun(gateway));
  await send("A");
  await expect.poll(facts).toBe(200);
  const workers = childrenOf(gateway);
  expect(workers).toHaveLength(2);
  gateway.child.kill("SIGKILL");
  await gateway.ended;
  await until(() => workers.every(isGone));
  const next = await program.start("info");
  await until(async () => allRun(next));
  await send("B");
  await expect.poll(facts).toBe(400);
  next.child.kill("SIGTERM");
  expect((await next.ended).code).toBe(0);
  expect((await program.run("audit", "--source")).code).toBe(0);
});

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}
