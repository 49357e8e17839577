import type { Config } from "../config.ts";
import { loadContractSet, type ContractsResult, type LoadedContracts } from "../main.ts";
import { Refusals, type PlacedFault } from "./refusal.ts";

/** The contract set in force. @throws {@link Refusals} with everything wrong with the files, the lock and the sources. */
export async function requireContracts(config: Config): Promise<LoadedContracts> {
  const result = await loadContractSet(config);
  if (!result.ok) throw new Refusals(result.faults.map(placed));
  return result;
}

type AnyFault = Extract<ContractsResult, { readonly ok: false }>["faults"][number];

/** Faults of contract files carry file, line and column apart. */
export function placed(fault: AnyFault): PlacedFault {
  return "place" in fault ? fault : { ...fault, place: `${fault.file}:${fault.line}:${fault.column}` };
}
