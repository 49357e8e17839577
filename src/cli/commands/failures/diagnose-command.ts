import { Command } from "commander";
import { withSettings } from "../../terminal/settings.ts";
import type { DiagnoseOptions } from "./diagnose.ts";

/** `sigma diagnose`. Its code is imported only when it runs. */
export function addDiagnose(): Command {
  const command = new Command("diagnose").description(
    "Ask a language model of your own why a group fails; its answer is advice, and changes nothing",
  );
  return withSettings(command, ["data.dir", "contracts.dir"])
    .argument("<group>", "fingerprint of the group, or how it begins")
    .option("--again", "ask also when there is advice on the group, which is replaced", false)
    .option("--prompt", "print what would be asked, and ask nobody", false)
    .option("--json", "print JSON", false)
    .action(async (group: string, options: DiagnoseOptions) =>
      (await import("./diagnose.ts")).diagnose(command, group, options),
    );
}
