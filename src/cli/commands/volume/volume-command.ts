import { Command } from "commander";
import { VOLUME_PARAMETERS } from "../../../volume/volume-query.ts";
import { withSettings } from "../../terminal/settings.ts";
import type { VolumeOptions } from "./volume.ts";

/** `sigma volume`. Its code is imported only when it runs. */
export function addVolume(): Command {
  const command = withSettings(
    new Command("volume").description(
      "How many records were decided, and what became of them: duplicates, redeliveries, conflicts, redrives and replays apart",
    ),
    ["data.dir"],
  );
  for (const [name, description] of Object.entries(VOLUME_PARAMETERS))
    command.option(`--${name} <${name}>`, description);
  return command
    .option("--json", "print JSON", false)
    .action(async (options: VolumeOptions) => (await import("./volume.ts")).volume(command, options));
}
