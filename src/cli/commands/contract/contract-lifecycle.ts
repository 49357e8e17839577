import type { Command } from "commander";
import { placed } from "../../../app/contracts.ts";
import { hasData } from "../../../app/data-directory.ts";
import { openStoreFor } from "../../../app/stores.ts";
import { EXIT } from "../../../config/codes.ts";
import type { Config } from "../../../config/config.ts";
import { describeAgo } from "../../../contract/calendar.ts";
import { changeState, producerName, type StateStore } from "../../../contract/change-state.ts";
import { describeFault } from "../../../contract/fault.ts";
import { loadContracts } from "../../../contract/files.ts";
import type { LifecycleAction } from "../../../contract/lifecycle.ts";
import { recordAction, type Operator } from "../../../gateway/operate.ts";
import type { TrafficNote } from "../../../traffic/note.ts";
import { note, print, printJson, printTable } from "../../terminal/output.ts";
import { withCommands } from "../../terminal/printed-command.ts";
import { Refusal, Refusals, usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";
import { operatorOf } from "../operate/operator.ts";
import { passWhatIfGate, type GateOptions } from "./what-if-gate.ts";

export type LifecycleOptions = {
  readonly reason: string;
  readonly json: boolean;
  readonly sunset?: string;
  readonly window?: number;
  readonly despiteTraffic?: boolean;
} & GateOptions;

/** `sigma contract activate|deprecate|retire`. */
export async function changeStateCommand(
  command: Command,
  action: LifecycleAction,
  name: { readonly subject: string; readonly version: number },
  options: LifecycleOptions,
): Promise<void> {
  const operator = operatorOf(options);
  const config = await configFor(command);
  const { sunset, window: windowMs = 0, despiteTraffic = false } = options;
  const now = new Date(operator.at);
  const outcome = await changeState(
    {
      contractsDir: config.contractsDir,
      isCopy: config.contractsUrl !== null,
      sources: config.sources,
      gate: ({ name: target, contract, version }) => {
        const report = passWhatIfGate(target, contract, version, options);
        return report === null ? null : `what-if ${report}, ${options.acceptFlips ?? 0} flips accepted`;
      },
      open: async () => openState(config, operator, action),
    },
    { action, ...name, ...(sunset === undefined ? {} : { sunset }), windowMs, despiteTraffic, now },
  );
  switch (outcome.kind) {
    case "refused":
      throw usage(outcome.code, outcome.message, outcome.remedy);
    case "faulty":
      throw new Refusals(outcome.faults.map(placed));
    case "in-use":
      return refuseInUse(outcome.name, outcome.producers, options, now);
    case "changed":
      break;
  }
  const { name: target, was, change, file, advice } = outcome;
  for (const one of advice) note(`${describeFault(one)}\n  fix: ${withCommands(one.remedy)}`);
  if (options.json) return printJson({ kind: "state", name: target, was, ...change });
  print(`${target} is ${change.status}, was ${was}; written to ${file}`);
  note("A running gateway takes it within a few seconds; commit the file to make it last");
}

async function openState(config: Config, operator: Operator, action: LifecycleAction): Promise<StateStore> {
  const store = await openStoreFor(config, "operate");
  return {
    traffic: store.reads.traffic,
    record: async (target, detail) => recordAction(store, { ...operator, action, target, detail }),
    close: store.close,
  };
}

function refuseInUse(name: string, producers: readonly TrafficNote[], { json }: LifecycleOptions, now: Date): void {
  process.exitCode = EXIT.findings;
  if (json) return producers.forEach((one) => printJson({ kind: "in-use", name, ...one }));
  const last = ({ lastMs }: TrafficNote): string =>
    `${new Date(lastMs).toISOString()} (${describeAgo(now.getTime() - lastMs)})`;
  printTable([["PRODUCER", "LAST SEEN"], ...producers.map((one) => [producerName(one), last(one)])]);
  throw new Refusal(
    "SIG-I-015",
    `Cannot retire ${name}: ${producers.length === 1 ? "a producer" : `${producers.length} producers`} sent it inside the window`,
    "move them to another version first; --window 7d asks for less, --despite-traffic overrules and is logged",
    EXIT.findings,
  );
}

/** `sigma contract traffic shipment`: shows which producer sends which version, with the first and the last time. */
export async function showTraffic(
  command: Command,
  subject: string,
  { json }: { readonly json: boolean },
): Promise<void> {
  const config = await configFor(command);
  const loaded = loadContracts(config.contractsDir);
  if (!loaded.ok) throw new Refusals(loaded.faults.map(placed));
  if (!loaded.contracts.some((one) => one.subject === subject)) {
    const known = loaded.contracts.map((one) => one.subject).join(", ");
    throw usage("SIG-I-004", `There is no contract "${subject.slice(0, 249)}"`, `use one of ${known}`);
  }
  if (!hasData(config)) throw usage("SIG-I-007", "There is no data yet", "start a gateway with sigma start, or ingest");
  const store = await openStoreFor(config, "read");
  try {
    const notes = await store.reads.traffic(subject);
    if (json) return notes.forEach((one) => printJson({ kind: "traffic", ...one }));
    if (notes.length === 0) return print(`No record of ${subject} was decided yet`);
    printTable([
      ["CONTRACT", "PRODUCER", "FIRST SEEN", "LAST SEEN"],
      ...notes.map((one) => [
        `${subject}@${one.version}`,
        producerName(one),
        new Date(one.firstMs).toISOString(),
        new Date(one.lastMs).toISOString(),
      ]),
    ]);
  } finally {
    await store.close();
  }
}
