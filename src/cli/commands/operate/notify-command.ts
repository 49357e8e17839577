import { Command } from "commander";

/** `sigma notify`: tries who is told of failures and halts. */
export function addNotify(): Command {
  const command = new Command("notify").description("Who is told of new groups of failures and of halts");
  const test = command.command("test");
  test
    .description("Send a test event to every receiver, once, and print what each answered")
    .option("--json", "print JSON: one object a receiver", false)
    .action(async (options: { json: boolean }) => (await import("./notify-test.ts")).notifyTest(test, options));
  return command;
}
