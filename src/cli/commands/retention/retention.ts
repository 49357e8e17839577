import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { hasData } from "../../../app/data-directory.ts";
import { pastCollections } from "../../../app/past-collections.ts";
import { keepsAll, policyOf } from "../../../app/retaining.ts";
import { openStoreFor, refuseWrongIndex } from "../../../app/stores.ts";
import { EXIT } from "../../../config/codes.ts";
import type { Config } from "../../../config/config.ts";
import type { KeptFor } from "../../../config/retention-config.ts";
import { planRetention, type RetentionPlan } from "../../../retain/plan.ts";
import { runRetention, sweep, type RetentionReport } from "../../../retain/run.ts";
import { retentionStanding, type StandingFloor } from "../../../retain/standing.ts";
import type { Store } from "../../../store/store.ts";
import { counted, grouped, note, print, printJson, printTable, styled } from "../../terminal/output.ts";
import { createProgress } from "../../terminal/progress.ts";
import { Refusal, usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";
import { onInterruption } from "../../terminal/signals.ts";
import { operatorOf } from "../operate/operator.ts";

export type RetentionRunOptions = {
  readonly dryRun: boolean;
  readonly expect?: number;
  readonly sweep: boolean;
  readonly yes: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
};

/** `sigma retention show`. */
export async function showRetention(command: Command, { json }: { readonly json: boolean }): Promise<void> {
  const config = await configFor(command);
  const floors = hasData(config) ? await floorsOf(config) : [];
  if (json) {
    for (const { kind: documents, ...floor } of floors) printJson({ kind: "floor", documents, ...floor });
    return printJson({ kind: "terms", ...termsOf(config) });
  }
  const { failed, receipts, facts, factsCollections, evidence, collections } = termsOf(config);
  const rows = [
    ["failures", failed],
    ...Object.entries(collections).map(([name, term]) => [`failures of ${name}`, term]),
  ];
  const ownFacts = Object.entries(factsCollections).map(([name, term]) => [`facts of ${name}`, term]);
  printTable([...rows, ["receipts", receipts], ["facts", facts], ...ownFacts, ["evidence", evidence]]);
  if (floors.length === 0) return print("Nothing was taken yet");
  const table = floors.map(({ kind, topic, partition, collection, offset, removed, at, actor, isDone }) => {
    const what = nameOf(kind, collection);
    return [`${topic}/${partition}`, what, String(offset), grouped(removed), at, actor, isDone ? "" : "not complete"];
  });
  printTable([["STREAM", "GONE", "BEFORE OFFSET", "DOCUMENTS", "LAST", "BY", ""], ...table], [2, 3]);
}

/** What goes, in words. */
function nameOf(kind: StandingFloor["kind"], collection: string): string {
  if (kind === "facts") return `facts of ${collection}`;
  return kind === "failed" ? `failures of ${collection}` : kind;
}

async function floorsOf(config: Config): Promise<readonly StandingFloor[]> {
  const store = await openStoreFor(config, "read");
  try {
    return await retentionStanding(store.reads);
  } finally {
    await store.close();
  }
}

function termsOf({ retention: { failed, receipts, facts, evidence, collections, factsCollections } }: Config) {
  const text = (kept: KeptFor): string => kept?.text ?? "for ever";
  const byName = (terms: typeof collections): Readonly<Record<string, string>> =>
    Object.fromEntries(terms.map(({ collection, kept }) => [collection, text(kept)]));
  const shared = { receipts: text(receipts), evidence: text(evidence) };
  const own = { collections: byName(collections), factsCollections: byName(factsCollections) };
  return { failed: text(failed), facts: text(facts), ...own, ...shared };
}

/** `sigma retention run`: exit 30 when something stays that is too old. */
export async function retentionRun(command: Command, options: RetentionRunOptions): Promise<void> {
  const config = await configFor(command);
  if (!hasData(config))
    throw usage("SIG-I-007", `Cannot look at "${config.dataDir}": it holds no data yet`, "name another with --data");
  const purpose = options.dryRun ? "read" : "operate";
  const store = await openStoreFor(config, purpose, await pastCollections(config, purpose));
  const interruption = onInterruption(config.shutdownDeadlineMs);
  const progress = createProgress(options.quiet ? "none" : options.json ? "json" : "text");
  try {
    const update = (records: number): void => progress.update({ records, failed: 0, bytes: 0, bytesTotal: null });
    const { signal } = interruption;
    const planning = { policy: policyOf(config.retention), nowMs: Date.now(), signal, onProgress: update };
    const plan = await planRetention(store.reads, planning);
    progress.end();
    await reportPlan(store, plan, options);
    if (keepsAll(config.retention)) note("every term is for ever: nothing is ever taken (retention.failed)");
    if (options.dryRun || signal.aborted) {
      process.exitCode = interruption.exitCode() ?? (plan.faults.length > 0 ? EXIT.audit : EXIT.ok);
      return;
    }
    await refuseWrongIndex(store);
    await confirm(plan, options);
    const operator = operatorOf({ reason: "retention" });
    const running = { operator, signal, onProgress: update };
    const report = await runRetention(store, plan, running);
    const swept = options.sweep ? await sweep(store, running) : { faults: [] };
    progress.end();
    const faults = [...report.faults, ...swept.faults];
    reportRun({ ...report, faults }, options);
    process.exitCode = interruption.exitCode() ?? (faults.length > 0 || !report.isComplete ? EXIT.audit : EXIT.ok);
  } finally {
    progress.end();
    interruption.dispose();
    await store.close();
  }
}

/** @throws Refusal when the number of documents is not the expected one, or nobody confirms. */
async function confirm({ removed, evidence }: RetentionPlan, { expect, yes }: RetentionRunOptions): Promise<void> {
  if (expect !== undefined && expect !== removed) {
    const message = `Nothing was taken: it would be ${amountOf(removed, evidence)}, and ${grouped(expect)} were expected`;
    throw new Refusal("SIG-T-001", message, "look with --dry-run; nothing was changed", EXIT.findings);
  }
  if (yes || expect !== undefined || removed === 0) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw usage(
      "SIG-T-002",
      "Cannot take anything away without a word: standard input is no terminal, and nothing can be asked",
      "add --yes, or say with --expect how many documents it must be",
    );
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await ask.question(`Take away ${amountOf(removed, evidence)}? It cannot be taken back. [y/N] `);
    if (!/^y(?:es)?$/i.test(answer.trim()))
      throw new Refusal("SIG-T-002", "Nothing was taken: nothing was changed", "answer y", EXIT.usage);
  } finally {
    ask.close();
  }
}

