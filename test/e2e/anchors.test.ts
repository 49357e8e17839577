import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Producer, ProduceAcks } from "@platformatic/kafka";
import { Long, MongoClient, type Db } from "mongodb";
import { describe, expect, onTestFinished, test } from "vitest";
import { makeKey } from "../../src/anchor/keys.ts";
import { readWritten } from "../../src/anchor/written.ts";
import { anchorLine } from "../../src/ledger/anchor.ts";
import { createTopic } from "../servers/kafka-for-tests.ts";
import { engines, Program, produce, shipmentText, type Ran } from "./engines.ts";

const { kafka, mongo } = engines();

const COMPACTED = { "cleanup.policy": "compact" };

let made = 0;

/** A topic of two partitions, and gateways of it that anchor to a compacted topic and to a file. */
async function anchoring(topicIsThere = true) {
  made += 1;
  const [topic, anchors, database] = [`anchored-${made}`, `anchors-${made}`, `anchored_${made}`];
  const { brokers } = kafka();
  await createTopic(brokers, topic, 2);
  if (topicIsThere) await createTopic(brokers, anchors, 3, COMPACTED);
  const outside = mkdtempSync(join(tmpdir(), "sigma-anchors-"));
  onTestFinished(() => rmSync(outside, { recursive: true, force: true }));
  const keyFile = join(outside, "anchor.key");
  const publicKey = makeKey(keyFile)?.id ?? "";
  const file = join(outside, "anchors.jsonl");
  const program = new Program(brokers, mongo().uri.replace("/?", `/${database}?`), topic, {
    SIGMA_ANCHOR_TOPIC: anchors,
    SIGMA_ANCHOR_FILE: file,
    SIGMA_ANCHOR_KEY_FILE: keyFile,
    SIGMA_ANCHOR_ENTRIES: "1",
  });
  const client = new MongoClient(mongo().uri);
  onTestFinished(async () => client.close());
  const db = client.db(database);
  const validated = async () => db.collection("validated_shipments").countDocuments();
  const audit = async (...args: readonly string[]) => program.run("audit", "-q", "--json", ...args);
  return { topic, anchors, brokers, keyFile, publicKey, file, program, db, validated, audit };
}

