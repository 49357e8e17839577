import { Command, Option } from "commander";
import { parseCount } from "../../terminal/contract-arguments.ts";
import { parseCounts, parsePart } from "./arguments.ts";
import type { CapacityOptions } from "./capacity.ts";

/** `sigma capacity`. Its code is imported only when it runs. */
export function addCapacity(): Command {
  const option = (flags: string, description: string): Option => new Option(flags, description).argParser(parseCount);
  return new Command("capacity")
    .description(
      "Predict what a deployment on Kafka and MongoDB would settle, and what that would take; nothing is read or changed",
    )
    .addOption(option("--partitions <number>", "partitions of all topics together").default(6))
    .addOption(
      new Option("--workers <numbers>", "how many workers; several, as in 1,2,4, are compared")
        .argParser(parseCounts)
        .default([1, 2, 4], "1,2,4"),
    )
    .addOption(option("--record-bytes <bytes>", "bytes of a record's value").default(1_000))
    .addOption(new Option("--failed-percent <percent>", "records that fail").argParser(parsePart).default(0.01, "1"))
    .addOption(
      new Option("--duplicate-percent <percent>", "records that repeat a fact").argParser(parsePart).default(0, "0"),
    )
    .addOption(option("--rate <records>", "records that arrive in a second (a backlog, worked off as fast as can be)"))
    .addOption(
      option(
        "--store-ms <ms>",
        "what MongoDB takes for a question besides its CPU, with the way there and back (that of the costs)",
      ),
    )
    .addOption(option("--cores <number>", "cores of the workers (those of this machine)"))
    .addOption(option("--store-cores <number>", "cores of MongoDB and Kafka (they share those of the workers)"))
    .option("--costs <file>", "what records cost on your machine, as bench/capacity.ts measures it (one of ours)")
    .option("--json", "print JSON", false)
    .action(async (options: CapacityOptions, command: Command) =>
      (await import("./capacity.ts")).capacity(command, options),
    );
}
