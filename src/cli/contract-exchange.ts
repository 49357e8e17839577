import { basename } from "node:path";
import type { Command } from "commander";
import { parse as parseYaml, stringify } from "yaml";
import { fromOdcs, toOdcs } from "../authoring/odcs.ts";
import { upgradeSchema } from "../authoring/upgrade-schema.ts";
import { loadContracts } from "../contract/files.ts";
import { readBytes } from "../contract/source-text.ts";
import type { JsonObject } from "../json/json.ts";
import type { parseVersionName } from "./contract-arguments.ts";
import { placed } from "./contracts.ts";
import { writeDraft } from "./draft-writer.ts";
import { note, print, printJsonValues } from "./output.ts";
import { Refusals, usage, type Refusal } from "./refusal.ts";
import { configFor } from "./settings.ts";
import { toJsonText } from "../json/json-text.ts";
import { parseJson } from "../json/parse-json.ts";

export type ImportOptions = {
  readonly subject?: string;
  readonly identity?: readonly string[];
  readonly format?: "odcs" | "json-schema";
  readonly json: boolean;
};
export type ExportOptions = { readonly format: "odcs" | "json-schema"; readonly json: boolean };

/** `sigma contract import`: a draft from a JSON Schema or a data contract. */
export async function importContract(command: Command, file: string, options: ImportOptions): Promise<void> {
  const { contractsDir } = await configFor(command);
  const document = readDocument(file);
  const format = options.format ?? (document["kind"] === "DataContract" ? "odcs" : "json-schema");
  if (format === "odcs") {
    const result = fromOdcs(document, options.subject ?? null);
    if (!result.ok)
      throw usage(
        "SIG-I-018",
        `Cannot import "${file}": ${result.why}`,
        "give a data contract, or --format json-schema",
      );
    for (const [index, draft] of result.drafts.entries()) {
      const identity = options.identity ?? draft.identity;
      if (identity.length === 0) throw noIdentity(draft.subject);
      writeDraft(contractsDir, { ...draft, identity }, index === 0 ? result.unmapped : [], options.json);
    }
    return;
  }
  const subject = options.subject;
  if (subject === undefined)
    throw usage("SIG-I-018", `Cannot import "${file}": a schema has no subject`, "name it: --subject parcel");
  if (options.identity === undefined) throw noIdentity(subject);
  const { schema, unmapped } = upgradeSchema(document);
  const description =
    typeof schema["description"] === "string"
      ? schema["description"].slice(0, 1_000)
      : `Imported from ${basename(file)}`;
  const remarks = [`Imported from ${basename(file)}.`];
  writeDraft(
    contractsDir,
    { subject, owner: "unknown", description, identity: options.identity, schema, rules: [], remarks },
    unmapped,
    options.json,
  );
}

function noIdentity(subject: string): Refusal {
  return usage(
    "SIG-I-018",
    `Cannot make a draft of ${subject}: nothing says what names a fact`,
    "add --identity /order_id",
  );
}

function readDocument(file: string): JsonObject {
  const read = readBytes(file);
  if (!read.ok) throw usage("SIG-I-018", `Cannot read "${file}": ${read.problem}`, "name a JSON or YAML file");
  try {
    // JSON is YAML; aliases could make a small file enormous.
    const value: unknown = parseYaml(Buffer.from(read.bytes).toString("utf8"), {
      maxAliasCount: 100,
      intAsBigInt: true,
    });
    // Only what JSON can say goes on: no dates, no maps with other keys.
    const plain = parseJson(toJsonText(value ?? null));
    if (plain !== null && typeof plain === "object" && !Array.isArray(plain)) return plain as JsonObject;
  } catch (error) {
    throw usage(
      "SIG-I-018",
      `Cannot read "${file}": ${(error as Error).message.split("\n", 1)[0] ?? ""}`,
      "correct it",
    );
  }
  throw usage("SIG-I-018", `Cannot import "${file}": it holds no object`, "name a JSON Schema or a data contract");
}

/** `sigma contract export`: a version for other tools, on standard output. */
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
