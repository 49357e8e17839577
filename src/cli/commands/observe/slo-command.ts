import { Command, Option } from "commander";
import { parseCount } from "../../terminal/contract-arguments.ts";
import { withSettings } from "../../terminal/settings.ts";
import { withTrust } from "../../terminal/trust.ts";
import { EXPORT_FORMATS, type ExportOptions } from "./slo-formats.ts";

/** `sigma slo`: what is promised. Its code is imported only when it runs. */
export function addSlo(): Command {
  const command = new Command("slo").description("Objectives: what is promised, and how it stands");
  const status = withSettings(withTrust(command.command("status")), ["data.dir"]);
  status
    .description("Show how much of each budget is left, and how fast it goes; ends with 20 when one is missed")
    .option("--url <url>", "ask a running gateway instead of reading the store")
    .option("--json", "print JSON: one object an objective", false)
    .action(async (options: { url?: string; json: boolean }) =>
      (await import("./slo-status.ts")).objectivesStatus(status, options),
    );
  const written = withSettings(command.command("export"), ["contracts.dir"]);
  written
    .description("Print the objectives as OpenSLO v1, or as recording and alerting rules for Prometheus")
    .addOption(new Option("--format <format>", "as what").choices(EXPORT_FORMATS).makeOptionMandatory())
    .option("--runbooks <url>", "where the pages of docs/runbooks are, for the links of alerts", "docs/runbooks/")
    .addOption(
      new Option("--scale <number>", "divide all durations: a rehearsal of hours in minutes (prometheus)")
        .argParser(parseCount)
        .default(1),
    )
    .action(async (options: ExportOptions) => (await import("./slo-export.ts")).exportObjectives(written, options));
  return command;
}
