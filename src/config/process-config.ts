import { availableParallelism } from "node:os";
import type { ConfigFault } from "./fault.ts";
import type { SettingsByKey, SettingValues } from "./settings.ts";

/** What a process does. */
export type ProcessConfig = {
  readonly role: SettingValues["role"];
  /** From 1. With one, this process decides by itself. */
  readonly workers: number;
};

/** Roles that decide. */
const DECIDING: readonly SettingValues["role"][] = ["all", "worker"];
/** Roles that share log and store with other processes, which embedded files do not let them. */
const SHARING: readonly SettingValues["role"][] = ["ingest", "worker"];

/** @param values in which {@link processFaults} finds no fault. */
export function processConfig(values: SettingValues): ProcessConfig {
  const { role } = values;
  const cores = isShared(values) && DECIDING.includes(role) ? availableParallelism() : 1;
  return { role, workers: values.workers === 0 ? cores : values.workers };
}

/** Whether log and store are servers, which many processes can use at once. */
function isShared(values: SettingValues): boolean {
  return values["kafka.brokers"] !== "" && values["mongodb.uri"] !== "";
}

/** Why nothing could be moved. A router needs no store. */
function routerFault({ values, origins }: SettingsByKey): readonly ConfigFault[] {
  if (values.role !== "router") return [];
  const place = origins.role;
  if (values["kafka.brokers"] === "") {
    const message = "Cannot run as router: the log is embedded, and lanes are topics of Kafka";
    return [{ place, code: "SIG-S-040", message, remedy: "Set kafka.brokers, or use role all" }];
  }
  if (values.lanes.length > 0) return [];
  const message = "Cannot run as router: no source has lanes";
  return [{ place, code: "SIG-S-040", message, remedy: "Write lanes: in sigma.yaml (docs/lanes.md)" }];
}

/** A role or a number of workers that the log and the store do not allow. */
export function processFaults({ values, origins }: SettingsByKey): readonly ConfigFault[] {
  const { role, workers } = values;
  const faults: ConfigFault[] = [...routerFault({ values, origins })];
  const remedy = "Set kafka.brokers and mongodb.uri, or leave it out";
  if (SHARING.includes(role) && !isShared(values)) {
    const message = `Cannot run as ${role}: log or store are embedded, and one process alone uses embedded files`;
    faults.push({ place: origins.role, code: "SIG-S-040", message, remedy });
  }
  if (workers <= 1) return faults;
  if (!DECIDING.includes(role)) {
    const message = `Cannot run ${workers} workers as ${role}: that role decides nothing`;
    faults.push({ place: origins.workers, code: "SIG-S-040", message, remedy: "Use role all or worker" });
  } else if (!isShared(values)) {
    const message = `Cannot run ${workers} workers: log or store are embedded, and one process alone uses embedded files`;
    faults.push({ place: origins.workers, code: "SIG-S-040", message, remedy });
  }
  return faults;
}
