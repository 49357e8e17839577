import { Command, Option } from "commander";
import { PARAMETERS } from "../../../failures/parse-filter.ts";
import { parsePositive } from "../../terminal/contract-arguments.ts";
import { withSettings } from "../../terminal/settings.ts";
import type { ListOptions } from "./list.ts";
import type { SayOptions } from "./say.ts";

/** `sigma failures`. Its code is imported only when it runs. */
export function addFailures(): Command {
  const command = new Command("failures").description(
    "What failed, why, from whom and since when; and what to say of it",
  );
  const child = (name: string): Command => withSettings(command.command(name), ["data.dir"]);
  const json = (of: Command): Command => of.option("--json", "print JSON: one object a line", false);

  const groups = json(child("groups").description("Failures by group: what failed, how often, since when"));
  for (const name of ["since", "code", "contract", "topic", "state"] as const) addFilter(groups, name);
  groups
    .addOption(
      new Option("--sort <by>", "largest first").choices(["recent", "count", "first", "last"]).default("recent"),
    )
    .addOption(new Option("--limit <number>", "groups to show").argParser(parsePositive).default(50))
    .action(async (options: ListOptions) => (await import("./groups.ts")).listGroups(groups, options));

  const list = json(child("list").description("Failures one by one, newest first"));
  withFilters(list)
    .addOption(new Option("--limit <number>", "failures to show").argParser(parsePositive).default(20))
    .option("--payload", "show the payloads", false)
    .action(async (options: ListOptions) => (await import("./list.ts")).listFailures(list, options));

  const show = json(child("show").description("One failure with its bytes, or one group with what it has in common"));
  show
    .argument("<what>", "topic/partition@offset of a failure, or the fingerprint of a group (or how it begins)")
    .option("--raw", "write the exact bytes of the record to standard output, and nothing else", false)
    .addOption(
      new Option("--reveal <reason>", "like --raw, also bytes that the settings redact; the reason is kept").implies({
        raw: true,
      }),
    )
    .action(async (what: string, options: { json: boolean; raw: boolean; reveal?: string }) =>
      (await import("./show.ts")).show(show, what, options),
    );

  const tail = json(child("tail").description("Failures from now on, until it is interrupted"));
  withFilters(tail, ["since", "until"]).action(async (options: ListOptions) =>
    (await import("./tail.ts")).tail(tail, options),
  );

  const exporting = child("export").description("Failures with bytes, keys and headers, as lines of JSON");
  withFilters(exporting)
    .option("--out <file>", "where to; standard output without it")
    .action(async (options: ListOptions & { out?: string }) =>
      (await import("./export.ts")).exportFailures(exporting, options),
    );

  const say = (name: string, description: string, more: (of: Command) => Command = (of) => of): void => {
    const one = json(child(name).description(description));
    more(one.argument("<group>", "fingerprint of the group, or how it begins"))
      .requiredOption("--reason <text>", "why; it is kept in the operator log")
      .action(async (group: string, options: SayOptions) => (await import("./say.ts")).say(one, name, group, options));
  };
  say("ack", "Say that somebody works on a group");
  say("open", "Open a group again");
  say("fixed", "Say which version of the contract ends a group", (of) =>
    of.addOption(new Option("--version <number>", "of the contract").argParser(parsePositive).makeOptionMandatory()),
  );
  say("mute", "Say nothing of a group until a time, or until it has so many failures", (of) =>
    of
      .option("--until <when>", "2026-12-01T00:00:00Z, or 1h, 7d from now")
      .addOption(new Option("--threshold <number>", "failures in all").argParser(parsePositive)),
  );
  say("assign", "Say whose a group is", (of) => of.option("--owner <name>", "nobody without it"));
  say("note", "Add a note to a group: the reason is the note");
  return command;
}

function withFilters(command: Command, except: readonly string[] = []): Command {
  for (const name of Object.keys(PARAMETERS) as (keyof typeof PARAMETERS)[])
    if (!except.includes(name)) addFilter(command, name);
  return command;
}

function addFilter(command: Command, name: keyof typeof PARAMETERS): void {
  command.option(`--${name} <${name}>`, PARAMETERS[name]);
}
