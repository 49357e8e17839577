import { userInfo } from "node:os";
import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { EXIT } from "../../../config/codes.ts";
import type { Config } from "../../../config/config.ts";
import { openLogAtHand } from "../../../app/logs.ts";
import { openToMigrate, type Migrating } from "../../../app/migrating.ts";

import { findLosses, type Loss } from "../../../store/migrations/loss.ts";
import { layoutAfter, planOf, runMigrations, type Plan } from "../../../store/migrations/migration.ts";
import { counted, grouped, note, print, printJson } from "../../terminal/output.ts";
import { toRun, toRunAgain } from "../../terminal/printed-command.ts";
import { Refusal, usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";
import { actorFrom } from "../../../operator/origin.ts";

export type MigrateOptions = {
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly acceptLoss: boolean;
  readonly othersElsewhere: boolean;
  readonly json: boolean;
};

/** `sigma store migrate`: prints the plan, asks for confirmation, and migrates. */
export async function migrateCommand(command: Command, options: MigrateOptions): Promise<void> {
  const config = await configFor(command);
  const migrating = await openToMigrate(config, options.othersElsewhere);
  try {
    const found = await migrating.found();
    if (found === null) throw nothingThere(config);
    const to = layoutAfter(migrating.migrations);
    if (found === to) return reportPresent(to, options);
    const plan = await planOf(migrating.migrations, found);
    const losses = await lossesOf(config, plan);
    reportPlan(found, to, plan, losses, options);
    if (losses.length > 0 && !options.acceptLoss) throw wouldLose(losses);
    if (options.dryRun) return;
    await confirm(options);
    await migrate(migrating, options);
  } finally {
    await migrating.close();
  }
}

async function lossesOf(config: Config, plan: Plan): Promise<readonly Loss[]> {
  if (plan.decided.length === 0) return [];
  const log = await openLogAtHand(config);
  try {
    return await findLosses(plan, log);
  } finally {
    await log?.close();
  }
}

async function migrate({ migrations, found }: Migrating, options: MigrateOptions): Promise<void> {
  const operator = { actor: actorFrom(userInfo().username, { via: "cli" }), at: new Date().toISOString() };
  const tell = (step: string): void => (options.json ? printJson({ kind: "step", step }) : note(step));
  const to = layoutAfter(migrations);
  const had = await runMigrations(migrations, async () => (await found()) ?? to, operator, tell);
  if (options.json) return printJson({ kind: "migrated", layouts: had });
  const again = had[0] === 1 ? ", which decides the log again" : "";
  print(`the store has layout ${to} now. Start the gateway${again}: ${toRun("start")}`);
}

function reportPresent(layout: number, { json }: MigrateOptions): void {
  if (json) return printJson({ kind: "present", layout });
  print(`the store has layout ${layout}, which this build writes: there is nothing to migrate`);
}

function reportPlan(
  from: number,
  to: number,
  { steps, decided }: Plan,
  losses: readonly Loss[],
  { json }: MigrateOptions,
): void {
  if (json) return printJson({ kind: "plan", from, to, steps, decided, losses });
  print(`layout ${from} to ${to}:`);
  for (const step of steps) print(`  ${step}`);
  const records = decided.reduce((sum, one) => sum + one.records, 0);
  if (records > 0) print(`${counted(records, "record")} in ${counted(decided.length, "stream")} to decide again`);
  for (const { message, records: lost } of losses)
    print(`lost: ${message}; ${lost === null ? "how many is not known" : grouped(lost)}`);
}

/** Asks for confirmation on a terminal; without a terminal --yes is required. */
async function confirm({ yes }: MigrateOptions): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw usage(
      "SIG-M-002",
      "Cannot migrate without a word: standard input is no terminal, and nothing can be asked",
      `run ${toRunAgain([["--yes", null]])}`,
    );
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await ask.question("Do that? [y/N] ");
    if (!/^y(?:es)?$/i.test(answer.trim()))
      throw new Refusal("SIG-M-002", "Not migrated: nothing was changed", "answer y to migrate", EXIT.usage);
  } finally {
    ask.close();
  }
}

function wouldLose(losses: readonly Loss[]): Refusal {
  const known = losses.reduce((sum, { records }) => sum + (records ?? 0), 0);
  return new Refusal(
    "SIG-M-001",
    `Cannot migrate: the log lacks ${known === 0 ? "" : `${grouped(known)} `}records that the old store has, and would not give them again`,
    `put the log back; or add --accept-loss: they stay in what is kept of the old store, and are in no new one`,
    EXIT.findings,
  );
}

function nothingThere({ dataDir, mongodbUri }: Config): Refusal {
  const where = mongodbUri === null ? `"${dataDir}"` : "the database";
  return usage("SIG-I-007", `Cannot migrate: ${where} holds no store yet`, "name another with --data or MONGODB_URI");
}
