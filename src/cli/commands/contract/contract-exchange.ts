import type { Command } from "commander";
import { stringify } from "yaml";
import { toOdcs } from "../../../authoring/odcs.ts";
import { loadContracts } from "../../../contract/files.ts";
import type { parseVersionName } from "../../terminal/contract-arguments.ts";
import { placed } from "../../../app/contracts.ts";
import { note, print, printJsonValues } from "../../terminal/output.ts";
import { Refusals, usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";
import { toJsonText } from "../../../json/json-text.ts";

export type ExportOptions = { readonly format: "odcs" | "json-schema"; readonly json: boolean };

/** `sigma contract export`: prints a version for other tools. */
export async function exportContract(
  command: Command,
  { subject, version: number }: ReturnType<typeof parseVersionName>,
  options: ExportOptions,
): Promise<void> {
  const loaded = loadContracts((await configFor(command)).contractsDir);
  if (!loaded.ok) throw new Refusals(loaded.faults.map(placed));
  const contract = loaded.contracts.find((one) => one.subject === subject);
  const version = contract?.versions.find((one) => one.version === number);
  const name = `${subject}@${number}`;
  if (contract === undefined || version === undefined)
    throw usage("SIG-I-004", `There is no contract version ${name}`, "see sigma contract list");
  if (options.format === "json-schema") {
    for (const { id } of version.rules) note(`not mapped: rule ${id}: JSON Schema has no place for it`);
    return print(toJsonText(version.schema, 2));
  }
  const { owner, description } = contract;
  const { document, unmapped } = toOdcs({ ...version, subject, owner, description });
  for (const { path, why } of unmapped) note(`not mapped: ${path}: ${why}; carried in customProperties`);
  if (options.json) return printJsonValues({ kind: "odcs", name, document, unmapped });
  print(stringify(document).trimEnd());
}
