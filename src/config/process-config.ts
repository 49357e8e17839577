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

/** A role or a number of workers that the log and the store do not allow. */
export function processFaults({ values, origins }: SettingsByKey): readonly ConfigFault[] {
  const { role, workers } = values;
  const faults: ConfigFault[] = [];
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
