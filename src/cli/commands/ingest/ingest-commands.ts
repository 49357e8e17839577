import { Command, Option } from "commander";
import { parseCount } from "../../terminal/contract-arguments.ts";
import { withSettings } from "../../terminal/settings.ts";
import { withTrust } from "../../terminal/trust.ts";
import type { IngestOptions } from "./ingest-options.ts";

/** `sigma validate`. Its code is imported only when it runs. */
export function addValidate(): Command {
  const command = new Command("validate").description("Judge payloads by a contract; store nothing");
  withSettings(command, ["contracts.dir"]);
  return command
    .argument("[file...]", "files to judge, - for standard input")
    .requiredOption("--contract <name>", "shipment, or shipment@1 for one version")
    .option("--ndjson", "every line is a payload, also where a first text over several lines says otherwise", false)
    .option("--json", "print JSON: one object a payload", false)
    .action(async (files: readonly string[], options: { contract: string; ndjson: boolean; json: boolean }) =>
      (await import("./validate.ts")).validate(command, files, options),
    );
}

/** `sigma ingest`. Its code is imported only when it runs. */
export function addIngest(): Command {
  const command = new Command("ingest").description("Judge and store records of files: lines of JSON, plain or packed");
  withSettings(withTrust(command), ["data.dir", "contracts.dir"]);
  return command
    .argument("[file...]", "files to ingest, - for standard input")
    .option("--topic <name>", "topic to append to (the first one configured)")
    .option("--to <where>", "append to kafka, or send to a running gateway, for example http://127.0.0.1:8000")
    .option("--from-line <number>", "skip the lines of the first input before this one", "1")
    .option("--ndjson", "every line is a record, also where a first text over several lines says otherwise", false)
    .option("--producer <name>", "who sends them; kept with each record")
    .option("--key <key>", "what keeps records in one partition: a field as /order_id, or one text (their identity)")
    .addOption(
      new Option("--show-failures <number>", "name the first failures, with their lines")
        .argParser(parseCount)
        .default(5),
    )
    .option("--strict", "exit 10 when a record FAILED", false)
    .option("-q, --quiet", "no progress", false)
    .option("--json", "print JSON", false)
    .action(async (files: readonly string[], options: IngestOptions) =>
      (await import("./ingest.ts")).ingest(command, files, options),
    );
}
