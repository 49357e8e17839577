import { spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { decide } from "../src/core/decide.ts";
import { freePorts } from "../test/servers/ports.ts";
import { createTopic } from "../test/servers/kafka-for-tests.ts";
import { startKafka } from "../test/servers/kafka.ts";
import { startMongo } from "../test/servers/mongodb.ts";
import { readArguments, wholeNumber } from "./arguments.ts";
import { shipmentContracts } from "./contracts.ts";
import { produceShipments, runGateway } from "./gateway.ts";
import { shipmentLine } from "./line.ts";

// SEED_PYTHON=python node bench/seed.ts [records]
// The reference's own design (bench/seed: FastAPI, Pydantic, uvicorn; one HTTP call and one insert for each record) against
// the gateway, one after the other on the same servers. The Python needs fastapi, uvicorn, httpx, pymongo, kafka-python.
// Targets: 10 times end to end into MongoDB, 80 times for validation alone.

const [RECORDS] = readArguments(wholeNumber(20_000));
const PYTHON = process.env["SEED_PYTHON"] ?? "python3";
const TOPIC = "shipments";
const FOLDER = new URL("seed/", import.meta.url).pathname;

const [port = 0] = await freePorts(1);
const kafka = await startKafka();
const mongo = await startMongo(1, [], []);
const validator = spawn(
  PYTHON,
  ["-m", "uvicorn", "validator:app", "--port", String(port), "--log-level", "error", "--no-access-log"],
  { cwd: FOLDER, stdio: "inherit" },
);
try {
  await createTopic(kafka.brokers, TOPIC, 6);
  await produceShipments(kafka.brokers, TOPIC, RECORDS);
  const url = `http://127.0.0.1:${port}/api/validate`;
  await untilUp(url);
  const seedValidation = RECORDS / (await validateOverHttp(url));
  const ourValidation = validateHere();
  print("validation alone", seedValidation, ourValidation);
  const seed = RECORDS / (await runSeed(url));
  const ours = RECORDS / (await runGateway(kafka.brokers, mongo.uri, "gateway", TOPIC, RECORDS));
  print("Kafka to MongoDB", seed, ours);
} finally {
  validator.kill("SIGKILL");
  await Promise.all([kafka.stop(), mongo.stop()]);
}

function print(what: string, seed: number, ours: number): void {
  const ratio = (ours / seed).toFixed(1);
  process.stdout.write(`${what}: seed ${Math.round(seed)}/s, gateway ${Math.round(ours)}/s, ${ratio} times\n`);
}

async function untilUp(url: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if ((await fetch(url, { method: "POST", body: "{}" }).catch(() => null)) !== null) return;
    if (validator.exitCode !== null) break;
    await delay(100);
  }
  throw new Error(`${url} does not answer; has ${PYTHON} the packages?`);
}

/** 16 connections that are kept open, each with one request at a time. @returns seconds. */
async function validateOverHttp(url: string): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const started = process.hrtime.bigint();
  let next = 0;
  const connection = async (): Promise<void> => {
    for (let n = next++; n < RECORDS; n = next++) {
      const sending = request(url, { method: "POST", agent, headers: { "content-type": "application/json" } });
      sending.end(shipmentLine(n));
      const [response] = (await once(sending, "response")) as [NodeJS.ReadableStream];
      response.resume();
      await once(response, "end");
    }
  };
  await Promise.all(Array.from({ length: 16 }, connection));
  agent.destroy();
  return Number(process.hrtime.bigint() - started) / 1e9;
}

/** @returns decisions a second, warm. */
function validateHere(): number {
  const set = shipmentContracts(TOPIC);
  const values = Array.from({ length: 20_000 }, (_, n) => Buffer.from(shipmentLine(n)));
  let best = 0;
  for (let round = 0; round < 20; round += 1) {
    const started = process.hrtime.bigint();
    for (const value of values) decide({ topic: TOPIC, headers: [], value }, set);
    best = Math.max(best, values.length / (Number(process.hrtime.bigint() - started) / 1e9));
  }
  return best;
}

async function runSeed(url: string): Promise<number> {
  const worker = spawn(PYTHON, ["worker.py", kafka.brokers, TOPIC, url, mongo.uri, String(RECORDS)], { cwd: FOLDER });
  let out = "";
  worker.stdout.on("data", (chunk) => (out += String(chunk)));
  worker.stderr.pipe(process.stderr);
  const [code] = (await once(worker, "close")) as [number | null];
  if (code !== 0) throw new Error("the seed's worker failed");
  return Number(out);
}
