import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { EXIT } from "../../../config/codes.ts";
import type { Config } from "../../../config/config.ts";
import { completeErasures, eraseRecords, type EraseReport } from "../../../erase/erase.ts";
import { SELECTED_MAX, selectRecords, type Plan } from "../../../erase/select.ts";
import { hasData } from "../../../app/data-directory.ts";
import { openErasing } from "../../../app/engine.ts";
import { openStoreFor } from "../../../app/stores.ts";
import type { Operator } from "../../../gateway/operate.ts";
import { requestOf, selectionOf, type Request, type RequestOptions } from "./erase-request.ts";
import { operatorOf } from "./operator.ts";
import { counted, grouped, note, print, printJson, printTable, styled } from "../../terminal/output.ts";
import { pastCollections } from "../../../app/past-collections.ts";
import { toRun } from "../../terminal/printed-command.ts";
import { createProgress, type ProgressLine } from "../../terminal/progress.ts";
import { Refusal, usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";
import { onInterruption, type Interruption } from "../../terminal/signals.ts";

export type EraseCommandOptions = RequestOptions & {
  readonly expect?: number;
  readonly resume: boolean;
  readonly reason?: string;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
};

/**
 * `sigma erase`: shows the selected records, asks for confirmation, and erases them. Exit 30 when something could not be
 * erased.
 */
export async function eraseCommand(command: Command, options: EraseCommandOptions): Promise<void> {
  const request = options.resume ? null : await requestOf(options, Date.now());
  const operator = options.dryRun ? null : operatorFor(options);
  if (request?.kind === "filter" && options.expect === undefined && operator !== null)
    throw usage(
      "SIG-E-002",
      "Cannot erase by a filter alone: nobody said how many records it is expected to select",
      "look with --dry-run first, then say the number with --expect",
    );
  const config = await configFor(command);
  if (!hasData(config))
    throw usage("SIG-I-007", `Cannot erase from "${config.dataDir}": it holds no data yet`, "name another with --data");
  const interruption = onInterruption(config.shutdownDeadlineMs);
  const progress = createProgress(options.quiet ? "none" : options.json ? "json" : "text");
  try {
    const plan = request === null ? null : await look(config, request, interruption, progress);
    if (plan !== null) reportPlan(plan, options);
    if (operator === null || interruption.exitCode() !== null) {
      process.exitCode = interruption.exitCode() ?? exitOf(plan, null);
      return;
    }
    if (plan !== null) await confirm(plan, options);
    const report = await erase(config, plan, operator, interruption, progress);
    reportErased(report, config, options);
    if (interruption.exitCode() !== null)
      note(`interrupted: complete it with ${toRun("erase --resume --reason TEXT")}`);
    process.exitCode = interruption.exitCode() ?? exitOf(plan, report);
  } finally {
    progress.end();
    interruption.dispose();
  }
}

function operatorFor({ reason, resume }: EraseCommandOptions): Operator {
  return operatorOf({ reason: reason ?? (resume ? "completing what was announced" : "") });
}

async function look(config: Config, request: Request, { signal }: Interruption, progress: ProgressLine): Promise<Plan> {
  const store = await openStoreFor(config, "read");
  try {
    const selection = await selectionOf(request, store.reads);
    const onProgress = (records: number): void => progress.update({ records, failed: 0, bytes: 0, bytesTotal: null });
    const plan = await selectRecords(store.reads, selection, { signal, onProgress });
    progress.end();
    if (plan !== null) return plan;
    const message = `Cannot erase at once: more than ${grouped(SELECTED_MAX)} records are selected`;
    throw usage("SIG-E-006", message, "select fewer, by topic or time, one part after the other");
  } finally {
    await store.close();
  }
}

/**
 * Asks for confirmation.
 * @throws Refusal when the number of records is not the expected one, or nobody confirms.
 */
async function confirm({ records, erasedBefore }: Plan, { expect, yes }: EraseCommandOptions): Promise<void> {
  if (expect !== undefined && expect !== records) {
    const message = `Not erased: ${counted(records, "record")} are selected, and ${grouped(expect)} were expected`;
    throw new Refusal("SIG-E-005", message, "look at what is selected; nothing was changed", EXIT.findings);
  }
  if (records === 0 && erasedBefore === 0 && expect === undefined)
    throw new Refusal("SIG-E-005", "There is nothing to erase: no record is selected", "look again", EXIT.findings);
  if (yes || expect !== undefined || records === 0) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw usage(
      "SIG-E-003",
      "Cannot erase without a word: standard input is no terminal, and nothing can be asked",
      "add --yes, or say with --expect how many records it must be",
    );
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await ask.question(`Erase ${counted(records, "record")}? It cannot be taken back. [y/N] `);
    if (!/^y(?:es)?$/i.test(answer.trim()))
      throw new Refusal("SIG-E-003", "Not erased: nothing was changed", "answer y to erase", EXIT.usage);
  } finally {
    ask.close();
  }
}

