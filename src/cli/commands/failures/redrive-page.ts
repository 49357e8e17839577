import type { RedrivePlan } from "../../../failures/redrive/plan.ts";
import type { RedriveReport } from "../../../failures/redrive/report.ts";
import { counted, grouped, print, printTable } from "../../terminal/output.ts";
import { plainText } from "../../terminal/plain-text.ts";

/** Prints a plan with its dry run. */
export function printPlan(plan: RedrivePlan, state: string): void {
  const { id, at, actor, reason, count, subjects, toVersion, digest, dryRun } = plan;
  const line = (name: string, value: string): void => print(`${name.padEnd(13)}${value}`);
  line("plan", `${id}  ${state}`);
  line("records", grouped(count));
  line("contracts", `${subjects.join(", ")}${toVersion === null ? "" : ` by version ${toVersion}`}`);
  line("planned", `${at} by ${plainText(actor)}: ${plainText(reason)}`);
  line("digest", digest);
  for (const { topic, partition, from, to, count: own } of plan.streams)
    line("stream", `${topic}/${partition} [${from}, ${to}) ${counted(own, "record")}`);
  print("");
  print("judged by the live contracts, and not stored:");
  line("  pass", grouped(dryRun.passed));
  line("  fail", grouped(dryRun.failed));
  line("  conflict", grouped(dryRun.conflicts));
  line("  duplicate", grouped(dryRun.duplicates));
  if (dryRun.repeats > 0) line("  repeat", `${grouped(dryRun.repeats)} of a record of this plan`);
  for (const one of dryRun.unavailable) line("  unavailable", `${grouped(one.count)} ${one.reason}`);
  for (const { fingerprint, code, contract, pointer, count: own } of dryRun.groups)
    print(
      `  ${fingerprint.slice(0, 8)}  ${grouped(own).padStart(9)}  ${code}  ${contract ?? "-"}  ${plainText(pointer ?? "-")}`,
    );
}

/** Prints what became of the records of a plan so far. */
export function printReport(report: RedriveReport): void {
  const { planned, handled, stored, duplicates, conflicts, failed, pending, unavailable, groups } = report;
  const rows: readonly (readonly [string, number])[] = [
    ["planned", planned],
    ["handled", handled],
    ["stored", stored],
    ["duplicates", duplicates],
    ["conflicts", conflicts],
    ["failed again", failed],
    ["unavailable", unavailable],
    ...(pending > 0 ? [["passed, and not yet known what became of them", pending] as const] : []),
  ];
  printTable(
    rows.map(([name, count]) => [name, grouped(count)]),
    [1],
  );
  for (const { fingerprint, code, contract, count } of groups)
    print(`  ${fingerprint.slice(0, 8)}  ${grouped(count).padStart(9)}  ${code}  ${contract ?? "-"}`);
}
