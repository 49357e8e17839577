import type { Command } from "commander";
import { openLanes } from "../../../app/lanes.ts";
import { EXIT } from "../../../config/codes.ts";
import { checkLanes, type LanesReport } from "../../../lanes/check.ts";
import { counted, note, print, printJson, printTable } from "../../terminal/output.ts";
import { createProgress } from "../../terminal/progress.ts";
import { configFor } from "../../terminal/settings.ts";
import { onInterruption } from "../../terminal/signals.ts";
import { noLanes } from "./route.ts";

export type CheckLanesOptions = { readonly quiet: boolean; readonly json: boolean };

/** The most findings that are listed; more are counted. */
const FINDINGS_MAX = 1_000;
const LIMITS = { recordsMax: 10_000, bytesMax: 8_388_608, waitMs: 500 } as const;

/** `sigma lanes check`: exit 30 when a record of a source is not in its lanes exactly once, byte for byte. */
export async function checkCommand(command: Command, options: CheckLanesOptions): Promise<void> {
  const config = await configFor(command);
  if (config.kafka === null || config.routes.length === 0) throw noLanes(config);
  const { close, ...opened } = await openLanes(config, config.kafka);
  const interruption = onInterruption(config.shutdownDeadlineMs);
  const progress = createProgress(options.quiet ? "none" : options.json ? "json" : "text");
  try {
    const report = await checkLanes({
      ...opened,
      limits: LIMITS,
      signal: interruption.signal,
      findingsMax: FINDINGS_MAX,
      onProgress: (records) => progress.update({ records, failed: 0, bytes: 0, bytesTotal: null }),
    });
    progress.end();
    const interrupted = interruption.exitCode() !== null;
    if (options.json) printReportJson(report, interrupted);
    else printReport(report, interrupted);
    process.exitCode = report.findingsTotal > 0 ? EXIT.audit : EXIT.ok;
    if (interrupted) note("interrupted: this is not the whole check");
    process.exitCode = interruption.exitCode() ?? process.exitCode;
  } finally {
    progress.end();
    interruption.dispose();
    await close();
  }
}

function printReportJson({ streams, findings, findingsTotal, strangers }: LanesReport, interrupted: boolean): void {
  for (const { stream, ...numbers } of streams) printJson({ kind: "stream", ...stream, ...numbers });
  for (const finding of findings) printJson({ kind: "finding", ...finding });
  printJson({ kind: "end", findings: findingsTotal, strangers, ...(interrupted ? { interrupted } : {}) });
}

function printReport({ streams, findings, findingsTotal, strangers }: LanesReport, interrupted: boolean): void {
  printTable(
    [
      ["STREAM", "FROM", "MOVED TO", "LOG END", "RECORDS", "ONCE"],
      ...streams.map(({ stream: { topic, partition }, from, movedTo, logEnd, records, once }) => [
        `${topic}/${partition}`,
        ...[from, movedTo, logEnd, records, once].map(String),
      ]),
    ],
    [1, 2, 3, 4, 5],
  );
  print("");
  for (const { what, topic, partition, offset } of findings) print(`${what} ${topic}/${partition}@${offset}`);
  if (findings.length < findingsTotal) print(`and ${findingsTotal - findings.length} more`);
  if (strangers > 0) print(`${counted(strangers, "record")} of the lanes came from no source`);
  const nothing = interrupted ? "NOT WHOLE  nothing was found so far" : "each record is in its lanes exactly once";
  print(findingsTotal === 0 ? nothing : counted(findingsTotal, "finding"));
}
