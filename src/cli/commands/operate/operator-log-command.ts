import { Command, Option } from "commander";
import { parseCount } from "../../terminal/contract-arguments.ts";
import { withSettings } from "../../terminal/settings.ts";
import type { OperatorLogOptions } from "./operator-log.ts";

/** `sigma operator-log`. Its code is imported only when it runs. */
export function addOperatorLog(): Command {
  const command = withSettings(new Command("operator-log"), ["data.dir"]);
  return command
    .description("Show what operators did: who, from where, when and why")
    .addOption(new Option("--limit <number>", "how many of the newest actions").argParser(parseCount).default(50))
    .option("--all", "every action, oldest first", false)
    .option("--json", "print JSON: one object an action, with the hashes of the chain", false)
    .action(async (options: OperatorLogOptions) =>
      (await import("./operator-log.ts")).operatorLogCommand(command, options),
    );
}
