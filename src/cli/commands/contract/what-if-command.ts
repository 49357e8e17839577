import { InvalidArgumentError, Option, type Command } from "commander";
import { parseContractName } from "../../../contract/contract-name.ts";
import type { VersionName, WhatIfOptions } from "./what-if.ts";
import { parseThreads } from "../../terminal/contract-arguments.ts";
import { withSettings } from "../../terminal/settings.ts";

/** Adds `sigma contract what-if`. Its code is imported only when it runs. */
export function addWhatIf(parent: Command): void {
  const command = withSettings(parent.command("what-if"), ["data.dir", "contracts.dir"]);
  command
    .description("Judge stored history by a version that was not live; nothing is written to the store")
    .argument("<name>", "the candidate, a draft or any other version: shipment@2", parseVersion)
    .addOption(new Option("--of <name>", "only records that this version judged: shipment@1").argParser(parseVersion))
    .option("--from <when>", "2026-03-01, 2026-03-01T12:00:00Z, 24h, 7d or topic/partition@offset (the beginning)")
    .option("--to <when>", "the same, excluded (the end)")
    .addOption(
      new Option("--source <where>", "read the records from the store, or again from the log")
        .choices(["store", "log"])
        .default("store"),
    )
    .addOption(
      new Option("--examples <number>", "positions to show for each kind of flip, 0 to 20")
        .argParser(parseExamples)
        .default(3),
    )
    .option(
      "--threads <number>",
      "how many threads judge records of the store at a time (default: the machine's cores, at most 8; 1 for a small store)",
      parseThreads,
    )
    .option("--save <file>", "also write the whole report to this file, for activation")
    .option("-q, --quiet", "no progress", false)
    .option("--json", "print the whole report as one JSON object", false)
    .action(async (name: VersionName, options: WhatIfOptions) =>
      (await import("./what-if.ts")).whatIfCommand(command, name, options),
    );
}

/** The error text follows commander's own "error: ... is invalid"; commander ends with the exit code for usage. */
function parseVersion(text: string): VersionName {
  const name = parseContractName(text);
  if (name?.version == null) throw new InvalidArgumentError("Name contract and version, as in shipment@2.");
  return { subject: name.subject, version: name.version };
}

function parseExamples(text: string): number {
  if (!/^\d{1,2}$/.test(text) || Number(text) > 20) throw new InvalidArgumentError("Write a number from 0 to 20.");
  return Number(text);
}
