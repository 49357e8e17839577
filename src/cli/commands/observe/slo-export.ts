import type { Command } from "commander";
import { stringify } from "yaml";
import type { ObjectiveSetting } from "../../../config/setting-row.ts";
import { openSlo } from "../../../slo/export/openslo.ts";
import { prometheusRules } from "../../../slo/export/prometheus.ts";
import { requireContracts } from "../contracts.ts";
import { print } from "../../terminal/output.ts";
import { usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";
import type { ExportOptions } from "./slo-formats.ts";

/** `sigma slo export`: prints YAML. @throws Refusal when there are no objectives, or one is of no contract. */
export async function exportObjectives(command: Command, options: ExportOptions): Promise<void> {
  const { format, runbooks, scale } = options;
  const config = await configFor(command);
  await requireContracts(config);
  const objectives = requireObjectives(config.objectives);
  if (format === "openslo") return print(openSlo(objectives).map(yamlOf).join("\n---\n"));
  const base = runbooks.endsWith("/") ? runbooks : `${runbooks}/`;
  print(yamlOf({ groups: prometheusRules(objectives, { runbooks: base, scale }) }));
}

/** @throws Refusal when there are none. */
export function requireObjectives(objectives: readonly ObjectiveSetting[]): readonly ObjectiveSetting[] {
  if (objectives.length > 0) return objectives;
  throw usage(
    "SIG-I-045",
    "There are no objectives",
    "write objectives: in sigma.yaml; docs/objectives.md has an example",
  );
}

/** Texts in one line each: rules are compared and searched by line. */
function yamlOf(value: object): string {
  return stringify(value, { lineWidth: 0 }).trimEnd();
}
