import { MongoClient } from "mongodb";
import { describe, expect, onTestFinished, test } from "vitest";
import { until } from "../patience.ts";
import { createTopic, deleteTopic } from "../servers/kafka-for-tests.ts";
import { openClients } from "../source/kafka/client-facts-clients.ts";
import { engines, Program, produce, shipmentText } from "./engines.ts";

const { kafka, mongo } = engines();

let count = 0;

/** A topic and the program, with a gateway of it that runs. */
async function running(partitions = 1) {
  count += 1;
  const topic = `anew-${count}`;
  const database = `anew_${count}`;
  const { brokers } = kafka();
  await createTopic(brokers, topic, partitions);
  const program = new Program(brokers, mongo().uri.replace("/?", `/${database}?`), topic);
  const client = new MongoClient(mongo().uri);
  onTestFinished(async () => client.close());
  const gateway = await program.start();
  const validated = async () => client.db(database).collection("validated_shipments").countDocuments();
  return { topic, brokers, program, gateway, db: client.db(database), validated };
}

type Answer = { readonly status: number; readonly body: Record<string, unknown> };

async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** Makes a topic anew as soon as the broker has forgotten the one of before. */
async function remake(brokers: string, topic: string): Promise<void> {
  await deleteTopic(brokers, topic);
  await until(async () =>
    createTopic(brokers, topic, 1).then(
      () => true,
      () => false,
    ),
  );
}

describe("a topic that is made anew", () => {
  test("answers no record with the decision of one of before, neither at once nor when it is asked for", async () => {
    const { topic, brokers, program, gateway, validated } = await running();
    const valid = Array.from({ length: 400 }, (_, n) => shipmentText(`OLD-${n}`));
    await produce(brokers, topic, 0, valid);
    await expect.poll(validated).toBe(400);
    const before = await ask(`${gateway.url}/v1/decisions/${topic}/0/7`);
    expect(before).toMatchObject({ status: 200, body: { status: "PASSED" } });
    const stream = String(before.body["stream"]);

    await remake(brokers, topic);
    const invalid = {
      method: "POST",
      body: '{"shipment_id":""}',
      headers: { "content-type": "application/json", prefer: "wait=2" },
    };
    const answers: Answer[] = [];
    // Until the new stream is decided, and a few beyond.
    await until(async () => {
      answers.push(await ask(`${gateway.url}/v1/events/${topic}`, invalid));
      return answers.filter(({ status }) => status === 200).length >= 5;
    });
    const statuses = answers.flatMap(({ status, body }) =>
      status === 200 ? (body["decisions"] as readonly { status: string }[]).map((one) => one.status) : [],
    );
    expect(new Set(statuses)).toEqual(new Set(["FAILED"]));
    for (const { status, body } of answers) {
      expect([200, 202, 503]).toContain(status);
      if (status !== 503) expect(JSON.stringify(body)).not.toContain(stream);
    }
    // The old stream is asked for by its name.
    const named = `?stream=${encodeURIComponent(stream)}`;
    expect(await ask(`${gateway.url}/v1/decisions/${topic}/0/7${named}`)).toMatchObject({
      status: 200,
      body: { status: "PASSED", stream },
    });
    expect(await ask(`${gateway.url}/v1/decisions/${topic}/0/400${named}`)).toMatchObject({
      status: 404,
      body: { code: "no-record", final: true },
    });
    expect((await ask(`${gateway.url}/v1/decisions/${topic}/0/0`)).body).toMatchObject({ status: "FAILED" });
    const list = await program.run("streams", "list");
    expect([list.code, list.stdout]).toEqual([0, expect.not.stringContaining("halted") as string]);
  });

  test("leaves a note and no alarm of the stream that was halted before", async () => {
    const { topic, brokers, program, gateway, db, validated } = await running();
    await produce(brokers, topic, 0, [shipmentText("A")]);
    await expect.poll(validated).toBe(1);
    const stream = String((await ask(`${gateway.url}/v1/decisions/${topic}/0/0`)).body["stream"]);
    const note = { topic, partition: 0, code: "LOG_TRUNCATED", message: "it ends at 0", remedy: "restore it" };
    await db.collection<{ _id: string }>("sigma_halts").insertOne({ _id: stream, ...note });
    await remake(brokers, topic);
    await produce(brokers, topic, 0, [shipmentText("B")]);
    await expect.poll(validated).toBe(2);
    const list = await program.run("streams", "list");
    expect([list.code, list.stdout]).toEqual([0, expect.stringMatching(/ended[^]*was made anew/) as string]);
  });
});

describe("a topic that is made anew with other partitions", () => {
  test.each([
    [3, 1],
    [1, 3],
  ])(
    "%i, then %i: takes records of every key again, and decides them",
    async (before, after) => {
      const { topic, brokers, gateway } = await running(before);
      const keys = ["a", "b", "c", "d", "e", "f", "g", "h"];
      let sent = 0;
      const send = async (): Promise<readonly Answer[]> =>
        Promise.all(
          keys.map(async (key) =>
            ask(`${gateway.url}/v1/events/${topic}`, {
              method: "POST",
              body: shipmentText(`R-${(sent += 1)}`),
              headers: { "content-type": "application/json", "sigma-key": key },
            }),
          ),
        );
      await until(async () => (await send()).every(({ status }) => status === 202));
      await deleteTopic(brokers, topic);
      for (const { status } of await send()) expect([202, 503]).toContain(status);
      await until(async () =>
        createTopic(brokers, topic, after).then(
          () => true,
          () => false,
        ),
      );
      let answers: readonly Answer[] = [];
      await until(async () => {
        answers = await send();
        for (const { status } of answers) expect([202, 503]).toContain(status);
        return answers.every(({ status }) => status === 202);
      });
      const used = answers.flatMap(({ body }) => body["positions"] as readonly { stream: string; partition: number }[]);
      expect(new Set(used.map(({ partition }) => partition)).size).toBe(after);
      for (const { body } of answers) {
        const [position] = body["positions"] as readonly { stream: string; partition: number; offset: number }[];
        const where = `${gateway.url}/v1/decisions/${topic}/${position?.partition}/${position?.offset}`;
        await until(async () => (await ask(where)).body["status"] === "PASSED");
        expect((await ask(where)).body["stream"]).toBe(position?.stream);
      }
    },
    180_000,
  );
});

describe("an offset that holds no record", () => {
  test("is answered so for good once it is settled: aborted records, and the markers of transactions", async () => {
    const { topic, brokers, gateway, validated } = await running();
    await openClients(brokers).transactions(topic, [
      { end: "abort", values: [shipmentText("X"), shipmentText("Y")] },
      { end: "commit", values: [shipmentText("A")] },
    ]);
    await expect.poll(validated).toBe(1);
    await until(async () => ((await gateway.ready()).streams[0]?.settledTo ?? 0) >= 5);
    for (const offset of [0, 1, 2, 4]) {
      expect(await ask(`${gateway.url}/v1/decisions/${topic}/0/${offset}`)).toMatchObject({
        status: 404,
        body: { code: "no-record", final: true },
      });
    }
    expect((await ask(`${gateway.url}/v1/decisions/${topic}/0/3`)).body).toMatchObject({ status: "PASSED" });
    expect(await ask(`${gateway.url}/v1/decisions/${topic}/0/5`)).toMatchObject({
      status: 404,
      body: { final: false },
    });
  });
});