async function reportPlan(
  { reads }: Store,
  { floors, removed, evidence, faults }: RetentionPlan,
  { json, dryRun }: RetentionRunOptions,
): Promise<void> {
  const pending = (await retentionStanding(reads)).filter(({ isDone }) => !isDone).length;
  const planned = floors.map(({ note: { stream, topic, partition }, kind, collection, offset, removed: own, term }) => {
    return {
      stream,
      topic,
      partition,
      documents: kind,
      collection,
      beforeOffset: offset,
      removed: own,
      term: term.says,
    };
  });
  if (json) return printJson({ kind: "planned", dryRun, removed, evidence, floors: planned, pending, faults });
  for (const fault of faults) print(`${styled("red", "STAYS")}  ${fault}`);
  const rows = planned.map(({ topic, partition, documents, collection, beforeOffset, removed: own, term }) => {
    const what = nameOf(documents, collection);
    return [`${topic}/${partition}`, what, String(beforeOffset), grouped(own), term];
  });
  if (rows.length > 0) printTable([["STREAM", "GOES", "BEFORE OFFSET", "DOCUMENTS", "TERM"], ...rows], [2, 3]);
  print(`${amountOf(removed, evidence)} too old${dryRun ? ": nothing was changed" : ""}`);
  if (pending > 0) print(`${counted(pending, "floor")} of a run before not complete`);
}

/** Documents, and records whose evidence goes. */
function amountOf(all: number, evidence: number): string {
  const documents = counted(all - evidence, "document");
  if (evidence === 0) return documents;
  const records = `the evidence of ${counted(evidence, "record")}`;
  return all === evidence ? records : `${documents} and ${records}`;
}

function reportRun(report: RetentionReport, { json }: RetentionRunOptions): void {
  if (json) return printJson({ kind: "taken", ...report });
  for (const fault of report.faults) print(`${styled("red", "STAYS")}  ${fault}`);
  print(`${amountOf(report.announced, report.evidence)} taken, and announced in the operator log`);
  if (!report.isComplete) print("It is not complete: run it again");
}
