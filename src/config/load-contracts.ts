import { catalogOf, type ContractCatalog } from "../contract/catalog.ts";
import { loadFrozenContracts } from "../contract/commands.ts";
import type { Fault } from "../contract/fault.ts";
import { toContractSet } from "../contract/files.ts";
import type { PayloadLimits, SealedContractSet } from "../core/contract-set.ts";
import type { ObjectiveSetting, SourceSetting } from "./setting-row.ts";
import type { ConfigFault } from "./fault.ts";
import { boundSources, checkLanes, type RouteConfig } from "./lanes.ts";
import { checkObjectives } from "./objectives.ts";
import { checkShadow, type ShadowSetting } from "./shadow.ts";
import type { HttpConfig } from "./http-config.ts";
import { checkSources, checkValidated } from "./sources.ts";

/** The settings that a contract set is made by. They are plain data, so that they can be sent to a thread. */
export type ContractSettings = {
  readonly contractsDir: string;
  readonly sources: readonly SourceSetting[];
  /** Absent: no source has lanes. */
  readonly routes?: readonly RouteConfig[];
  readonly shadow: readonly ShadowSetting[];
  readonly limits: PayloadLimits;
  readonly objectives?: readonly ObjectiveSetting[];
  readonly http?: Pick<HttpConfig, "validate">;
};

export type ContractsRead =
  | { readonly ok: true; readonly sealed: SealedContractSet; readonly about: ContractCatalog }
  | { readonly ok: false; readonly faults: readonly (Fault | ConfigFault)[] };

/**
 * Reads the contract set. The files must have no fault, frozen versions must be unchanged, and each contract that a setting names
 * must exist.
 */
export function readContractSet({
  contractsDir,
  sources: decided,
  routes = [],
  shadow,
  limits,
  objectives,
  http,
}: ContractSettings): ContractsRead {
  const loaded = loadFrozenContracts(contractsDir);
  if (!loaded.ok) return loaded;
  const sources = boundSources(decided, routes);
  const faults = [
    ...checkLanes(routes, loaded.contracts),
    ...checkSources(sources, loaded.contracts),
    ...checkShadow(shadow, loaded.contracts),
    ...checkObjectives(objectives ?? [], loaded.contracts, sources),
    ...checkValidated(http?.validate ?? null, loaded.contracts),
  ];
  if (faults.length > 0) return { ok: false, faults };
  return { ok: true, sealed: toContractSet(loaded.contracts, sources, limits), about: catalogOf(loaded.contracts) };
}
