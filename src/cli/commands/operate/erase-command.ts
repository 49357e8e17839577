import { Command, Option } from "commander";
import { parseCount } from "../../terminal/contract-arguments.ts";
import type { EraseCommandOptions } from "./erase.ts";
import { withSettings } from "../../terminal/settings.ts";

/** `sigma erase`. Its code is imported only when it runs. */
export function addErase(): Command {
  const command = withSettings(new Command("erase"), ["data.dir"]);
  return command
    .description("Erase records from the store and its evidence for good; what is left proves that they were decided")
    .option("--subject <name>", "the contract whose identity is meant; with --identity")
    .option(
      "--identity <json>",
      'every record that carries it, as in {"shipment_id":"s-1"}; - reads it from standard input',
    )
    .option(
      "--position <position>",
      "topic/partition@offset or topic/partition@first-last; may be repeated",
      gather,
      [],
    )
    .option("--stream <id>", "which stream the positions are of, where a topic was made anew")
    .option("--topic <name>", "records of this topic")
    .option("--code <code>", "records that failed with this code")
    .option("--from <when>", "records from this time on: 2026-03-01, 2026-03-01T12:00:00Z, 24h, 7d")
    .option("--to <when>", "records before this time")
    .option(
      "--where <pointer=value>",
      "records whose member has this value, as in /customer/email=a@b.c; may be repeated",
      gather,
      [],
    )
    .addOption(new Option("--expect <number>", "erase only when so many records are selected").argParser(parseCount))
    .option("--resume", "complete what was announced and left", false)
    .option("--reason <text>", "why; it is kept in the operator log")
    .option("--dry-run", "only tell what would be erased", false)
    .option("--yes", "do not ask", false)
    .option("-q, --quiet", "no progress", false)
    .option("--json", "print JSON", false)
    .action(async (options: EraseCommandOptions) => (await import("./erase.ts")).eraseCommand(command, options));
}

function gather(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}
