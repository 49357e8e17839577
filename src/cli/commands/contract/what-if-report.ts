import { CELLS, newlyFailing, type Counts, type Group, type WhatIfReport } from "../../../rejudge/report.ts";
import { counted, grouped, print, printTable, styled } from "../../terminal/output.ts";
import { toRun } from "../../terminal/printed-command.ts";

/** The most groups of each kind that are shown; `--json` has all. */
const GROUPS_SHOWN = 20;

/** Prints a report for people: the matrix, then producers and causes that would fail, worst first, then the coverage. */
export function printWhatIf(report: WhatIfReport): void {
  const { flips, of, subject, candidate } = report;
  const judged = of === null ? `the records of ${subject}` : `the records that ${subject}@${of} judged`;
  print(`What if ${subject}@${candidate.version} had judged ${judged}`);
  print("");
  printMatrix(flips.counts);
  for (const cell of ["passToFail", "failToPass", "failToFailChanged"] as const) {
    const positions = flips.examples[cell] ?? [];
    if (positions.length > 0) print(`${WORDS[cell]}, for example  ${positions.join("  ")}`);
  }
  printAside(report);
  printGroups("PRODUCER", flips.producers);
  printGroups("FINGERPRINT", flips.fingerprints);
  if (flips.otherProducers) print("(other): more than 1,000 producers; they are summed");
  if (flips.otherFingerprints) print("(other): more than 1,000 fingerprints; they are summed");
  printCoverage(report);
  const failing = newlyFailing(report);
  print(
    failing === 0
      ? `${styled("green", "OK")}  nothing that passed would fail`
      : `${styled("red", "NOT OK")}  ${counted(failing, "record")} that passed would fail`,
  );
}

const WORDS = {
  passToPass: "PASS->PASS",
  passToFail: "PASS->FAIL",
  failToPass: "FAIL->PASS",
  failToFailSame: "FAIL->FAIL, same cause",
  failToFailChanged: "FAIL->FAIL, other cause",
} as const;

function printMatrix({ passToPass, passToFail, failToPass, failToFailSame, failToFailChanged }: Counts): void {
  const other = failToFailChanged === 0 ? "" : `${grouped(failToFailChanged)} of them for another cause`;
  printTable(
    [
      ["", "WOULD PASS", "WOULD FAIL", ""],
      ["passed", grouped(passToPass), grouped(passToFail), ""],
      ["failed", grouped(failToPass), grouped(failToFailSame + failToFailChanged), other],
    ],
    [1, 2],
  );
}

/** Prints counts that are not part of the matrix, when there are any. */
function printAside({ flips, subject, candidate, duplicates, conflicts }: WhatIfReport): void {
  const { declared, identityChanged } = flips;
  const apart = CELLS.filter((cell) => declared[cell] > 0).map((cell) => `${grouped(declared[cell])} ${WORDS[cell]}`);
  if (apart.length > 0) {
    print(`counted apart, as they named ${subject}@${candidate.version} themselves: ${apart.join("; ")}`);
  }
  if (identityChanged > 0) print(`${counted(identityChanged, "record")} would be another fact: another machine id`);
  if ((duplicates ?? 0) > 0 || (conflicts ?? 0) > 0) {
    print(
      `among them ${counted(duplicates ?? 0, "duplicate")} and ${counted(conflicts ?? 0, "conflict")}, which passed their contract`,
    );
  }
}

function printGroups(title: string, groups: readonly Group[]): void {
  if (groups.length === 0) return;
  print("");
  const rows = groups.slice(0, GROUPS_SHOWN).map(({ name, cause, counts, examples }) => {
    const { passToPass, passToFail, failToPass, failToFailSame, failToFailChanged } = counts;
    const example = examples.passToFail?.[0] ?? examples.failToFailChanged?.[0] ?? examples.failToPass?.[0] ?? "";
    const numbers = [passToFail, failToFailChanged, failToPass, failToFailSame, passToPass].map(grouped);
    return [name, ...numbers, example, ...(cause === null ? [] : [cause])];
  });
  const cause = title === "FINGERPRINT" ? ["CAUSE"] : [];
  const header = [title, "PASS->FAIL", "OTHER CAUSE", "FAIL->PASS", "SAME CAUSE", "PASS->PASS", "EXAMPLE", ...cause];
  printTable([header, ...rows], [1, 2, 3, 4, 5]);
  if (groups.length > GROUPS_SHOWN) print(`and ${grouped(groups.length - GROUPS_SHOWN)} more; --json has all`);
}

function printCoverage({ coverage, candidate, digest, source }: WhatIfReport): void {
  const { decided, redecided, otherVersions, notRedecided } = coverage;
  const share = decided === 0 ? "" : `${((redecided / decided) * 100).toFixed(1)} % of what was decided in the range`;
  const { bytesNotKept, unreadable, notInLog, notStored } = notRedecided;
  const missing: readonly (readonly [number, string])[] = [
    [otherVersions, "another version had judged them"],
    [bytesNotKept, "their bytes are not kept"],
    [unreadable, `they can no longer be read; see ${toRun("audit")}`],
    [notInLog, "the log no longer holds them"],
    [notStored, "no row of theirs can be read, or not yet"],
  ];
  print("");
  printTable(
    [
      ["judged again", grouped(redecided), `${share} (from the ${source})`.trim()],
      ...missing.filter(([count]) => count > 0).map(([count, why]) => ["left out", grouped(count), why]),
      ...coverage.streams.map(({ topic, partition, from, to, records }) => [
        "read",
        grouped(records),
        `${topic}/${partition} [${from}, ${to})`,
      ]),
      ...coverage.contractSets.map((set) => ["decided by", grouped(set.records), set.digest]),
    ],
    [1],
  );
  print(`candidate  ${candidate.digest}`);
  print(`report     ${digest}`);
}
