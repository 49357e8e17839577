import { Command } from "commander";
import { withSettings } from "../../terminal/settings.ts";
import { addMigrate } from "./migrate-command.ts";
import type { RepairCommandOptions } from "./store-repair.ts";

/** `sigma store migrate|repair`. Its code is imported only when it runs. */
export function addStore(): Command {
  const command = new Command("store").description("The store as a whole: its layout, and its documents");
  addMigrate(command);
  const repair = withSettings(command.command("repair"), ["data.dir"]);
  repair
    .description("Bring back documents that are missing, and name those that were changed")
    .option("--replace", "write changed documents again as the ledger has them; it is kept in the operator log", false)
    .option("--reason <text>", "why they are replaced; with --replace")
    .option("--dry-run", "only tell what would be done", false)
    .option("--quiet", "no progress", false)
    .option("--json", "print JSON", false)
    .action(async (options: RepairCommandOptions) =>
      (await import("./store-repair.ts")).repairCommand(repair, options),
    );
  return command;
}
