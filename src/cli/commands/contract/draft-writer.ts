import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { draftFiles, draftProblems, type Draft, type Unmapped } from "../../../authoring/draft.ts";
import { note, print, printJson } from "../../terminal/output.ts";
import { toRun } from "../../terminal/printed-command.ts";
import { cannotWrite, Refusals, usage } from "../../terminal/refusal.ts";

/** Writes a draft. An existing contract is never overwritten, since a person has worked on it. */
export function writeDraft(contractsDir: string, draft: Draft, unmapped: readonly Unmapped[], json: boolean): void {
  const { subject } = draft;
  const folder = join(contractsDir, subject);
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,248}$/.test(subject))
    throw usage(
      "SIG-I-018",
      `Cannot use "${subject.slice(0, 100)}" as a subject`,
      "use letters, digits, dot, dash and underscore",
    );
  if (existsSync(folder))
    throw usage(
      "SIG-I-018",
      `Cannot write ${folder}: it is there already`,
      "choose another subject, or add a version to that contract by hand",
    );
  printUnmapped(subject, unmapped, json);
  const problems = draftProblems(draft);
  if (problems.length > 0) {
    throw new Refusals(
      problems.map(({ path, why }) => ({
        place: path === "" ? "the schema" : path,
        code: "SIG-I-018",
        message: `Cannot be part of a contract: ${why}`,
        remedy: "change it in the original, or write this contract by hand",
      })),
    );
  }
  try {
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of draftFiles(draft)) writeFileSync(join(folder, name), text, { flag: "wx" });
  } catch (error) {
    throw cannotWrite("SIG-I-018", folder, error, "make the directory writable");
  }
  if (json)
    return printJson({ kind: "draft", name: `${subject}@1`, folder, identity: draft.identity, remarks: draft.remarks });
  print(`${subject}@1 is a draft in ${folder}`);
  const check = toRun("contract check", [subject]);
  note(`Read it, put payloads into ${folder}/fixtures/v1/pass and fail, then: ${check}`);
}

function printUnmapped(name: string, unmapped: readonly Unmapped[], json: boolean): void {
  for (const { path, why } of unmapped) {
    if (json) printJson({ kind: "unmapped", name, path, why });
    else note(`not mapped: ${path === "" ? "the document" : path}: ${why}`);
  }
}
