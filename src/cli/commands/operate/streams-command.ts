import { Command } from "commander";
import { withSettings } from "../../terminal/settings.ts";
import type { ActOptions } from "./streams.ts";

/** `sigma streams`. Its code is imported only when it runs. */
export function addStreams(): Command {
  const command = new Command("streams").description("Streams, and what to do about one that is halted");
  const list = withSettings(command.command("list"), ["data.dir"]);
  list
    .description("Show every stream, how far it is settled, and why one is halted")
    .option("--json", "print JSON: one object a stream", false)
    .action(async (options: { json: boolean }) => (await import("./streams.ts")).listStreams(list, options));
  const act = (name: "resume" | "accept-gap", description: string): void => {
    const child = withSettings(command.command(name), ["data.dir"]);
    child
      .description(description)
      .argument("<stream>", "topic/partition, as sigma streams list has it")
      .requiredOption("--reason <text>", "why; it is kept in the operator log")
      .option("--json", "print JSON", false)
      .action(async (stream: string, options: ActOptions) => {
        const { resume, acceptStreamGap } = await import("./streams.ts");
        await (name === "resume" ? resume : acceptStreamGap)(child, stream, options);
      });
  };
  act("resume", "Let a halted stream try again");
  act("accept-gap", "Record that records which the log lost are lost for good, and go on behind them");
  const acceptLog = withSettings(command.command("accept-log"), ["data.dir"]);
  acceptLog
    .description("Let this log take the place of the one that the store knows, which is lost; what it lost is recorded")
    .requiredOption("--reason <text>", "why; it is kept in the operator log")
    .option("--json", "print JSON", false)
    .action(async (options: ActOptions) => (await import("./streams.ts")).acceptOtherLog(acceptLog, options));
  return command;
}
