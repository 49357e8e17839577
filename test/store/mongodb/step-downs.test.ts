import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../../patience.ts";
import { command } from "../../servers/mongodb.ts";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { testDatabase } from "./database.ts";
import { insertFacts, LAW_COLLECTION, ledgerEntry, noteOf, validatedRow } from "../rows.ts";

const CHILD = new URL("reading.child.ts", import.meta.url).pathname;
const ROUNDS = 20;

const mongo = mongoForTests(1);

test(`${ROUNDS} step-downs, some of them frozen, under many reads at once end no process`, async () => {
  const server = mongo.server();
  const database = await testDatabase(server);
  const store = await database.open();
  await store.insertLedger(ledgerEntry(0), null);
  await noteOf(store);
  await insertFacts(
    store,
    LAW_COLLECTION,
    Array.from({ length: 20 }, (_, n) => validatedRow(`r${n}`, BigInt(n))),
  );
  const child = spawn(process.execPath, [CHILD, database.uri], { stdio: ["pipe", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stderr = "";
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  const ended = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  await until(() => lines.length > 0 || child.exitCode !== null);
  const port = server.ports[0] ?? 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    await command(port, { replSetStepDown: 1, force: true }).catch(() => undefined);
    if (round % 5 === 4) {
      server.freeze(0, true);
      await delay(500);
      server.freeze(0, false);
    }
    await until(async () => (await command(port, { hello: 1 }).catch(() => null))?.["isWritablePrimary"] === true);
  }
  child.stdin.end();
  expect({ ended: await ended, stderr }).toEqual({ ended: [0, null], stderr: "" });
  const counts = JSON.parse(lines.at(-1) ?? "{}") as { reads: number; outages: number };
  expect(counts.reads).toBeGreaterThan(100);
});