function linesOf({ stdout }: Ran): readonly Readonly<Record<string, unknown>>[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

/** What a running gateway says of the last anchor of each of its places. */
async function signaturesOf(url: string): Promise<readonly string[]> {
  const { places } = (await (await fetch(`${url}/v1/ledger/anchors`)).json()) as {
    readonly places: readonly {
      readonly place: string;
      readonly signature: { readonly kind: string; readonly key?: string; readonly why?: string };
    }[];
  };
  return places.map(({ place, signature: { kind, key, why } }) => `${place} ${kind} ${why ?? `by ${key}`}`);
}

/** What doctor says of the topic of anchors. */
async function doctorOf(program: Program, anchors: string): Promise<readonly unknown[]> {
  const checks = linesOf(await program.run("doctor", "--json", "--port", "0"));
  const ofAnchors = checks.filter(({ message }) => String(message).includes(`"${anchors}"`));
  return ofAnchors.map(({ result }) => String(result)).toSorted();
}

function codesOf(ran: Ran): readonly unknown[] {
  return [...new Set(linesOf(ran).flatMap(({ kind, code }) => (kind === "finding" ? [code] : [])))];
}

async function appendAnchor(brokers: string, topic: string, chain: string, line: string): Promise<void> {
  const producer = new Producer({ clientId: "tests", bootstrapBrokers: [brokers], acks: ProduceAcks.ALL });
  try {
    await producer.send({ messages: [{ topic, key: Buffer.from(chain), value: Buffer.from(line) }] });
  } finally {
    await producer.close(true);
  }
}

/** Appends as many records of somebody else to each partition. */
async function appendOthers(brokers: string, topic: string, count: number): Promise<void> {
  const producer = new Producer({ clientId: "tests", bootstrapBrokers: [brokers], acks: ProduceAcks.ALL });
  const [key, value] = [Buffer.from("of somebody else"), Buffer.from("{}")];
  try {
    for (const partition of [0, 1, 2])
      await producer.send({ messages: Array.from({ length: count }, () => ({ topic, partition, key, value })) });
  } finally {
    await producer.close(true);
  }
}

/** Cuts off the last entry of a stream with what it decided and counted. */
async function cutOff(db: Db): Promise<void> {
  const ledger = db.collection("sigma_ledger");
  const [last] = await ledger.find({ kind: "BATCH" }).sort({ seq: -1 }).limit(1).toArray();
  if (last === undefined) throw new Error("there is no entry");
  const { _id, stream, from, seq, count } = last as Readonly<Record<string, unknown>>;
  await ledger.deleteOne({ _id: _id as never });
  const number = (await db.collection("sigma_streams").findOne({ stream }))?._id;
  const facts = db.collection("validated_shipments");
  await facts.deleteMany({ "source.stream": number as never, "source.offset": { $gte: from } });
  const volume = db.collection("sigma_volume");
  const less = { $inc: { count: Long.fromNumber(-Number(count)) }, $set: { seq: Long.fromNumber(Number(seq) - 1) } };
  await volume.updateMany({ stream: number, seq }, less);
  await volume.deleteMany({ count: 0 });
}

describe("anchors in a compacted topic", () => {
  test("of two gateways of one store are verified, and show an end that was cut off and a chain that another key signed", async () => {
    const { topic, anchors, brokers, publicKey, file, program, db, validated, audit } = await anchoring();
    const gateways = [await program.start(), await program.start()];
    await expect
      .poll(async () =>
        (await Promise.all(gateways.map(async ({ ready }) => ready()))).map(({ streams }) => streams.length),
      )
      .toEqual([1, 1]);
    for (const round of [0, 1, 2]) {
      for (const partition of [0, 1])
        await produce(brokers, topic, partition, [
          shipmentText(`${round}-${partition}-A`),
          shipmentText(`${round}-${partition}-B`),
        ]);
      await expect.poll(validated).toBe((round + 1) * 4);
    }
    // While they run, too.
    expect(codesOf(await audit("--anchors", "--public-key", publicKey))).toEqual([]);
    const [first, second] = await Promise.all(gateways.map(async ({ url }) => signaturesOf(url)));
    expect([...(first ?? []), ...(second ?? [])].toSorted()).toEqual([
      `${file} verified by ${publicKey}`,
      `${file} verified by ${publicKey}`,
      `kafka:${anchors} verified by ${publicKey}`,
      `kafka:${anchors} verified by ${publicKey}`,
    ]);
    for (const { child } of gateways) child.kill("SIGTERM");
    expect((await Promise.all(gateways.map(async ({ ended }) => ended))).map(({ code }) => code)).toEqual([0, 0]);
    expect(existsSync(`${file}.2`)).toBe(true);

    const good = await audit("--anchors");
    expect([good.code, good.stderr]).toEqual([0, ""]);
    const [{ anchors: ends = [], anchored = 0 } = {}] = linesOf(good);
    const places = (ends as readonly { readonly place: string }[]).map(({ place }) => place).toSorted();
    expect(places).toEqual([file, `${file}.2`, `kafka:${anchors}`, `kafka:${anchors}`]);
    expect(Number(anchored)).toBeGreaterThanOrEqual(4);

    expect(await doctorOf(program, anchors)).toEqual(["ok", "ok", "warn"]);

    const [forger, at] = [makeKey(`${file}.forger`), new Date(0).toISOString()];
    if (forger === null) throw new Error("there is a forger already");
    const chain = { chain: "ab".repeat(16), counter: 0, prev: "0".repeat(64), rotations: [], operator: null };
    await appendAnchor(
      brokers,
      anchors,
      chain.chain,
      anchorLine({ ...chain, at, key: forger.id, streams: [] }, forger),
    );
    const signed = await audit("--anchors", `kafka:${anchors}`);
    expect([signed.code, codesOf(signed)]).toEqual([30, ["ANCHOR_SIGNATURE"]]);

    await cutOff(db);
    expect((await audit()).code).toBe(0);
    const cut = await audit("--anchors", `kafka:${anchors}`);
    expect([cut.code, codesOf(cut)]).toEqual([30, ["ANCHOR_SIGNATURE", "ANCHOR_BEHIND"]]);
  });

  test("of which others wrote much since: a gateway still finds its own last anchor", async () => {
    const { topic, anchors, brokers, keyFile, publicKey, program, validated } = await anchoring();
    const gateway = await program.start();
    await produce(brokers, topic, 0, [shipmentText("A")]);
    await expect.poll(validated).toBe(1);
    await expect.poll(() => readWritten(keyFile).has(`kafka:${anchors}`)).toBe(true);
    await appendOthers(brokers, anchors, 201);
    const [, ofTopic] = (await signaturesOf(gateway.url)).toSorted();
    expect(ofTopic).toBe(`kafka:${anchors} verified by ${publicKey}`);
  });

  test("that is not there stops nothing: it is told, and the file is written", async () => {
    const { topic, anchors, brokers, program, validated, audit, file } = await anchoring(false);
    const gateway = await program.start();
    await produce(brokers, topic, 0, [shipmentText("A")]);
    await expect.poll(validated).toBe(1);
    await expect.poll(() => gateway.output().stderr).toContain(`Cannot append to topic \\"${anchors}\\"`);
    expect((await gateway.ready()).status).toBe(200);
    gateway.child.kill("SIGTERM");
    await gateway.ended;
    expect((await audit("--anchors", file)).code).toBe(0);
    expect(await doctorOf(program, anchors)).toEqual(["fail"]);
    const missing = await audit("--anchors");
    expect([missing.code, missing.stderr.includes("LOG_TOPIC_MISSING")]).toEqual([1, true]);
  });
});
