import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { loadContracts } from "../../../contract/files.ts";
import { replaceFile } from "../../../contract/lock.ts";
import { nextSchemaName, withNextId, withNextVersion } from "../../../contract/next-version.ts";
import { placed } from "../../../app/contracts.ts";
import { note, print, printJson } from "../../terminal/output.ts";
import { toRun } from "../../terminal/printed-command.ts";
import { cannotWrite, type Refusal, Refusals, usage } from "../../terminal/refusal.ts";

/**
 * `sigma contract new SUBJECT --version 2 --from 1`: makes the next version as a draft. It begins as a copy of another version:
 * its schema, its lines in contract.yaml with their comments, and its fixtures.
 * @param from the number of that version as typed; null takes the latest.
 */
export function newVersion(
  contractsDir: string,
  subject: string,
  number: number,
  from: string | null,
  json: boolean,
): void {
  const loaded = loadContracts(contractsDir);
  if (!loaded.ok) throw new Refusals(loaded.faults.map(placed));
  const contract = loaded.contracts.find((one) => one.subject === subject);
  if (contract === undefined) {
    const known = loaded.contracts.map((one) => one.subject).join(", ");
    throw usage("SIG-I-004", `There is no contract "${subject}"`, `use one of ${known}, or propose one: --from FILE`);
  }
  const name = `${subject}@${number}`;
  if (contract.versions.some(({ version }) => version === number))
    throw refuse(name, "it is there already", "choose a number that is free");
  const source =
    from === null ? contract.versions.at(-1) : contract.versions.find(({ version }) => String(version) === from);
  if (source === undefined) {
    const known = contract.versions.map(({ version }) => version).join(", ");
    throw refuse(name, `${subject} has no version "${from ?? ""}" to begin with`, `give --from ${known}`);
  }
  const folder = dirname(contract.file);
  const schemaName = nextSchemaName(source.schemaFile.slice(folder.length + 1), source.version, number);
  const schemaFile = join(folder, schemaName);
  const fixtures = join(folder, "fixtures", `v${number}`);
  for (const taken of [schemaFile, fixtures])
    if (existsSync(taken)) throw refuse(name, `${taken} is there already`, "move it away, or choose another number");
  const yaml = withNextVersion(readFileSync(contract.file, "utf8"), source.version, number, schemaName);
  if (yaml === null) {
    const remedy = `add version ${number} there by hand`;
    throw refuse(
      name,
      `the versions in ${contract.file} are not written as a plain mapping, one below the other`,
      remedy,
    );
  }
  const schema = readFileSync(source.schemaFile, "utf8");
  const renamed = withNextId(schema, source.version, number);
  try {
    mkdirSync(dirname(schemaFile), { recursive: true });
    writeFileSync(schemaFile, renamed, { flag: "wx" });
    for (const kind of ["pass", "fail"]) copyOrMake(join(source.fixturesDir, kind), join(fixtures, kind));
    replaceFile(contract.file, yaml);
  } catch (error) {
    throw cannotWrite("SIG-I-018", name, error, "make the directory writable");
  }
  if (json) return printJson({ kind: "draft", name, folder, from: `${subject}@${source.version}`, schema: schemaFile });
  print(`${name} is a draft in ${folder}, as ${subject}@${source.version} is: change ${basename(schemaFile)}`);
  if (schema.includes('"$id"') && renamed === schema)
    note(`Its $id is that of version ${source.version}: give it one of its own, or no dataschema tells the two apart`);
  note(`Then: ${toRun("contract diff", [`${subject}@${source.version}`, name])}`);
  note(`And:  ${toRun("contract check", [name])}`);
}

function copyOrMake(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  if (existsSync(from)) cpSync(from, to, { recursive: true });
}

function refuse(name: string, why: string, remedy: string): Refusal {
  return usage("SIG-I-018", `Cannot make ${name}: ${why}`, remedy);
}
