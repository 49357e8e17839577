import { existsSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { EXIT } from "../../../config/codes.ts";
import type { Config } from "../../../config/config.ts";
import { loadContracts, toContractSet } from "../../../contract/files.ts";
import { nearestName } from "../../../json/nearest.ts";
import { hasData } from "../../../app/data-directory.ts";
import { openEngine } from "../../../app/engine.ts";
import { judgingThreads } from "../../../app/judging-threads.ts";
import { openHistory } from "../../../app/stores.ts";
import { openWhatIfJudges } from "../../../app/what-if-judges.ts";
import { candidateFrom, type Candidate } from "../../../rejudge/candidate.ts";
import { parseBound, type Bound } from "../../../rejudge/what-if/range.ts";
import { newlyFailing, type WhatIfReport } from "../../../rejudge/report.ts";
import type { Question } from "../../../rejudge/what-if/question.ts";
import { whatIf } from "../../../rejudge/what-if/what-if.ts";
import { placed } from "../../../app/contracts.ts";
import { note, printJson } from "../../terminal/output.ts";
import { createProgress } from "../../terminal/progress.ts";
import { Refusal, Refusals, usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";
import { onInterruption } from "../../terminal/signals.ts";
import { printWhatIf } from "./what-if-report.ts";

export type VersionName = { readonly subject: string; readonly version: number };

export type WhatIfOptions = {
  readonly of?: VersionName;
  readonly from?: string;
  readonly to?: string;
  readonly source: "store" | "log";
  readonly examples: number;
  readonly threads?: number;
  readonly save?: string;
  readonly quiet: boolean;
  readonly json: boolean;
};

/**
 * `sigma contract what-if shipment@2`: exit 10 when a record that passed would fail. It only reads, and may run beside a
 * gateway.
 */
export async function whatIfCommand(command: Command, name: VersionName, options: WhatIfOptions): Promise<void> {
  const config = await configFor(command);
  const question = questionOf(config, name, options);
  if (!hasData(config)) {
    throw usage(
      "SIG-I-007",
      `Cannot judge "${config.dataDir}" again: it holds no data yet`,
      "name another directory with --data, or begin with sigma start",
    );
  }
  const interruption = onInterruption(config.shutdownDeadlineMs);
  const progress = createProgress(options.quiet ? "none" : options.json ? "json" : "text");
  try {
    const report = await ask(config, question, options, interruption.signal, (records, failed) =>
      progress.update({ records, failed, bytes: 0, bytesTotal: null }),
    );
    progress.end();
    if (options.json) printJson({ kind: "what-if", ...report });
    else printWhatIf(report);
    const interrupted = interruption.exitCode();
    if (interrupted !== null) note("interrupted: this is not the whole history; nothing is saved");
    else if (options.save !== undefined) save(report, options.save);
    process.exitCode = interrupted ?? (newlyFailing(report) > 0 ? EXIT.findings : EXIT.ok);
  } finally {
    progress.end();
    interruption.dispose();
  }
}

/** The log is opened only when records are read from it, so that history in the store can be judged without the broker. */
async function ask(
  config: Config,
  question: Question,
  { source, threads = judgingThreads(config) }: WhatIfOptions,
  signal: AbortSignal,
  onProgress: (records: number, newlyFailing: number) => void,
): Promise<WhatIfReport> {
  if (source === "store") {
    const store = await openHistory(config);
    const judges = threads > 1 ? openWhatIfJudges(config, question, threads) : null;
    try {
      return await whatIf(store.reads, question, { signal, onProgress, ...(judges === null ? {} : { judges }) });
    } finally {
      await judges?.close();
      await store.close();
    }
  }
  const engine = await openEngine(config, [], "read");
  try {
    return await whatIf(engine.store.reads, question, { source: engine.log, signal, onProgress });
  } finally {
    await engine.close();
  }
}

function questionOf(config: Config, name: VersionName, { of, from, to, examples }: WhatIfOptions): Question {
  if (of !== undefined && of.subject !== name.subject) {
    throw usage(
      "SIG-W-002",
      `Cannot compare ${name.subject}@${name.version} with ${of.subject}@${of.version}: they are of different contracts`,
      `name a version of ${name.subject}`,
    );
  }
  const nowMs = Date.now();
  const range = { from: boundOf("--from", from, nowMs), to: boundOf("--to", to, nowMs) };
  return { candidate: candidateOf(config, name), of: of?.version ?? null, range, examplesMax: examples };
}

function boundOf(option: string, text: string | undefined, nowMs: number): Bound | null {
  if (text === undefined) return null;
  const bound = parseBound(text, nowMs);
  if (bound !== null) return bound;
  throw usage(
    "SIG-W-001",
    `Cannot read ${option} "${text.slice(0, 300)}": it is no time, age or position`,
    "write 2026-03-01, 2026-03-01T12:00:00Z, 24h, 7d or topic/partition@offset",
  );
}

/** The candidate may have any status and need not be frozen: the answer is wanted before it is frozen and activated. */
function candidateOf(config: Config, { subject, version }: VersionName): Candidate {
  const loaded = loadContracts(config.contractsDir);
  if (!loaded.ok) throw new Refusals(loaded.faults.map(placed));
  const candidate = candidateFrom(toContractSet(loaded.contracts, [], config.limits).set, subject, version);
  if (candidate !== null) return candidate;
  const names = loaded.contracts.flatMap((contract) =>
    contract.versions.map((one) => `${contract.subject}@${one.version}`),
  );
  const nearest = nearestName(`${subject}@${version}`, names);
  const hint = nearest === null ? "" : ` (did you mean "${nearest}"?)`;
  throw usage(
    "SIG-W-002",
    `Cannot judge by "${subject}@${version}": there is no such version${hint}`,
    `use one of ${names.slice(0, 20).join(", ")}`,
  );
}

/** Writes the report atomically, since an activation reads this file. */
function save(report: WhatIfReport, file: string): void {
  const text = `${JSON.stringify({ v: 1, kind: "what-if", ...report }, null, 2)}\n`;
  try {
    replace(file, text);
  } catch (error) {
    const state = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : "it failed";
    throw new Refusal("SIG-W-003", `Cannot write report "${file}": ${state}`, "name another file", EXIT.error);
  }
  note(`saved ${file}`);
}

/** What is no file (/dev/stdout, a pipe) is written to as it is: a file in its place would take it away from everybody. */
function replace(file: string, text: string): void {
  const path = existsSync(file) ? realpathSync(file) : file;
  if (existsSync(path) && !statSync(path).isFile()) return writeFileSync(path, text);
  const coming = `${path}.part`;
  try {
    writeFileSync(coming, text);
    renameSync(coming, path);
  } catch (error) {
    rmSync(coming, { force: true });
    throw error;
  }
}
