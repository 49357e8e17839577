import type { Command } from "commander";
import { EXIT } from "../../../config/codes.ts";
import { loadFrozenContracts } from "../../../contract/commands.ts";
import { publishVersion } from "../../../registry/publish.ts";
import type { parseVersionName } from "../../terminal/contract-arguments.ts";
import { placed } from "../../../app/contracts.ts";
import { note, print, printJson } from "../../terminal/output.ts";
import { Refusal, Refusals, usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";

export type PublishOptions = { readonly as?: string; readonly json: boolean };

/** `sigma contract publish`: registers a version's schema and reports whether the registry changed it; exit 10 when it did. */
export async function publish(
  command: Command,
  { subject, version }: ReturnType<typeof parseVersionName>,
  options: PublishOptions,
): Promise<void> {
  const config = await configFor(command);
  const name = `${subject}@${version}`;
  if (config.registry === null) {
    throw usage(
      "SIG-I-016",
      `Cannot publish ${name}: no registry is configured`,
      "set registry.url, or SIGMA_REGISTRY_URL",
    );
  }
  const loaded = loadFrozenContracts(config.contractsDir);
  if (!loaded.ok) throw new Refusals(loaded.faults.map(placed));
  const content = loaded.contracts
    .find((contract) => contract.subject === subject)
    ?.versions.find((one) => one.version === version);
  if (content === undefined)
    throw usage("SIG-I-004", `There is no contract version ${name}`, "see sigma contract list");
  if (content.status === "draft" || content.status === "retired") {
    const remedy = content.status === "draft" ? "freeze and activate it first" : "publish a live version";
    throw usage("SIG-I-014", `Cannot publish ${name}: it is ${content.status}`, remedy);
  }
  const topics = config.sources.filter((source) => source.subject === subject).map(({ topic }) => `${topic}-value`);
  const names = options.as === undefined ? topics : [options.as];
  if (names.length === 0)
    throw usage("SIG-I-016", `Cannot publish ${name}: no topic carries it`, "name the subject with --as");
  for (const registered of names) {
    const result = await publishVersion(config.registry, registered, subject, content);
    if (result.kind === "refused") {
      throw new Refusal(
        "SIG-I-017",
        `The registry refused ${name} as ${registered}: ${result.message} (${result.status})`,
        "change the schema in a new version, or the registry's rules",
        EXIT.error,
      );
    }
    if (result.changed.length > 0) process.exitCode = EXIT.findings;
    if (options.json) {
      printJson({ contract: name, ...result, kind: "published", subject: registered });
      continue;
    }
    print(`${name} is schema ${result.id} of ${registered}`);
    for (const pointer of result.changed)
      print(`CHANGED  ${pointer === "" ? "the whole schema" : pointer} is not what was sent`);
    if (result.dropped.length > 0)
      note(`the registry did not keep the metadata ${result.dropped.join(", ")}; the schema names its contract itself`);
    if (content.rules.length > 0)
      note(`${content.rules.length} rules of ${name} are no part of the schema; the gateway judges by them`);
  }
}
