import type { Command } from "commander";
import { withSettings } from "../../terminal/settings.ts";
import type { NewKeyOptions, RotateOptions, RevokeOptions } from "./api-keys.ts";

/** `sigma keys api`. Its code is imported only when it runs. */
export function addApiKeys(keys: Command): void {
  const command = keys.command("api").description("API keys: who may ask the gateway, and for what");
  const make = withSettings(command.command("new"), ["data.dir"]);
  make
    .description("Make a key, and print it; it is shown this once")
    .requiredOption("--role <roles>", "viewer, operator, admin, producer or validator; several with commas")
    .option("--topics <names>", "only for records of these topics; a producer needs them")
    .option("--subjects <names>", "only for records of these contracts")
    .option("--expires <when>", "90d, 12h, or a time as 2027-01-31T00:00:00Z (never)")
    .option("--name <text>", "what people call it (its roles)")
    .option("--reason <text>", "why; it is kept in the operator log", "a new key")
    .option("--json", "print JSON", false)
    .action(async (options: NewKeyOptions) => (await import("./api-keys.ts")).newApiKey(make, options));
  const list = withSettings(command.command("list"), ["data.dir"]);
  list
    .description("Show every key: what it is for, when it ends, when it was used last")
    .option("--json", "print JSON: one object a key", false)
    .action(async (options: { json: boolean }) => (await import("./api-keys.ts")).listApiKeys(list, options));
  const rotate = withSettings(command.command("rotate"), ["data.dir"]);
  rotate
    .description("Make a key that may do what another may; that one ends after a while")
    .argument("<id>", "the id of the key, as sigma keys api list has it")
    .option("--overlap <time>", "how long the old key is still taken: 24h, 10m, 0s", "24h")
    .option("--expires <when>", "when the new key ends, as of sigma keys api new (never)")
    .option("--reason <text>", "why; it is kept in the operator log", "rotated")
    .option("--json", "print JSON", false)
    .action(async (id: string, options: RotateOptions) =>
      (await import("./api-keys.ts")).rotateKeyCommand(rotate, id, options),
    );
  const revoke = withSettings(command.command("revoke"), ["data.dir"]);
  revoke
    .description("Let a key end now, for good; gateways refuse it within a second")
    .argument("<id>", "the id of the key")
    .option("--reason <text>", "why; it is kept in the operator log", "revoked")
    .option("--json", "print JSON", false)
    .action(async (id: string, options: RevokeOptions) =>
      (await import("./api-keys.ts")).revokeKeyCommand(revoke, id, options),
    );
}