async function erase(
  config: Config,
  plan: Plan | null,
  operator: Operator,
  { signal }: Interruption,
  progress: ProgressLine,
): Promise<EraseReport> {
  const erasing = await openErasing(config, await pastCollections(config, "operate"));
  const onProgress = (records: number): void => progress.update({ records, failed: 0, bytes: 0, bytesTotal: null });
  try {
    const options = { operator, signal, onProgress };
    if (plan === null) return await completeErasures(erasing, options);
    return await eraseRecords(erasing, plan.entries, options);
  } finally {
    progress.end();
    await erasing.close();
  }
}

function exitOf(plan: Plan | null, report: EraseReport | null): number {
  const isWhole = (plan?.faults.length ?? 0) === 0 && (report?.faults.length ?? 0) === 0;
  if (!isWhole || report?.isComplete === false) return EXIT.audit;
  return (plan?.withoutEvidence ?? 0) > 0 ? EXIT.findings : EXIT.ok;
}

/** The most positions that are shown; --json has all. */
const SHOWN_MAX = 20;

function reportPlan(plan: Plan, { json, dryRun }: EraseCommandOptions): void {
  const { records, erasedBefore, withoutEvidence, faults } = plan;
  const positions = plan.entries.flatMap(({ note: { topic, partition }, ranges }) =>
    ranges.map(({ from, to }) => `${topic}/${partition}@${from}${to - from === 1n ? "" : `-${to - 1n}`}`),
  );
  if (json) {
    const streams = plan.streams.map(({ note: { stream, topic, partition }, counts }) => {
      return { stream, topic, partition, ...counts };
    });
    return printJson({ kind: "selected", dryRun, records, erasedBefore, withoutEvidence, faults, streams, positions });
  }
  for (const fault of faults) print(`${styled("red", "DAMAGED")}  ${fault}`);
  const rows = plan.streams.map(({ note: { topic, partition }, counts }) => {
    const { facts, duplicates, conflicts, failures } = counts;
    return [`${topic}/${partition}`, ...[facts, duplicates, conflicts, failures].map(grouped)];
  });
  if (rows.length > 0) printTable([["STREAM", "FACTS", "DUPLICATES", "CONFLICTS", "FAILURES"], ...rows], [1, 2, 3, 4]);
  for (const position of positions.slice(0, SHOWN_MAX)) print(`  ${position}`);
  if (positions.length > SHOWN_MAX) print(`  and ${grouped(positions.length - SHOWN_MAX)} more places`);
  print(`${counted(records, "record")} selected${dryRun ? ": nothing was changed" : ""}`);
  if (erasedBefore > 0) print(`${counted(erasedBefore, "record")} of it erased before`);
  if (withoutEvidence > 0)
    print(
      `${counted(withoutEvidence, "record")} could not be looked at: their evidence is not kept (evidence: drop, or retention.evidence)`,
    );
}

function reportErased(report: EraseReport, { kafka, mongodbUri }: Config, { json }: EraseCommandOptions): void {
  const { records, isComplete, faults } = report;
  if (json) return printJson({ kind: "erased", ...report });
  for (const fault of faults) print(`${styled("red", "NOT ERASED")}  ${fault}`);
  print(`${counted(records, "record")} erased`);
  if (kafka !== null) print("The topics in Kafka are not touched: retention or deletion there is up to you.");
  if (mongodbUri !== null) print("What MongoDB keeps of the past in its journal and its oplog goes with time.");
  print("Backups, and what was told to others, are not touched either.");
  if (isComplete) print(`The audit names it from now on: ${toRun("audit")}`);
  else print(`It is not complete. Go on with ${toRun("erase --resume --reason TEXT")}`);
}
