import type { Command } from "commander";
import { audit, type AuditReport } from "../audit/audit.ts";
import type { Finding } from "../audit/finding.ts";
import { EXIT } from "../codes.ts";
import type { Config } from "../config.ts";
import { hasData, openToLook } from "../main.ts";
import { counted, grouped, note, print, printJson, printTable, styled } from "./output.ts";
import { createProgress } from "./progress.ts";
import { usage, type Refusal } from "./refusal.ts";
import { configFor } from "./settings.ts";
import { onInterruption } from "./signals.ts";

type Options = { readonly source: boolean; readonly quiet: boolean; readonly json: boolean };

/** More are counted, not listed. */
const FINDINGS_MAX = 1_000;

/** `sigma audit`: exit 30 when something stored is not what was decided. */
export async function auditCommand(command: Command, options: Options): Promise<void> {
  const config = await configFor(command);
  if (!hasData(config)) throw noData(config);
  const engine = await openToLook(config);
  const interruption = onInterruption(config.shutdownDeadlineMs);
  const progress = createProgress(options.quiet ? "none" : options.json ? "json" : "text");
  try {
    const { log, logFile, store } = engine;
    if (log === null && (await store.reads.streams()).length === 0) throw noData(config);
    const report = await audit(store.reads, {
      ...(log === null ? { missingLog: logFile } : { log }),
      ...(log !== null && options.source ? { source: log } : {}),
      tailMayBeIncomplete: false,
      findingsMax: FINDINGS_MAX,
      signal: interruption.signal,
      onProgress: (records) => progress.update({ records, failed: 0, bytes: 0, bytesTotal: null }),
    });
    progress.end();
    if (options.json) printReportJson(report);
    else printReport(report);
    if (interruption.exitCode() !== null) note("interrupted: this is not the whole audit");
    process.exitCode = interruption.exitCode() ?? (report.findingsTotal > 0 ? EXIT.audit : EXIT.ok);
  } finally {
    progress.end();
    interruption.dispose();
    await engine.close();
  }
}

function noData({ dataDir }: Config): Refusal {
  return usage(
    "SIG-I-007",
    `Cannot audit "${dataDir}": it holds no data yet`,
    "name another directory with --data, or begin with sigma start",
  );
}

function printReportJson(report: AuditReport): void {
  const { findings, ...summary } = report;
  for (const finding of findings) printJson({ kind: "finding", ...finding });
  printJson({ kind: "summary", ...summary });
}

function printReport(report: AuditReport): void {
  for (const finding of report.findings)
    print(`${styled("red", finding.code)}  ${placeOf(finding)}  ${finding.message}`);
  const left = report.findingsTotal - report.findings.length;
  if (left > 0) print(`and ${grouped(left)} more`);
  const { records, validated, failed, duplicates, redecided, withoutBytes, comparedWithSource } = report;
  printTable(
    [
      ["records", grouped(records), "with exactly one decision each"],
      ["  validated", grouped(validated), ""],
      ["  duplicates", grouped(duplicates), ""],
      ["  failed", grouped(failed), ""],
      ["redecided", grouped(redecided), "stored bytes decided again, in full"],
      ...(withoutBytes === 0 ? [] : [["without bytes", grouped(withoutBytes), "their payloads decided again instead"]]),
      ...(comparedWithSource === null ? [] : [["in the log", grouped(comparedWithSource), "read again and compared"]]),
    ].map((row) => (report.findingsTotal === 0 ? row : row.slice(0, 2))),
    [1],
  );
  for (const { stream, from, to, note: why } of report.gaps) print(`lost  ${stream}  [${from}, ${to})  ${why}`);
  for (const { stream, headSeq, headHash } of report.streams) print(`head  ${stream}  ${headSeq}  ${headHash}`);
  print(
    report.findingsTotal === 0
      ? `${styled("green", "OK")}  nothing was found`
      : `${styled("red", "NOT OK")}  ${counted(report.findingsTotal, "finding")}`,
  );
}

function placeOf({ stream, seq, offset }: Finding): string {
  const parts = [
    stream === null ? null : `stream ${stream}`,
    seq === null ? null : `entry ${seq}`,
    offset === null ? null : `offset ${offset}`,
  ];
  return parts.filter((part) => part !== null).join(", ") || "the store";
}
