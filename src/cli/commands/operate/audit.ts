import type { Command } from "commander";
import { audit, damagedReport } from "../../../audit/audit.ts";
import type { AuditReport } from "../../../audit/report.ts";
import type { FrozenVersion } from "../../../audit/contracts.ts";
import type { Finding } from "../../../audit/finding.ts";
import { EXIT } from "../../../config/codes.ts";
import type { Config } from "../../../config/config.ts";
import { readLock } from "../../../contract/lock.ts";
import { Unavailable } from "../../../core/unavailable.ts";
import type { VerifiedAnchors } from "../../../ledger/anchor-chain.ts";
import { openAuditJudges } from "../../../app/audit-judges.ts";
import { judgingThreads } from "../../../app/judging-threads.ts";
import { hasData } from "../../../app/data-directory.ts";
import { openReadOnly, type ReadOnlyEngine } from "../../../app/engine.ts";
import { readKeptHeads, type KeptOptions } from "./kept-heads.ts";
import { counted, grouped, note, print, printJson, printTable, styled } from "../../terminal/output.ts";
import { createProgress } from "../../terminal/progress.ts";
import { placed } from "../../../app/contracts.ts";
import { Refusals, usage, type Refusal } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";
import { onInterruption } from "../../terminal/signals.ts";

export type AuditCommandOptions = KeptOptions & {
  readonly source: boolean;
  readonly threads?: number;
  readonly quiet: boolean;
  readonly json: boolean;
};

/** The most findings that are listed; more are counted. */
const FINDINGS_MAX = 1_000;

/** `sigma audit`: exit 30 when something in the store differs from what was decided. */
export async function auditCommand(command: Command, options: AuditCommandOptions): Promise<void> {
  const config = await configFor(command);
  if (!hasData(config)) throw noData(config);
  const { kept, verified } = await readKeptHeads(config, options);
  const engine = await openUndamaged(config);
  if (typeof engine === "string") return end(damagedReport(engine), options, verified);
  const interruption = onInterruption(config.shutdownDeadlineMs);
  const threads = options.threads ?? judgingThreads(config);
  const judges = threads > 1 ? openAuditJudges(config, threads) : null;
  const progress = createProgress(options.quiet ? "none" : options.json ? "json" : "text");
  try {
    const { log, logFile, store } = engine;
    if (log === null && (await store.reads.streams()).length === 0) throw noData(config);
    const report = await audit(store.reads, {
      ...(log === null ? { missingLog: logFile } : { log }),
      ...(log !== null && options.source ? { source: log } : {}),
      frozen: frozenVersions(config),
      kept,
      tailMayBeIncomplete: false,
      findingsMax: FINDINGS_MAX,
      signal: interruption.signal,
      ...(judges === null ? {} : { judges }),
      onProgress: (records) => progress.update({ records, failed: 0, bytes: 0, bytesTotal: null }),
    });
    progress.end();
    const interrupted = interruption.exitCode() !== null;
    end(report, options, verified, interrupted);
    if (interrupted) note("interrupted: this is not the whole audit");
    process.exitCode = interruption.exitCode() ?? process.exitCode;
  } finally {
    progress.end();
    interruption.dispose();
    await judges?.close();
    await engine.close();
  }
}

function end(
  report: AuditReport,
  { json }: AuditCommandOptions,
  verified: VerifiedAnchors | null,
  interrupted = false,
): void {
  if (json) printReportJson(report, verified, interrupted);
  else printReport(report, verified, interrupted);
  process.exitCode = report.findingsTotal > 0 ? EXIT.audit : EXIT.ok;
}

/**
 * Opens the store to read.
 * @returns the error message when the store is damaged, which is a finding of the audit.
 */
async function openUndamaged(config: Config): Promise<ReadOnlyEngine | string> {
  try {
    return await openReadOnly(config);
  } catch (error) {
    if (error instanceof Unavailable && error.code === "STORE_CORRUPT") return error.message;
    throw error;
  }
}

/** The frozen versions in the lock. An unreadable lock is refused: an audit without it would hide what it shows. */
function frozenVersions({ contractsDir }: Config): readonly FrozenVersion[] {
  const read = readLock(contractsDir);
  if (read.ok) return read.lock.entries;
  throw new Refusals(read.faults.map(placed));
}

