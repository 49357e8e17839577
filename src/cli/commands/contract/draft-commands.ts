import { type Command, Option } from "commander";
import { parseCount, parseVersion, parseVersionName } from "../../terminal/contract-arguments.ts";
import type { ExportOptions } from "./contract-exchange.ts";
import type { ImportOptions } from "./contract-import.ts";
import type { NewOptions } from "./contract-new.ts";
import { withSettings } from "../../terminal/settings.ts";

const FORMATS = ["odcs", "json-schema"];
/** More lines hardly change the inferred schema. */
const LINES = 100_000;

/** `sigma contract new|fixtures|import|export`. A command's code is imported only when it runs. */
export function addDrafts(contract: Command): void {
  const collect = (pointer: string, before: readonly string[] = []): readonly string[] => [...before, pointer];
  const propose = withSettings(contract.command("new"), ["contracts.dir"]);
  propose
    .description("Propose a draft from real records; with --version, the next version of a contract that is there")
    .argument("<subject>", "what the records are about, as shipment")
    .option("--from <file>", "records of JSON, - is standard input; with --version, the version to begin with")
    .option("--version <number>", "the number of the new version of the contract", parseVersion)
    .option("--identity <pointer>", "what names a fact, as /order_id; may be given several times", collect)
    .option("--lines <count>", "how many lines are looked at", parseCount, LINES)
    .option("--json", "print JSON", false)
    .action(async (subject: string, options: NewOptions) =>
      (await import("./contract-new.ts")).newContract(propose, subject, options),
    );
  const stubs = withSettings(contract.command("fixtures"), ["contracts.dir"]);
  stubs
    .description("Write payloads that break one constraint each of a version, for those that no fixture needs")
    .argument("<name>", "shipment@1", parseVersionName)
    .option("--json", "print JSON: one object for each payload and each constraint without one", false)
    .action(async (name: ReturnType<typeof parseVersionName>, options: { readonly json: boolean }) =>
      (await import("./contract-fixtures.ts")).writeFixtures(stubs, name, options),
    );
  const read = withSettings(contract.command("import"), ["contracts.dir"]);
  read
    .description("Make a draft of a JSON Schema or a data contract (ODCS 3.1), and name what has no place in it")
    .argument("<file>", "JSON or YAML")
    .option("--subject <name>", "its subject; a data contract names its own")
    .option("--identity <pointer>", "what names a fact, as /order_id; may be given several times", collect)
    .option("--ref <uri=file>", "the file of a document that it refers to; may be given several times", collect)
    .addOption(new Option("--format <format>", "what the file is, if it does not say").choices(FORMATS))
    .option("--json", "print JSON: one object for each draft and each thing not mapped", false)
    .action(async (file: string, options: ImportOptions) =>
      (await import("./contract-import.ts")).importContract(read, file, options),
    );
  const write = withSettings(contract.command("export"), ["contracts.dir"]);
  write
    .description("Print a version as a data contract (ODCS 3.1) or as its JSON Schema")
    .argument("<name>", "shipment@1", parseVersionName)
    .addOption(new Option("--format <format>", "what to write").choices(FORMATS).default("odcs"))
    .option("--json", "print JSON: one object", false)
    .action(async (name: ReturnType<typeof parseVersionName>, options: ExportOptions) =>
      (await import("./contract-exchange.ts")).exportContract(write, name, options),
    );
}
