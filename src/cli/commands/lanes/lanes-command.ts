import { Command } from "commander";
import { withSettings } from "../../terminal/settings.ts";
import type { CheckLanesOptions } from "./check.ts";

/** `sigma lanes`. Its code is imported only when it runs. */
export function addLanes(): Command {
  const command = new Command("lanes").description("Lanes: topics of their own for some of the records of a source");
  const route = withSettings(command.command("route"), ["data.dir", "contracts.dir", "log.level", "log.format"]);
  route
    .description("Move records to their lanes until a signal, and do nothing else; sigma start does it besides")
    .action(async () => (await import("./route.ts")).routeCommand(route));
  const check = withSettings(command.command("check"), ["data.dir"]);
  check
    .description("Check that each record of a source is in its lanes exactly once, byte for byte")
    .option("--quiet", "no progress", false)
    .option("--json", "print JSON: one object a stream, then the findings", false)
    .action(async (options: CheckLanesOptions) => (await import("./check.ts")).checkCommand(check, options));
  return command;
}