function noData({ dataDir }: Config): Refusal {
  return usage(
    "SIG-I-007",
    `Cannot audit "${dataDir}": it holds no data yet`,
    "name another directory with --data, or begin with sigma start",
  );
}

function printReportJson(report: AuditReport, verified: VerifiedAnchors | null, interrupted: boolean): void {
  const { findings, ...summary } = report;
  for (const finding of findings) printJson({ kind: "finding", ...finding });
  printJson({
    kind: "summary",
    ...summary,
    ...(verified === null ? {} : { anchors: verified.ends, torn: verified.torn }),
    ...(interrupted ? { interrupted } : {}),
  });
}

function printReport(report: AuditReport, verified: VerifiedAnchors | null, interrupted: boolean): void {
  for (const finding of report.findings)
    print(`${styled("red", finding.code)}  ${placeOf(finding)}  ${finding.message}`);
  const left = report.findingsTotal - report.findings.length;
  if (left > 0) print(`and ${grouped(left)} more`);
  const { records, validated, failed, duplicates, redecided, withoutEvidence, comparedWithSource } = report;
  printTable(
    [
      ["records", grouped(records), "with exactly one decision each"],
      ["  validated", grouped(validated), ""],
      ["  duplicates", grouped(duplicates), ""],
      ["  failed", grouped(failed), ""],
      ["redecided", grouped(redecided), "decided again from their evidence, in full"],
      ...(withoutEvidence === 0
        ? []
        : [
            [
              "without evidence",
              grouped(withoutEvidence),
              "their documents were counted, and not compared (evidence: drop, or retention.evidence)",
            ],
          ]),
      ...(report.anchored === null ? [] : [["anchored heads", grouped(report.anchored), "in their places"]]),
      ...(comparedWithSource === null ? [] : [["in the log", grouped(comparedWithSource), "read again and compared"]]),
    ].map((row) => (report.findingsTotal === 0 ? row : row.slice(0, 2))),
    [1],
  );
  for (const { stream, from, to, note: why } of report.gaps) print(`lost  ${stream}  [${from}, ${to})  ${why}`);
  for (const { stream, records: erased, at, actor, reason } of report.erasures)
    print(`erased  ${stream}  ${counted(erased, "record")}  ${at}  ${actor}  ${reason}`);
  for (const { stream, kind, collection, offset, removed, at, actor, reason, isDone } of report.retention) {
    const of = { failed: `failures of ${collection}`, facts: `facts of ${collection}` } as const;
    const what = kind === "failed" || kind === "facts" ? of[kind] : kind;
    const gone = `${what} before offset ${offset}${isDone ? "" : " (not complete)"}`;
    const noun = kind === "evidence" ? "record" : kind === "facts" ? "payload" : "document";
    print(`retained  ${stream}  ${gone}  ${counted(removed, noun)} gone  ${at}  ${actor}  ${reason}`);
  }
  for (const { stream, headSeq, headHash } of report.streams) print(`head  ${stream}  ${headSeq}  ${headHash}`);
  const { operatorHead } = report;
  if (operatorHead !== null) print(`operator head  ${operatorHead.seq}  ${operatorHead.hash}`);
  for (const { place, counter, hash, at } of verified?.ends ?? [])
    print(`anchor  ${place}  ${counter}  ${hash}  ${at}`);
  for (const place of verified?.torn ?? [])
    print(`torn  ${place}  a crash left its last line in the middle: it is no anchor`);
  if (report.findingsTotal > 0) print(`${styled("red", "NOT OK")}  ${counted(report.findingsTotal, "finding")}`);
  else print(interrupted ? "NOT WHOLE  nothing was found so far" : `${styled("green", "OK")}  nothing was found`);
}

function placeOf({ stream, seq, offset }: Finding): string {
  const parts = [
    stream === null ? null : `stream ${stream}`,
    seq === null ? null : `entry ${seq}`,
    offset === null ? null : `offset ${offset}`,
  ];
  return parts.filter((part) => part !== null).join(", ") || "the store";
}
