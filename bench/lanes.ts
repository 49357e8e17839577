import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { MongoClient } from "mongodb";
import { openLaneLatency, type Beside, type Percentiles } from "../test/e2e/lane-latency.ts";
import { createTopic } from "../test/servers/kafka-for-tests.ts";
import { startKafka } from "../test/servers/kafka.ts";
import { startMongo } from "../test/servers/mongodb.ts";
import { readArguments, wholeNumber } from "./arguments.ts";
import { median } from "./rounds.ts";

// node bench/lanes.ts [rounds] [records a round]
// How much a poisoned lane and a slow one delay another: Kafka -> router -> lanes -> workers of each lane -> MongoDB, each in a process of its own. The
// 99th percentile of the time from the send of a healthy record until a majority of the store has it, in rounds that alternate: alone, and beside two
// records of another lane for each, which are sound, or all FAIL, or have a contract that takes milliseconds to judge each, 4 kB in all three
// cases, or are large. The first two rounds, in which the runtimes still compile, do not count. Target: the median of the rounds
// moves less than 20 % when the other lane is poisoned or slow instead of sound.

const [ROUNDS, RECORDS] = readArguments(wholeNumber(7), wholeNumber(300));
const COLD_ROUNDS = 2;
const TOPIC = "shipments";
const SIGMA = resolve(import.meta.dirname, "../bin/sigma.js");

const note = (bytes: number): string => "x".repeat(bytes);
/** A record of the other lane. Its identity differs, so that each sound one becomes a fact. */
let surveys = 0;
function survey(fields: object, id?: string): Beside {
  surveys += 1;
  return { text: JSON.stringify({ survey_id: id ?? `survey-${surveys}`, ...fields }), contract: "survey@1" };
}

const KINDS: Readonly<Record<string, () => readonly Beside[]>> = {
  alone: () => [],
  "beside a sound lane": () => twice(() => survey({ note: note(3_900) })),
  "beside a poisoned lane": () => twice(() => survey({ note: note(3_900) }, "")),
  // Each answer is judged by 400 schemas: some 4 ms for the 4 kB.
  "beside a slow contract": () => twice(() => survey({ answers: Array.from({ length: 400 }, (_, q) => ({ q })) })),
  "beside large records": () => twice(() => survey({ note: note(128_000) })),
};

function twice(make: () => Beside): readonly Beside[] {
  return [make(), make()];
}

const SURVEY = {
  "contract.yaml": `subject: survey
owner: bench@example.com
description: What takes long to judge.
collection: surveys
identity: [/survey_id]
versions:
  1: { status: active, schema: v1.schema.json }
`,
  "fixtures/v1/pass/one.json": '{"survey_id":"a"}',
  "fixtures/v1/fail/empty.json": '{"survey_id":""}',
  "v1.schema.json": JSON.stringify({
    type: "object",
    required: ["survey_id"],
    properties: {
      survey_id: { type: "string", minLength: 1 },
      answers: {
        type: "array",
        items: { anyOf: [...Array.from({ length: 400 }, (_, n) => ({ required: [`q${n}`] })), { type: "object" }] },
      },
    },
  }),
};

/** The contracts of the repository, and that one. */
function makeContracts(): string {
  const directory = join(mkdtempSync(join(tmpdir(), "sigma-bench-")), "contracts");
  cpSync(resolve(import.meta.dirname, "../contracts"), directory, { recursive: true });
  for (const part of ["pass", "fail"]) mkdirSync(join(directory, "survey/fixtures/v1", part), { recursive: true });
  for (const [name, text] of Object.entries(SURVEY)) writeFileSync(join(directory, "survey", name), text);
  execFileSync(process.execPath, [SIGMA, "contract", "freeze", "survey@1", "--contracts", directory], {
    stdio: "pipe",
  });
  return directory;
}

const LANES = ["survey", "rest"];
const CONTRACTS = makeContracts();

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const kafka = await startKafka();
const mongo = await startMongo(1, [], []);
const client = new MongoClient(mongo.uri);
const stopping: (() => void)[] = [];

/** Starts a command of the program, and waits until it says it is there. */
async function begin(args: readonly string[], more: Readonly<Record<string, string>>): Promise<void> {
  const env = {
    ...process.env,
    KAFKA_BROKERS: kafka.brokers,
    MONGODB_URI: mongo.uri.replace("/?", "/lanes?"),
    SIGMA_SOURCES: `${TOPIC}=shipment@1`,
    SIGMA_CONTRACTS_DIR: CONTRACTS,
    SIGMA_LANES: "survey?subject=survey&in_flight=50,rest",
    ...more,
  };
  const child = spawn(process.execPath, [SIGMA, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  stopping.push(() => void child.kill("SIGKILL"));
  const listening = new Promise<void>((said) => {
    // It is read on: whoever writes into a pipe that nobody reads ends.
    child.stderr.on("data", (chunk) => /listening|moving records/.test(String(chunk)) && said());
  });
  const ended = once(child, "exit").then(() => {
    throw new Error(`sigma ${args.join(" ")} ended`);
  });
  await Promise.race([listening, ended]);
  ended.catch(() => undefined);
}

try {
  for (const topic of [TOPIC, ...LANES.map((lane) => `${TOPIC}.lane.${lane}`)])
    await createTopic(kafka.brokers, topic, 1);
  await begin(["lanes", "route", "--log-format", "json"], {});
  for (const lane of LANES) await begin(["start", "--port", "0", "--log-format", "json"], { SIGMA_WORKER_LANES: lane });
  const latency = await openLaneLatency(kafka.brokers, TOPIC, client.db("lanes"), RECORDS);
  const took = new Map(Object.keys(KINDS).map((kind) => [kind, [] as Percentiles[]]));
  for (let round = 0; round < COLD_ROUNDS + ROUNDS; round += 1) {
    for (const [kind, besides] of Object.entries(KINDS)) {
      const times = await latency.round(besides);
      if (round >= COLD_ROUNDS) took.get(kind)?.push(times);
      say(
        `round ${round + 1}, ${kind}: half within ${times.p50.toFixed(1)} ms, 99 of 100 within ${times.p99.toFixed(1)} ms`,
      );
    }
  }
  await latency.close();
  for (const part of ["p50", "p99"] as const) {
    const middle = (kind: string): number => median((took.get(kind) ?? []).map((times) => times[part]));
    const beside = (kind: string, other: string): string =>
      `${(100 * (middle(kind) / middle(other) - 1)).toFixed(1)} % beyond ${other.replace("beside ", "")}`;
    for (const kind of Object.keys(KINDS))
      say(
        `median ${part} ${kind}: ${middle(kind).toFixed(1)} ms, ${beside(kind, "alone")}, ${beside(kind, "beside a sound lane")}`,
      );
  }
} finally {
  for (const stop of stopping) stop();
  await client.close();
  await Promise.all([kafka.stop(), mongo.stop()]);
}
