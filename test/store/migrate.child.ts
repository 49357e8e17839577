import { writeSync } from "node:fs";
import { openToMigrate } from "../../src/app/migrating.ts";
import { runMigrations } from "../../src/store/migrations/migration.ts";

// node migrate.child.ts <dataDir> <mongodbUri or ""> <step> [SIGSTOP]: migrates, and is gone (SIGKILL), or stands still, when that step is told.
// Prints the number of steps when it gets through.
const [dataDir = "", uri = "", last = "", signal = "SIGKILL"] = process.argv.slice(2);
const { found, migrations, close } = await openToMigrate({ dataDir, mongodbUri: uri === "" ? null : uri }, true);
let steps = 0;
const operator = { actor: "somebody", at: "2026-11-28T17:00:00.000Z" };
await runMigrations(
  migrations,
  async () => (await found()) ?? 0,
  operator,
  (step) => {
    steps += 1;
    if (steps !== Number(last)) return;
    if (signal === "SIGSTOP") writeSync(1, `stands still: ${step}\n`);
    process.kill(process.pid, signal);
  },
);
process.stdout.write(`${steps}\n`);
await close();
