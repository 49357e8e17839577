import { readFileSync } from "node:fs";
import type { ContractStatus } from "../core/contract-set.ts";
import type { TrafficNote } from "../traffic/note.ts";
import { checkContracts, loadFrozenContracts } from "./commands.ts";
import type { Fault } from "./fault.ts";
import { loadContracts, type LoadedContract, type LoadedVersion } from "./files.ts";
import { editContractYaml, planMove, type LifecycleAction, type VersionChange } from "./lifecycle.ts";
import { entryOf, readLock, replaceFile } from "./lock.ts";

/** A request to change the state of a version. */
export type StateRequest = {
  readonly action: LifecycleAction;
  readonly subject: string;
  readonly version: number;
  /** The day on which a deprecated version is to end, as 2027-01-31. Absent: a day announced before stays. */
  readonly sunset?: string;
  /** `retire` is refused when a producer sent the version within the last `windowMs` milliseconds. */
  readonly windowMs: number;
  /** Retires the version even if producers send it. */
  readonly despiteTraffic: boolean;
  readonly now: Date;
};

/** Settings and effects that {@link changeState} needs. */
export type StateDeps = {
  readonly contractsDir: string;
  /** Whether the directory is a copy of a directory on the web; a copy cannot be changed. */
  readonly isCopy: boolean;
  readonly sources: readonly {
    readonly topic: string;
    readonly subject: string;
    readonly defaultVersion: number | null;
  }[];
  /**
   * Checks the what-if report that an activation relies on.
   * @returns a note for the operator log; null without a report.
   * @throws when the report does not allow the activation.
   */
  readonly gate: (target: Target) => string | null;
  /** Opens the store; called once every check of the files has passed. */
  readonly open: () => Promise<StateStore>;
};

