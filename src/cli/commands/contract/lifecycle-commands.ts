import type { Command } from "commander";
import type { LifecycleAction } from "../../../contract/lifecycle.ts";
import { parseCount, parseDay, parseVersionName, parseWindow } from "../../terminal/contract-arguments.ts";
import type { LifecycleOptions } from "./contract-lifecycle.ts";
import type { PublishOptions } from "./contract-publish.ts";
import { withSettings } from "../../terminal/settings.ts";

/** `sigma contract activate|deprecate|retire|publish|traffic`. A command's code is imported only when it runs. */
export function addLifecycle(contract: Command): void {
  const act = (action: LifecycleAction, description: string): Command => {
    const command = withSettings(contract.command(action), ["contracts.dir", "data.dir"]);
    return command
      .description(description)
      .argument("<name>", "shipment@1", parseVersionName)
      .requiredOption("--reason <text>", "why; it is kept in the operator log")
      .option("--json", "print JSON", false)
      .action(async (name: ReturnType<typeof parseVersionName>, options: LifecycleOptions) => {
        await (await import("./contract-lifecycle.ts")).changeStateCommand(command, action, name, options);
      });
  };
  act("activate", "Let a frozen version judge records")
    .option("--what-if <file>", "the report that sigma contract what-if --save wrote of it")
    .option("--accept-flips <count>", "how many records that passed and would fail are accepted", parseCount);
  act("deprecate", "Announce the end of a version; it goes on judging").option(
    "--sunset <day>",
    "the day announced as its end, as YYYY-MM-DD; a promise, never a switch",
    parseDay,
  );
  act("retire", "Refuse the records of a version from now on, when nobody sends it any more")
    .option("--window <time>", "how long nobody may have sent it, as 30d or 24h", parseWindow, parseWindow("30d"))
    .option("--despite-traffic", "retire it although it is in use; the operator log names who is hit", false);
  const publish = withSettings(contract.command("publish"), ["contracts.dir", "data.dir"]);
  publish
    .description("Register the schema of a version with the schema registry, and report what that made of it")
    .argument("<name>", "shipment@1", parseVersionName)
    .option("--as <subject>", "the registry's subject; without it TOPIC-value of each topic that carries the contract")
    .option("--json", "print JSON: one object for each subject", false)
    .action(async (name: ReturnType<typeof parseVersionName>, options: PublishOptions) =>
      (await import("./contract-publish.ts")).publish(publish, name, options),
    );
  const traffic = withSettings(contract.command("traffic"), ["contracts.dir", "data.dir"]);
  traffic
    .description("Show who sends which version, and when first and last")
    .argument("<subject>", "shipment")
    .option("--json", "print JSON: one object for each version and producer", false)
    .action(async (subject: string, options: { json: boolean }) =>
      (await import("./contract-lifecycle.ts")).showTraffic(traffic, subject, options),
    );
}
