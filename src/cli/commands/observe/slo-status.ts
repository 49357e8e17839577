import type { Command } from "commander";
import { hasData } from "../../../app/data-directory.ts";
import { openReadOnly } from "../../../app/engine.ts";
import { EXIT } from "../../../config/codes.ts";
import { openObjectiveReports } from "../../../slo/report.ts";
import { objectiveView, type ObjectiveView } from "../../../slo/view.ts";
import { note, print, printJson, printTable, styled } from "../../terminal/output.ts";
import { toRun } from "../../terminal/printed-command.ts";
import { usage } from "../../terminal/refusal.ts";
import { requestGateway } from "../../terminal/remote.ts";
import { configFor } from "../../terminal/settings.ts";
import { requireObjectives } from "./slo-export.ts";

type Options = { readonly url?: string; readonly json: boolean };

/** `sigma slo status`: how the objectives stand. Ends with 20 where one is missed. */
export async function objectivesStatus(command: Command, { url, json }: Options): Promise<void> {
  const objectives = url === undefined ? await fromStore(command) : await fromGateway(url);
  const breached = objectives.filter(({ state }) => state === "breached");
  if (breached.length > 0) process.exitCode = EXIT.breach;
  if (json) return objectives.forEach((one) => printJson({ ...one, kind: "objective", of: one.kind }));
  printTable([HEAD, ...objectives.map(rowOf)], [2, 3, 4]);
  print("");
  for (const { name, promise } of objectives) print(`${name}: ${promise}`);
  const silent = objectives.filter(({ state }) => state === "no-data");
  if (silent.length > 0) note(`Nothing was counted yet of ${silent.map(({ name }) => name).join(", ")}`);
}

async function fromStore(command: Command): Promise<readonly ObjectiveView[]> {
  const config = await configFor(command);
  const objectives = requireObjectives(config.objectives);
  if (!hasData(config)) {
    const message = `Cannot say how objectives stand: ${config.dataDir} holds no data yet`;
    throw usage("SIG-I-007", message, `begin with ${toRun("start")}, or name another with --data`);
  }
  const { store, close } = await openReadOnly(config);
  try {
    return (await openObjectiveReports(objectives, store.reads, async () => undefined)(Date.now())).map(objectiveView);
  } finally {
    await close();
  }
}

async function fromGateway(url: string): Promise<readonly ObjectiveView[]> {
  const response = await requestGateway(url, "/v1/slo");
  if (!response.ok) throw usage("SIG-R-002", `The gateway at ${url} answers ${response.status}`, "is it a gateway?");
  const { objectives } = (await response.json()) as { readonly objectives: readonly ObjectiveView[] };
  if (objectives.length === 0)
    throw usage(
      "SIG-I-045",
      "The gateway has no objectives",
      "write objectives: in its sigma.yaml; docs/objectives.md",
    );
  return objectives;
}

const HEAD = ["OBJECTIVE", "STATE", "TARGET", "GOOD", "BUDGET LEFT", "BURNS", ""];

function rowOf(one: ObjectiveView): readonly string[] {
  return [
    one.name,
    one.state === "breached" ? styled("red", "missed") : one.state === "met" ? "met" : "no data",
    `${(one.target * 100).toFixed(4).replace(/\.?0+$/, "")}%`,
    one.ratio === null ? "-" : `${(Math.floor(one.ratio * 100_000) / 1_000).toFixed(3)}%`,
    one.state === "no-data" ? "-" : `${Math.floor(one.budgetLeft * 100)}%`,
    one.alerts.map(({ long, longRate }) => `${long} ${longRate === null ? "-" : longRate.toFixed(1)}`).join("  "),
    one.firing === null ? "" : styled("red", one.firing),
  ];
}
