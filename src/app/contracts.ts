import type { Config } from "../config/config.ts";
import type { ConfigFault } from "../config/fault.ts";
import type { Fault } from "../contract/fault.ts";
import type { Contracts } from "../contract/live-contracts.ts";

/**
 * The contracts that a gateway starts with. `stale`: why the local copy of a web directory could not be refreshed.
 * `seen`: signature of the files, taken before they were read.
 */
export type LoadedContracts = Contracts & { readonly stale: string | null; readonly seen: string };

export type ContractsResult =
  | ({ readonly ok: true } & LoadedContracts)
  | { readonly ok: false; readonly faults: readonly (Fault | ConfigFault)[] };

/**
 * Loads the live contract set: the files have no faults, no frozen version was changed, and every source is bound to an
 * existing contract.
 */
export async function loadContractSet(config: Config): Promise<ContractsResult> {
  const stale = await copyContracts(config);
  const { signatureOf } = await import("../config/signature.ts");
  const seen = await signatureOf(config.contractsDir);
  const { readContractSet } = await import("../config/load-contracts.ts");
  const read = readContractSet(config);
  if (!read.ok) return read;
  const { compileContractSet } = await import("../core/compile.ts");
  const set = compileContractSet(read.sealed);
  return { ok: true, set, about: read.about, stale, seen };
}

/**
 * Refreshes the local copy of a contracts directory on the web; does nothing without one.
 * @returns why the refresh failed; null when it succeeded.
 * @throws `Unavailable` when it failed and there is no earlier copy.
 */
async function copyContracts({ contractsUrl: url, contractsDir: directory }: Config): Promise<string | null> {
  if (url === null) return null;
  const { FILE_TIMEOUT_MS, refreshSnapshot } = await import("../contract/http-directory.ts");
  const refreshed = await refreshSnapshot({ url, directory, timeoutMs: FILE_TIMEOUT_MS });
  if (refreshed.kind !== "unavailable") return null;
  if (refreshed.there) return refreshed.why;
  const { Unavailable } = await import("../core/unavailable.ts");
  throw new Unavailable(
    "CONTRACTS_UNREACHABLE",
    refreshed.why,
    "there is no earlier copy to go on with: check contracts.url",
  );
}

type PlacedFault = Pick<AnyFault, "code" | "message" | "remedy"> & { readonly place: string };

type AnyFault = Extract<ContractsResult, { readonly ok: false }>["faults"][number];

/** Adds the place of a fault for people: `file:line:column` for a contract file, the setting's place for a setting. */
export function placed(fault: AnyFault): PlacedFault {
  return "place" in fault ? fault : { ...fault, place: `${fault.file}:${fault.line}:${fault.column}` };
}
