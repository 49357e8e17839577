import { Command } from "commander";
import { withSettings } from "../../terminal/settings.ts";

/** `sigma backup`. Its code is imported only when it runs. */
export function addBackup(): Command {
  const command = new Command("backup").description("Copy the log and the store, also while a gateway runs on them");
  withSettings(command, ["data.dir"]);
  return command
    .argument("<folder>", "where to; it is made")
    .option("--json", "print JSON", false)
    .action(async (to: string, options: { json: boolean }) =>
      (await import("./backup.ts")).backupCommand(command, to, options),
    );
}

/** `sigma restore`. Its code is imported only when it runs. */
export function addRestore(): Command {
  const command = new Command("restore").description("Put a backup into a data directory on which nothing runs");
  withSettings(command, ["data.dir"]);
  return command
    .argument("<folder>", "that sigma backup made")
    .option("--replace", "move what the data directory holds aside", false)
    .option("--json", "print JSON", false)
    .action(async (from: string, options: { replace: boolean; json: boolean }) =>
      (await import("./backup.ts")).restoreCommand(command, from, options),
    );
}
