import { MongoClient } from "mongodb";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../patience.ts";
import { createTopic, deleteTopic, withAdmin } from "../servers/kafka-for-tests.ts";
import { engines, produce, Program, shipmentText, type Gateway } from "./engines.ts";

const { kafka, mongo } = engines();

const LANES = "urgent?priority=1&priority_field=/priority,rest";

/** A topic whose lane `rest` has no topic yet. The broker makes none by itself. */
async function withoutRest(topic: string) {
  const { brokers } = kafka();
  for (const one of [topic, `${topic}.lane.urgent`]) await createTopic(brokers, one, 1);
  const rest = `${topic}.lane.rest`;
  const uri = mongo().uri.replace("/?", `/${topic}?`);
  const as = (role: string): Program => new Program(brokers, uri, topic, { SIGMA_LANES: LANES, SIGMA_ROLE: role });
  const client = new MongoClient(uri);
  onTestFinished(async () => client.close());
  const facts = client.db().collection("validated_shipments");
  return {
    as,
    rest,
    make: async () =>
      until(async () =>
        createTopic(brokers, rest, 1).then(
          () => true,
          // Of one that is deleted the name is free a little later.
          () => false,
        ),
      ),
    remove: async () => deleteTopic(brokers, rest),
    /** One record for the lane `urgent`, and then two for the other. */
    send: async (name: string) => {
      const texts = [0, 1, 2].map((at) => shipmentText(`${name}-${at}`));
      const urgent = texts.map((text, at) => (at === 0 ? text.replace('"priority":2', '"priority":1') : text));
      await produce(brokers, topic, 0, urgent);
    },
    facts: async () => facts.countDocuments(),
  };
}

type Told = { readonly code: string; readonly message: string } | null;

/** What a process says of its streams: where it is, and what it waits for. */
async function told({ url }: Gateway): Promise<readonly { readonly at: string; readonly trouble: Told }[]> {
  const { router, streams } = (await (await fetch(`${url}/readyz`)).json()) as {
    readonly router?: readonly { readonly topic: string; readonly movedTo: number; readonly trouble: Told }[];
    readonly streams: readonly { readonly topic: string; readonly settledTo: number; readonly trouble: Told }[];
  };
  const moved = (router ?? []).map(({ topic, movedTo, trouble }) => ({ at: `${topic} ${movedTo}`, trouble }));
  return [...moved, ...streams.map(({ topic, settledTo, trouble }) => ({ at: `${topic} ${settledTo}`, trouble }))];
}

async function end(gateway: Gateway): Promise<void> {
  gateway.child.kill("SIGTERM");
  expect((await gateway.ended).code).toBe(0);
}

test("without the topic of a lane neither a router nor a worker begins, and each names it", async () => {
  const { as, rest, make, send, facts } = await withoutRest("unmade");
  await send("A");
  for (const role of ["router", "worker"]) {
    const { code, stderr } = await as(role).run("start", "--port", "0");
    expect([code, stderr]).toEqual([
      1,
      `error LOG_TOPIC_MISSING Cannot use topic "${rest}": it does not exist\n` +
        "  fix: create the topic, or take it out of sources and lanes\n",
    ]);
  }
  await make();
  const [router, worker] = [await as("router").start(), await as("worker").start()];
  await expect.poll(facts).toBe(3);
  for (const gateway of [router, worker]) await end(gateway);
  const checked = await as("all").run("lanes", "check");
  expect([checked.code, checked.stdout]).toEqual([0, expect.stringContaining("in its lanes exactly once") as string]);
});

test("the topic of a lane that is deleted meanwhile is named by router and worker, which go on by themselves when it comes", async () => {
  const { as, rest, make, remove, send, facts } = await withoutRest("deleted");
  await make();
  const router = await as("router").start();
  let worker = await as("worker").start();
  await send("A");
  await expect.poll(facts).toBe(3);
  await remove();
  await send("B");
  const message = `Cannot move records to topic "${rest}": it does not exist`;
  await until(async () => (await told(router))[0]?.trouble?.message === message);
  expect((await told(router))[0]).toMatchObject({ at: "deleted 3", trouble: { code: "LOG_TOPIC_MISSING" } });
  await until(async () => (await told(worker)).some(({ at, trouble }) => at.startsWith(rest) && trouble !== null));
  expect((await told(worker)).find(({ at }) => at.startsWith(rest))?.trouble?.code).toBe("LOG_TOPIC_MISSING");
  // No record of the batch is in a lane: it waits as a whole.
  expect(await facts()).toBe(3);
  await make();
  await expect.poll(facts).toBe(6);
  await until(async () => (await told(router)).every(({ trouble }) => trouble === null));
  await until(async () => (await told(worker)).every(({ trouble }) => trouble === null));
  // What was decided before is in the ledger, though its topic is gone.
  const whole = await as("all").run("lanes", "check");
  expect([whole.code, whole.stdout]).toEqual([0, expect.stringContaining("in its lanes exactly once") as string]);

  // What was there and not decided is gone with the topic, and named.
  await end(worker);
  await send("C");
  await until(async () => (await told(router))[0]?.at === "deleted 9");
  await remove();
  await make();
  worker = await as("worker").start();
  await expect.poll(facts).toBe(7);
  const lost = await as("all").run("lanes", "check");
  expect([lost.code, lost.stdout.match(/^missing .*$/gm)]).toEqual([
    30,
    ["missing deleted/0@7", "missing deleted/0@8"],
  ]);
  for (const gateway of [router, worker]) await end(gateway);
  expect((await as("all").run("audit", "--source")).code).toBe(0);
});

test("a lane that gets more partitions stops nobody, and the next records are spread over all of them", async () => {
  const { as, rest, make, send, facts } = await withoutRest("grown");
  await make();
  const [router, worker] = [await as("router").start(), await as("worker").start()];
  await send("A");
  await expect.poll(facts).toBe(3);
  const { brokers } = kafka();
  await withAdmin(brokers, async (admin) =>
    admin.createPartitions({
      topics: [{ name: rest, count: 3, assignments: [{ brokerIds: [1] }, { brokerIds: [1] }] }],
      validateOnly: false,
    }),
  );
  for (let round = 0; round < 8; round += 1) {
    await send(`B${round}`);
    await expect.poll(facts).toBe(6 + round * 3);
  }
  const grown = (await told(worker)).filter(({ at }) => /^grown\.lane\.rest (?!0$)/.test(at));
  expect(grown.length).toBeGreaterThan(1);
  expect((await told(router))[0]).toMatchObject({ at: "grown 27", trouble: null });
  // At this level it says nothing but troubles.
  expect(router.output().stderr).toBe("");
  for (const gateway of [router, worker]) await end(gateway);
  const checked = await as("all").run("lanes", "check");
  expect([checked.code, checked.stdout]).toEqual([0, expect.stringContaining("in its lanes exactly once") as string]);
  expect((await as("all").run("audit", "--source")).code).toBe(0);
});
