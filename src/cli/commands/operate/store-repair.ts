import type { Command } from "commander";
import { EXIT } from "../../../config/codes.ts";
import { hasData } from "../../../app/data-directory.ts";
import { openStoreFor } from "../../../app/stores.ts";
import { repairStore } from "../../../repair/repair.ts";
import type { RepairReport } from "../../../repair/run.ts";
import { operatorOf } from "./operator.ts";
import { counted, grouped, note, print, printJson, printTable, styled } from "../../terminal/output.ts";
import { pastCollections } from "../../../app/past-collections.ts";
import { createProgress } from "../../terminal/progress.ts";
import { usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";
import { onInterruption } from "../../terminal/signals.ts";
import { toRun } from "../../terminal/printed-command.ts";

export type RepairCommandOptions = {
  readonly replace: boolean;
  readonly reason?: string;
  readonly dryRun: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
};

/**
 * `sigma store repair`: exit 30 when documents remain that the ledger cannot restore, or changed documents that were not
 * replaced.
 */
export async function repairCommand(command: Command, options: RepairCommandOptions): Promise<void> {
  const { replace, reason, dryRun } = options;
  if (replace && (reason ?? "").trim() === "")
    throw usage("SIG-I-012", "Cannot replace changed documents without a reason", "say why with --reason");
  const config = await configFor(command);
  if (!hasData(config))
    throw usage(
      "SIG-I-007",
      `Cannot repair "${config.dataDir}": it holds no data yet`,
      "name another directory with --data",
    );
  const purpose = dryRun ? "read" : "operate";
  const store = await openStoreFor(config, purpose, await pastCollections(config, purpose));
  const interruption = onInterruption(config.shutdownDeadlineMs);
  const progress = createProgress(options.quiet ? "none" : options.json ? "json" : "text");
  try {
    const report = await repairStore(store, {
      replace: replace ? operatorOf({ reason: reason ?? "" }) : null,
      dryRun,
      signal: interruption.signal,
      onProgress: (records) => progress.update({ records, failed: 0, bytes: 0, bytesTotal: null }),
    });
    progress.end();
    if (options.json) printJson({ kind: "repaired", dryRun, ...report });
    else printReport(report, options);
    if (interruption.exitCode() !== null) note("interrupted: the rest is as it was; run the command again");
    process.exitCode = interruption.exitCode() ?? (isWhole(report) ? EXIT.ok : EXIT.audit);
  } finally {
    progress.end();
    interruption.dispose();
    await store.close();
  }
}

function isWhole({ faults, changed, replaced }: RepairReport): boolean {
  return faults.length === 0 && changed.length <= replaced;
}

function printReport(
  { records, restored, changed, replaced, withoutEvidence, indexed, faults }: RepairReport,
  { dryRun, replace }: RepairCommandOptions,
): void {
  for (const { kind, stream, seq, offset, message } of changed)
    print(`${styled("red", "CHANGED")}  ${kind}  ${stream} entry ${seq} offset ${offset}  ${message}`);
  for (const fault of faults) print(`${styled("red", "DAMAGED")}  ${fault}`);
  print(`${counted(records, "record")} of the ledger looked at`);
  const verb = dryRun ? "missing" : "restored";
  printTable(
    [
      [verb, grouped(restored.validated), "facts"],
      [verb, grouped(restored.failed), "failures"],
      [verb, grouped(restored.receipts), "receipts"],
      ["changed", grouped(changed.length), replaced > 0 ? `${grouped(replaced)} written again` : "left as they are"],
    ],
    [1],
  );
  if (indexed > 0)
    print(`${counted(indexed, "fact")} not found by the index of ids, which ${dryRun ? "would be" : "was"} made anew`);
  if (withoutEvidence > 0)
    print(`${counted(withoutEvidence, "record")} without evidence, of which nothing can be brought back`);
  if (changed.length > 0 && !replace)
    print(`Write the changed ones as the ledger has them: ${toRun("store repair --replace --reason TEXT")}`);
}
