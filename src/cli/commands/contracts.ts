import type { Config } from "../../config/config.ts";
import { loadContractSet, placed, type LoadedContracts } from "../../app/contracts.ts";
import { Refusals } from "../terminal/refusal.ts";

/**
 * The contract set that decides.
 * @throws {@link Refusals} with every fault of the files, the lock and the sources.
 */
export async function requireContracts(config: Config): Promise<LoadedContracts> {
  const result = await loadContractSet(config);
  if (!result.ok) throw new Refusals(result.faults.map(placed));
  return result;
}
