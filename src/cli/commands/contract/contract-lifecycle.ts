import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import type { Command } from "commander";
import { EXIT } from "../../../config/codes.ts";
import type { Config } from "../../../config/config.ts";
import { checkContracts, loadFrozenContracts } from "../../../contract/commands.ts";
import { describeAgo } from "../../../contract/calendar.ts";
import { describeFault } from "../../../contract/fault.ts";
import { loadContracts, type LoadedContract, type LoadedVersion } from "../../../contract/files.ts";
import { editContractYaml, planMove, type LifecycleAction, type VersionChange } from "../../../contract/lifecycle.ts";
import { entryOf, readLock, replaceFile } from "../../../contract/lock.ts";
import { recordAction } from "../../../gateway/operate.ts";
import { hasData } from "../../../app/data-directory.ts";
import { openStoreFor } from "../../../app/stores.ts";
import type { TrafficNote } from "../../../traffic/note.ts";
import { placed } from "../../../app/contracts.ts";
import { note, print, printJson, printTable } from "../../terminal/output.ts";
import { withCommands } from "../../terminal/printed-command.ts";
import { Refusal, Refusals, usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";
import { passWhatIfGate, type GateOptions } from "./what-if-gate.ts";

export type LifecycleOptions = {
  readonly reason: string;
  readonly json: boolean;
  readonly sunset?: string;
  readonly window?: number;
  readonly despiteTraffic?: boolean;
} & GateOptions;

/** A version on the command line; its contract and itself as the files have them. */
type Target = { readonly name: string; readonly contract: LoadedContract; readonly version: LoadedVersion };

/**
 * `sigma contract activate|deprecate|retire`: into the operator log first, then into contract.yaml, which a running
 * gateway follows. Nothing of the frozen content is touched.
 */
export async function changeState(
  command: Command,
  action: LifecycleAction,
  name: { readonly subject: string; readonly version: number },
  options: LifecycleOptions,
): Promise<void> {
  if (options.reason.trim() === "")
    throw usage("SIG-I-012", "A reason is needed: it is kept for ever", "add --reason TEXT");
  const config = await configFor(command);
  const now = new Date();
  refuseImpossible(config, action, options, now);
  const target = findTarget(config, name);
  const { status } = target.version;
  const move = planMove(action, target.name, status);
  if (!move.ok) throw usage("SIG-I-014", `Cannot ${action} ${target.name}: ${move.problem}`, move.remedy);
  if (action === "activate") await requireProved(config, target);
  const report = action === "activate" ? passWhatIfGate(target.name, target.contract, target.version, options) : null;
  if (action === "retire") requireNoDefault(config, target);
  const change = changeOf(action, target, options, now);
  const text = edited(target, change);
  const store = await openStoreFor(config, "operate");
  try {
    const inUse = action === "retire" ? await traffic(store.reads.traffic, target, options, now) : [];
    if (inUse.length > 0 && options.despiteTraffic !== true) return refuseInUse(target, inUse, options, now);
    const detail = [
      `${status} -> ${move.to}`,
      ...(change.sunset ? [`sunset ${change.sunset}`] : []),
      ...(report === null ? [] : [`what-if ${report}, ${options.acceptFlips ?? 0} flips accepted`]),
      ...despite(inUse),
    ];
    const act = { actor: userInfo().username, at: now.toISOString(), reason: options.reason.trim().slice(0, 1_000) };
    await recordAction(store, { ...act, action, target: target.name, detail: detail.join("; ") });
  } finally {
    await store.close();
  }
  replaceFile(target.contract.file, text);
  if (options.json) return printJson({ kind: "state", name: target.name, was: status, ...change });
  print(`${target.name} is ${move.to}, was ${status}; written to ${target.contract.file}`);
  note("A running gateway takes it within a few seconds; commit the file to make it last");
}

/** What cannot be done to any version. */
function refuseImpossible(config: Config, action: LifecycleAction, { sunset }: LifecycleOptions, now: Date): void {
  if (config.contractsUrl !== null) {
    const message = `Cannot ${action} a version here: the contracts are a copy of what contracts.url serves`;
    throw usage("SIG-I-014", message, "change its state where they come from");
  }
  if (sunset !== undefined && sunset < now.toISOString().slice(0, 10)) {
    throw usage("SIG-I-014", `Cannot announce ${sunset} as the end of a version: it is past`, "name a day to come");
  }
}

function findTarget(config: Config, { subject, version: number }: { subject: string; version: number }): Target {
  const loaded = loadContracts(config.contractsDir);
  if (!loaded.ok) throw new Refusals(loaded.faults.map(placed));
  const contract = loaded.contracts.find((one) => one.subject === subject);
  const version = contract?.versions.find((one) => one.version === number);
  if (contract !== undefined && version !== undefined) return { name: `${subject}@${number}`, contract, version };
  const known = loaded.contracts.flatMap((one) => one.versions.map((each) => `${one.subject}@${each.version}`));
  throw usage("SIG-I-004", `There is no contract version "${subject}@${number}"`, `use one of ${known.join(", ")}`);
}

/** What judges records is frozen, and its fixtures prove it. */
async function requireProved(config: Config, { name, contract, version }: Target): Promise<void> {
  const lock = readLock(config.contractsDir);
  const frozen = lock.ok && entryOf(lock.lock, contract.subject, version.version)?.digest === version.digest;
  if (!frozen) {
    throw usage(
      "SIG-I-014",
      `Cannot activate ${name}: it is not frozen`,
      `freeze it first: sigma contract freeze ${name}`,
    );
  }
  const whole = loadFrozenContracts(config.contractsDir);
  if (!whole.ok) throw new Refusals(whole.faults.map(placed));
  const checked = await checkContracts(config.contractsDir, { subject: contract.subject, version: version.version });
  const findings = checked.ok ? checked.value.findings : checked.faults;
  if (findings.length > 0) throw new Refusals(findings.map(placed));
  const advice = checked.ok ? checked.value.advice : [];
  for (const one of advice) note(`${describeFault(one)}\n  fix: ${withCommands(one.remedy)}`);
}

/** Records that declare nothing would all be FAILED. */
function requireNoDefault({ sources }: Config, { name, contract, version }: Target): void {
  const bound = sources.find(
    ({ subject, defaultVersion }) => subject === contract.subject && defaultVersion === version.version,
  );
  if (bound === undefined) return;
  const message = `Cannot retire ${name}: topic ${bound.topic} judges records by it that declare no version`;
  throw usage("SIG-I-014", message, "give the source another default in sigma.yaml, or none, and restart first");
}

function changeOf(
  action: LifecycleAction,
  { version }: Target,
  { sunset }: LifecycleOptions,
  now: Date,
): VersionChange {
  switch (action) {
    case "activate":
      return { status: "active", deprecated: null, sunset: null };
    case "deprecate": {
      const deprecated = version.deprecated ?? now.toISOString().slice(0, 10);
      return { status: "deprecated", deprecated, ...(sunset === undefined ? {} : { sunset }) };
    }
    case "retire":
      return { status: "retired" };
  }
}

function edited({ name, contract, version }: Target, change: VersionChange): string {
  const text = editContractYaml(readFileSync(contract.file, "utf8"), version.version, change);
  if (text !== null) return text;
  const message = `Cannot change ${name}: its lines in ${contract.file} are not written as a plain mapping`;
  throw usage("SIG-I-014", message, `set status: ${change.status} there by hand`);
}

/** Who sent the version inside the window, the last one first. */
async function traffic(
  read: (subject: string) => Promise<readonly TrafficNote[]>,
  { contract, version }: Target,
  { window = 0 }: LifecycleOptions,
  now: Date,
): Promise<readonly TrafficNote[]> {
  const notes = await read(contract.subject);
  return notes
    .filter((one) => one.version === version.version && one.lastMs >= now.getTime() - window)
    .toSorted((a, b) => b.lastMs - a.lastMs);
}

function refuseInUse({ name }: Target, inUse: readonly TrafficNote[], { json }: LifecycleOptions, now: Date): void {
  process.exitCode = EXIT.findings;
  if (json) return inUse.forEach((one) => printJson({ kind: "in-use", name, ...one }));
  const last = ({ lastMs }: TrafficNote): string =>
    `${new Date(lastMs).toISOString()} (${describeAgo(now.getTime() - lastMs)})`;
  printTable([["PRODUCER", "LAST SEEN"], ...inUse.map((one) => [producerName(one), last(one)])]);
  const refusal = new Refusal(
    "SIG-I-015",
    `Cannot retire ${name}: ${inUse.length === 1 ? "a producer" : `${inUse.length} producers`} sent it inside the window`,
    "move them to another version first; --window 7d asks for less, --despite-traffic overrules and is logged",
    EXIT.findings,
  );
  throw refusal;
}

function despite(inUse: readonly TrafficNote[]): readonly string[] {
  return inUse.length === 0 ? [] : [`despite traffic of ${inUse.slice(0, 10).map(producerName).join(", ")}`];
}

/** A producer that does not say who it is has no name. */
export function producerName({ producer }: TrafficNote): string {
  return producer === "" ? "(does not say)" : producer;
}

/** `sigma contract traffic shipment`: who sends which version, and since when. */
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
  const store = await openStoreFor(config, "look");
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
