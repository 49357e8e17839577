import type { Command } from "commander";
import type { MigrateOptions } from "./migrate.ts";
import { withSettings } from "../../terminal/settings.ts";

/** Adds `sigma store migrate`. Its code is imported only when it runs. */
export function addMigrate(parent: Command): void {
  const command = withSettings(parent.command("migrate"), ["data.dir"]);
  command
    .description("Bring a store of an older layout to the one of this build; nothing of the old one is deleted")
    .option("--dry-run", "say what would be done, and do nothing", false)
    .option("-y, --yes", "for scripts; nothing is asked", false)
    .option("--accept-loss", "go on although the log lacks records that only the old store has", false)
    .option("--others-elsewhere", "MongoDB: the gateways connected to the server work on other databases", false)
    .option("--json", "print JSON", false)
    .action(async (options: MigrateOptions) => (await import("./migrate.ts")).migrateCommand(command, options));
}
