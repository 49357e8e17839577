import { Command, Option } from "commander";
import { PARAMETERS } from "../../../failures/parse-filter.ts";
import { parseCount } from "../../terminal/contract-arguments.ts";
import { withSettings } from "../../terminal/settings.ts";
import type { CorrectOptions } from "./correct.ts";
import type { ActOptions, PlanOptions, RunCommandOptions } from "./redrive.ts";

/** `sigma redrive`. Its code is imported only when it runs. */
export function addRedrive(): Command {
  const command = new Command("redrive").description("Decide failures, or a range of a stream, again: plan, look, run");
  const child = (name: string): Command => withSettings(command.command(name), ["data.dir", "contracts.dir"]);
  const json = (of: Command): Command => of.option("--json", "print JSON: one object a line", false);

  const plan = json(
    child("plan").description("Freeze which records are sent again, and say what would become of them"),
  );
  for (const name of ["group", "code", "topic", "partition", "since", "until"] as const)
    plan.option(`--${name} <${name}>`, PARAMETERS[name]);
  plan
    .option("--from <offset>", "offsets from this one on")
    .option("--to <offset>", "offsets before this one")
    .option("--all", "every record, and not the failures alone", false)
    .addOption(new Option("--to-version <number>", "version that is to judge them all").argParser(parseCount))
    .requiredOption("--reason <text>", "why; it is kept in the operator log")
    .action(async (options: PlanOptions) => (await import("./redrive.ts")).planCommand(plan, options));

  const show = json(child("show").description("A plan: its dry run, and what became of its records so far"));
  show
    .argument("<plan>", "id of the plan")
    .action(async (id: string, options: { json: boolean }) =>
      (await import("./redrive.ts")).showPlan(show, id, options),
    );

  const status = json(child("status").description("All plans, newest last"));
  status.action(async (options: { json: boolean }) => (await import("./redrive.ts")).listPlans(status, options));

  const run = json(child("run").description("Run a plan to its end; Ctrl-C pauses it, and running it again goes on"));
  run
    .argument("<plan>", "id of the plan")
    .addOption(new Option("--rate <number>", "records a second, at most").argParser(parseCount))
    .addOption(new Option("--expect <number>", "run only when the plan has so many records").argParser(parseCount))
    .option("--detach", "let the gateways run it, below their live streams", false)
    .requiredOption("--reason <text>", "why; it is kept in the operator log")
    .action(async (id: string, options: RunCommandOptions) => (await import("./redrive.ts")).runPlan(run, id, options));

  const act = (name: "pause" | "cancel", description: string): void => {
    const one = json(child(name).description(description));
    one
      .argument("<plan>", "id of the plan")
      .requiredOption("--reason <text>", "why; it is kept in the operator log")
      .action(async (id: string, options: ActOptions) => (await import("./redrive.ts")).actOn(one, name, id, options));
  };
  act("pause", "Let the runner of a plan stop behind its batch");
  act("cancel", "End a plan for good: what was sent again stays");

  const correct = json(child("correct").description("Send corrected bytes of a failure, as a new record in its topic"));
  correct
    .argument("<failure>", "id of the failure: topic/partition@offset")
    .requiredOption("--file <file>", "the whole new value, byte for byte")
    .option("--contract <version>", "version that the new record declares, as shipment@2")
    .option("--actor <name>", "who corrects it; the user who runs the command without it")
    .requiredOption("--reason <text>", "why; it is kept in the operator log")
    .action(async (what: string, options: CorrectOptions) =>
      (await import("./correct.ts")).correct(correct, what, options),
    );
  return command;
}