export type StateStore = {
  readonly traffic: (subject: string) => Promise<readonly TrafficNote[]>;
  /** Appends the change to the operator log. */
  readonly record: (target: string, detail: string) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** A version with its contract, as read from the files. */
export type Target = { readonly name: string; readonly contract: LoadedContract; readonly version: LoadedVersion };

export type StateOutcome =
  | {
      readonly kind: "changed";
      readonly name: string;
      readonly was: ContractStatus;
      readonly change: VersionChange;
      /** The contract.yaml that was written. */
      readonly file: string;
      /** Advice from the check of an activated version; empty for the other actions. */
      readonly advice: readonly Fault[];
    }
  | Refused
  /** The contracts have faults. */
  | { readonly kind: "faulty"; readonly faults: readonly Fault[] }
  /** Producers sent the version within the window; the most recent producer comes first. Nothing was changed. */
  | { readonly kind: "in-use"; readonly name: string; readonly producers: readonly TrafficNote[] };

type Refused = {
  readonly kind: "refused";
  readonly code: "SIG-I-004" | "SIG-I-014";
  readonly message: string;
  readonly remedy: string;
};

/**
 * Activates, deprecates or retires a version. The change is written to the operator log first, then to contract.yaml, which a
 * running gateway reads again. Frozen content (schema, rules, identity) stays as it is.
 */
export async function changeState(deps: StateDeps, request: StateRequest): Promise<StateOutcome> {
  const { action, now } = request;
  const impossible = refuseImpossible(deps, request);
  if (impossible !== null) return impossible;
  const target = findTarget(deps.contractsDir, request);
  if ("kind" in target) return target;
  const { status } = target.version;
  const move = planMove(action, target.name, status);
  if (!move.ok) return refused(`Cannot ${action} ${target.name}: ${move.problem}`, move.remedy);
  const proof: Proof =
    action === "activate" ? await prove(deps.contractsDir, target) : { kind: "proved", advice: [] as const };
  if (proof.kind !== "proved") return proof;
  const report = action === "activate" ? deps.gate(target) : null;
  const bound = action === "retire" ? refuseDefault(deps, target) : null;
  if (bound !== null) return bound;
  const change = changeOf(request, target);
  const text = editContractYaml(readFileSync(target.contract.file, "utf8"), target.version.version, change);
  if (text === null) {
    const message = `Cannot change ${target.name}: its lines in ${target.contract.file} are not written as a plain mapping`;
    return refused(message, `set status: ${change.status} there by hand`);
  }
  const store = await deps.open();
  try {
    const since = now.getTime() - request.windowMs;
    const producers = action === "retire" ? producersSince(await store.traffic(request.subject), target, since) : [];
    if (producers.length > 0 && !request.despiteTraffic) return { kind: "in-use", name: target.name, producers };
    const detail = [
      `${status} -> ${move.to}`,
      ...(change.sunset ? [`sunset ${change.sunset}`] : []),
      ...(report === null ? [] : [report]),
      ...(producers.length === 0 ? [] : [`despite traffic of ${producers.slice(0, 10).map(producerName).join(", ")}`]),
    ];
    await store.record(target.name, detail.join("; "));
  } finally {
    await store.close();
  }
  replaceFile(target.contract.file, text);
  const { advice } = proof;
  return { kind: "changed", name: target.name, was: status, change, file: target.contract.file, advice };
}

/** The name of a producer for people; a fixed text when its records carry no name. */
export function producerName({ producer }: TrafficNote): string {
  return producer === "" ? "(does not say)" : producer;
}

function refused(message: string, remedy: string, code: Refused["code"] = "SIG-I-014"): Refused {
  return { kind: "refused", code, message, remedy };
}

/** Refuses a request that is wrong for every version: the directory is a copy, or the sunset day is past. */
function refuseImpossible({ isCopy }: StateDeps, { action, sunset, now }: StateRequest): Refused | null {
  if (isCopy) {
    const message = `Cannot ${action} a version here: the contracts are a copy of what contracts.url serves`;
    return refused(message, "change its state where they come from");
  }
  if (sunset === undefined || sunset >= now.toISOString().slice(0, 10)) return null;
  return refused(`Cannot announce ${sunset} as the end of a version: it is past`, "name a day to come");
}

function findTarget(
  contractsDir: string,
  { subject, version: number }: StateRequest,
): Target | Exclude<StateOutcome, { readonly kind: "changed" | "in-use" }> {
  const loaded = loadContracts(contractsDir);
  if (!loaded.ok) return { kind: "faulty", faults: loaded.faults };
  const contract = loaded.contracts.find((one) => one.subject === subject);
  const version = contract?.versions.find((one) => one.version === number);
  if (contract !== undefined && version !== undefined) return { name: `${subject}@${number}`, contract, version };
  const known = loaded.contracts.flatMap((one) => one.versions.map((each) => `${one.subject}@${each.version}`));
  return refused(`There is no contract version "${subject}@${number}"`, `use one of ${known.join(", ")}`, "SIG-I-004");
}

type Proof =
  | { readonly kind: "proved"; readonly advice: readonly Fault[] }
  | Extract<StateOutcome, { readonly kind: "refused" | "faulty" }>;

/** A version can be activated only when it is frozen and its fixtures prove it. */
async function prove(contractsDir: string, { name, contract, version }: Target): Promise<Proof> {
  const lock = readLock(contractsDir);
  const frozen = lock.ok && entryOf(lock.lock, contract.subject, version.version)?.digest === version.digest;
  if (!frozen)
    return refused(`Cannot activate ${name}: it is not frozen`, `freeze it first: sigma contract freeze ${name}`);
  const whole = loadFrozenContracts(contractsDir);
  if (!whole.ok) return { kind: "faulty", faults: whole.faults };
  const checked = await checkContracts(contractsDir, { subject: contract.subject, version: version.version });
  const faults = checked.ok ? checked.value.findings : checked.faults;
  if (faults.length > 0) return { kind: "faulty", faults };
  return { kind: "proved", advice: checked.ok ? checked.value.advice : [] };
}

/** Refuses to retire the default version of a source: every record that declares no version would be FAILED. */
function refuseDefault({ sources }: StateDeps, { name, contract, version }: Target): Refused | null {
  const bound = sources.find((one) => one.subject === contract.subject && one.defaultVersion === version.version);
  if (bound === undefined) return null;
  const message = `Cannot retire ${name}: topic ${bound.topic} judges records by it that declare no version`;
  return refused(message, "give the source another default in sigma.yaml, or none, and restart first");
}

function changeOf({ action, sunset, now }: StateRequest, { version }: Target): VersionChange {
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

/** The producers that sent the version since then, the most recent first. */
function producersSince(notes: readonly TrafficNote[], { version }: Target, sinceMs: number): readonly TrafficNote[] {
  return notes
    .filter((one) => one.version === version.version && one.lastMs >= sinceMs)
    .toSorted((a, b) => b.lastMs - a.lastMs);
}
