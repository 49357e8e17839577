import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { comparableOf } from "../../../contract/comparable.ts";
import { loadContracts } from "../../../contract/files.ts";
import { stubFixtures } from "../../../contract/fixture-stubs.ts";
import { toJsonText } from "../../../json/json-text.ts";
import { placed } from "../../../app/contracts.ts";
import { counted, note, print, printJson } from "../../terminal/output.ts";
import { cannotWrite, Refusals, usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";

/**
 * `sigma contract fixtures shipment@2`: for each constraint that no fixture needs, writes a must-fail payload that breaks only
 * that constraint. Existing fixtures are not touched.
 */
export async function writeFixtures(
  command: Command,
  { subject, version: number }: { readonly subject: string; readonly version: number },
  { json }: { readonly json: boolean },
): Promise<void> {
  const { contractsDir } = await configFor(command);
  const loaded = loadContracts(contractsDir);
  if (!loaded.ok) throw new Refusals(loaded.faults.map(placed));
  const name = `${subject}@${number}`;
  const contract = loaded.contracts.find((one) => one.subject === subject);
  const version = contract?.versions.find((one) => one.version === number);
  if (contract === undefined || version === undefined) {
    const known = loaded.contracts.flatMap((one) => one.versions.map((each) => `${one.subject}@${each.version}`));
    throw usage("SIG-I-004", `There is no contract version "${name}"`, `use one of ${known.join(", ")}`);
  }
  const { stubs, without } = stubFixtures(version, comparableOf(contract, version).payloads);
  for (const { name: stub, kind, payload, breaks } of stubs) {
    const file = write(join(version.fixturesDir, kind), stub, `${toJsonText(payload, 2)}\n`);
    if (json) printJson({ kind: "fixture", file, must: kind, breaks });
    else print(breaks === null ? `${file}  passes` : `${file}  breaks ${breaks}`);
  }
  for (const constraint of without) {
    if (json) printJson({ kind: "without", constraint });
    else note(`no payload was found that breaks ${constraint} and nothing else: another constraint may say the same`);
  }
  if (json) return;
  if (stubs.length === 0) return print(`Nothing to write: no further payload proves anything of ${name}`);
  print(`${counted(stubs.length, "payload")} written; read them: each is a promise to refuse or to take what it shows`);
}

/** Writes a new file. A number is added to the name when it is taken. */
function write(folder: string, name: string, text: string): string {
  let file = join(folder, `${name}.json`);
  for (let count = 2; existsSync(file); count += 1) file = join(folder, `${name}-${count}.json`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, text, { flag: "wx" });
  } catch (error) {
    throw cannotWrite("SIG-I-018", file, error, "make the directory writable");
  }
  return file;
}
