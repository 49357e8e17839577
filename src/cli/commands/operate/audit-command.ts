import { Command } from "commander";
import { parseThreads } from "../../terminal/contract-arguments.ts";
import { withSettings } from "../../terminal/settings.ts";
import type { AuditCommandOptions } from "./audit.ts";

/** `sigma audit`. Its code is imported only when it runs. */
export function addAudit(): Command {
  const command = new Command("audit").description(
    "Prove from the store that every record has exactly one right decision",
  );
  withSettings(command, ["data.dir", "anchor.key_file"]);
  return command
    .option("--source", "also read the log again and decide from it", false)
    .option("--anchors [where]", "check signed heads: of a file, of kafka:TOPIC, or where the configuration has them")
    .option(
      "--public-key <key>",
      "whose signature to trust: what sigma keys show prints, or a file with it; without it that of the key file",
    )
    .option("--expect-head <stream=hash>", "a head kept by hand is in its stream's chain; may be repeated", collect)
    .option("--expect-operator-head <hash>", "the same of the log of operators' actions", collect)
    .option(
      "--threads <number>",
      "how many threads judge entries at a time (default: the machine's cores, at most 8); with 1 the command judges them itself",
      parseThreads,
    )
    .option("-q, --quiet", "no progress", false)
    .option("--json", "print JSON: one object a finding, then the summary", false)
    .action(async (options: AuditCommandOptions) => (await import("./audit.ts")).auditCommand(command, options));
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
