import { randomInt } from "node:crypto";
import { expect, onTestFailed, test } from "vitest";
import { openArena } from "./arena.ts";
import { newChaosReport, runChaos } from "./chaos.ts";
import { needKafka, needMongo } from "./servers.ts";

const SEED = Number(process.env["SIGMA_CHAOS_SEED"] ?? randomInt(1_000_000_000));
const RECORDS = Number(process.env["SIGMA_CHAOS_RECORDS"] ?? 100_000);
const KILLS = Number(process.env["SIGMA_CHAOS_KILLS"] ?? 25);
const ZOMBIES = Math.ceil(KILLS / 5);
const WORKERS = 3;
const PARTITIONS = 6;
const NUMBER = new Intl.NumberFormat("en");
/** Time for the faults alone. */
const CHAOS_MAX_MS = 900_000;

test(`${KILLS} SIGKILLs and ${ZOMBIES} SIGSTOP zombies over ${WORKERS} workers, ${PARTITIONS} partitions, ${NUMBER.format(RECORDS)} records`, async () => {
  const report = newChaosReport();
  const story = { seconds: 0, report };
  const tell = (): void => void process.stderr.write(`SIGMA_CHAOS_SEED=${SEED} ${JSON.stringify(story)}\n`);
  onTestFailed(tell);
  const [kafka, mongo] = [await needKafka(), await needMongo(1)];
  const uri = mongo.uri.replace("/?", "/chaos?");
  const arena = await openArena({ kafka, uri, partitions: PARTITIONS, workers: WORKERS, seed: SEED });
  const plan = { records: RECORDS, kills: KILLS, zombies: ZOMBIES };
  const started = performance.now();
  await runChaos(arena, plan, report, AbortSignal.timeout(CHAOS_MAX_MS));
  story.seconds = Math.round((performance.now() - started) / 1_000);
  await arena.judge();
  expect(report).toMatchObject({ kills: KILLS, zombies: ZOMBIES, overtaken: ZOMBIES });
  expect(report.killsUnderLoad).toBeGreaterThan(KILLS / 2);
  expect(arena.journal.entries.length).toBeGreaterThanOrEqual(RECORDS);
  if (process.env["SIGMA_CHAOS_SEED"] !== undefined) tell();
}, 1_800_000);
