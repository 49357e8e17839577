import { Command } from "commander";
import { withSettings } from "../../terminal/settings.ts";
import { addApiKeys } from "./api-keys-command.ts";

/** `sigma keys`. Its code is imported only when it runs. */
export function addKeys(): Command {
  const command = new Command("keys").description("The key that signs anchors of the ledger, and API keys");
  const add = (name: "new" | "rotate" | "show", description: string): void => {
    const child = withSettings(command.command(name), ["anchor.key_file"]);
    child
      .description(description)
      .option("--json", "print JSON", false)
      .action(async (options: { json: boolean }) => (await import("./keys.ts")).keysCommand(child, name, options));
  };
  add("new", "Make a key, and print its public half, which an auditor keeps");
  add("rotate", "Put a new key in the place of the one there is; both sign that it follows");
  add("show", "Print the public half of the key");
  addApiKeys(command);
  return command;
}
