import { Command, Option } from "commander";
import { parseCount } from "../../terminal/contract-arguments.ts";
import { withSettings } from "../../terminal/settings.ts";
import type { RetentionRunOptions } from "./retention.ts";

/** `sigma retention`. Its code is imported only when it runs. */
export function addRetention(): Command {
  const command = new Command("retention").description("What the store keeps how long, and what is gone");
  const show = withSettings(command.command("show"), ["data.dir"]);
  show
    .description("The terms, and what was taken of each stream up to where")
    .option("--json", "print JSON: one object a floor, then the terms", false)
    .action(async (options: { json: boolean }) => (await import("./retention.ts")).showRetention(show, options));
  const run = withSettings(command.command("run"), ["data.dir"]);
  run
    .description("Take away what is older than the terms say; what interrupted runs left is completed")
    .option("--dry-run", "only tell what would go", false)
    .addOption(new Option("--expect <number>", "take away only when it is so many documents").argParser(parseCount))
    .option("--sweep", "go again through everything that was taken, for documents that came back since", false)
    .option("--yes", "do not ask", false)
    .option("-q, --quiet", "no progress", false)
    .option("--json", "print JSON", false)
    .action(async (options: RetentionRunOptions) => (await import("./retention.ts")).retentionRun(run, options));
  return command;
}
