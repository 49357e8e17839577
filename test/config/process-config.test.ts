import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { PROCESS_SETTINGS } from "../../src/config/process-settings.ts";
import { PROCESS_ROLES } from "../../src/http/access/process-roles.ts";

const SHARED = { KAFKA_BROKERS: "127.0.0.1:9092", MONGODB_URI: "mongodb://127.0.0.1/x" };

async function processOf(env: Readonly<Record<string, string>>) {
  const flags = new Map();
  const result = await readConfig({ flags, env, file: null });
  return result.ok ? result.config.process : result.faults.map(({ code, place, message }) => [code, place, message]);
}

test("a process does everything by itself, unless it is told otherwise", async () => {
  expect(await processOf({})).toEqual({ role: "all", workers: 1 });
  expect(await processOf(SHARED)).toEqual({ role: "all", workers: 1 });
  expect(await processOf({ ...SHARED, SIGMA_ROLE: "ingest" })).toEqual({ role: "ingest", workers: 1 });
  expect(await processOf({ SIGMA_ROLE: "validator" })).toEqual({ role: "validator", workers: 1 });
});

test("0 workers are one for each core, and one where files are embedded", async () => {
  expect(await processOf({ ...SHARED, SIGMA_WORKERS: "0" })).toEqual({ role: "all", workers: availableParallelism() });
  expect(await processOf({ SIGMA_WORKERS: "0" })).toEqual({ role: "all", workers: 1 });
  expect(await processOf({ ...SHARED, SIGMA_WORKERS: "0", SIGMA_ROLE: "console" })).toMatchObject({ workers: 1 });
});

test("roles and workers that embedded files do not allow are refused, with their place", async () => {
  expect(await processOf({ SIGMA_ROLE: "worker", KAFKA_BROKERS: "127.0.0.1:9092" })).toEqual([
    [
      "SIG-S-040",
      "environment SIGMA_ROLE",
      "Cannot run as worker: log or store are embedded, and one process alone uses embedded files",
    ],
  ]);
  expect(await processOf({ SIGMA_WORKERS: "2" })).toEqual([
    [
      "SIG-S-040",
      "environment SIGMA_WORKERS",
      "Cannot run 2 workers: log or store are embedded, and one process alone uses embedded files",
    ],
  ]);
  expect(await processOf({ ...SHARED, SIGMA_ROLE: "ingest", SIGMA_WORKERS: "2" })).toEqual([
    ["SIG-S-040", "environment SIGMA_WORKERS", "Cannot run 2 workers as ingest: that role decides nothing"],
  ]);
  expect(await processOf({ SIGMA_ROLE: "boss" })).toEqual([
    [
      "SIG-S-004",
      "environment SIGMA_ROLE",
      'Setting role must be one of all, ingest, worker, validator, console, router, found "boss"',
    ],
  ]);
});

test("a router needs Kafka and lanes, and no store", async () => {
  const kafka = { KAFKA_BROKERS: "127.0.0.1:9092", SIGMA_SOURCES: "t=shipment@1" };
  const router = { ...kafka, SIGMA_ROLE: "router" };
  expect(await processOf({ ...router, SIGMA_LANES: "rest" })).toEqual({ role: "router", workers: 1 });
  const place = "environment SIGMA_ROLE";
  expect(await processOf(router)).toEqual([["SIG-S-040", place, "Cannot run as router: no source has lanes"]]);
  expect(await processOf({ SIGMA_ROLE: "router", SIGMA_LANES: "rest" })).toContainEqual([
    "SIG-S-040",
    place,
    "Cannot run as router: the log is embedded, and lanes are topics of Kafka",
  ]);
  expect(await processOf({ ...router, SIGMA_LANES: "rest", SIGMA_WORKERS: "2" })).toContainEqual([
    "SIG-S-040",
    "environment SIGMA_WORKERS",
    "Cannot run 2 workers as router: that role decides nothing",
  ]);
});

test("the setting names the roles that the routes know", () => {
  expect(PROCESS_SETTINGS.role.value.values).toEqual(PROCESS_ROLES);
});
