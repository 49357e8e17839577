import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PARAMETERS } from "../../src/failures/parse-filter.ts";
import { ROOT } from "../cli/run.ts";
import { runStep, stepsOf } from "../document-steps.ts";
import { temporaryDirectory } from "../embedded.ts";

const PAGE = readFileSync(join(ROOT, "docs/failures.md"), "utf8");

/** Times are of now, ids of streams are random, and whoever runs it is somebody. */
function stable(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?/g, "TIME")
    .replaceAll(/[\w-]{22}\/[\w-]{22}/g, "CLUSTER/TOPIC")
    .replaceAll(/ stored from \S+/g, " stored from A STREAM")
    .replaceAll(/node \S+\/bin\/sigma\.js/g, "npx sigma")
    .replaceAll(/ by \S+: /g, " by SOMEBODY: ")
    .trimEnd();
}

test("the page of failures prints what it says, command by command", async () => {
  const cwd = temporaryDirectory();
  for (const folder of ["contracts", "examples"]) cpSync(join(ROOT, folder), join(cwd, folder), { recursive: true });
  const steps = stepsOf(PAGE);
  for (const { command, output } of steps)
    expect({ command, output: stable(await runStep(command, { cwd })) }).toEqual({ command, output: stable(output) });
  expect(steps).toHaveLength(11);
});

test("the page of failures has a row for each filter", () => {
  const [, table = ""] = /\n## Filters\n([^]*?)\n## /.exec(PAGE) ?? [];
  const named = [...table.matchAll(/^\| (`[^|]+?) +\|/gm)].flatMap(([, cell = ""]) =>
    cell.replaceAll("`", "").split(", "),
  );
  expect(named.toSorted()).toEqual(Object.keys(PARAMETERS).toSorted());
});
