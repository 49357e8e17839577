import { compileContractSet, type CompiledContractSet } from "../core/compile.ts";
import { sealContractSet, type ContractSet, type SchemaId } from "../core/contract-set.ts";

/** The contract set that decides now. Swapped whole between batches: a batch reads it once and never sees two. */
export type ContractsInForce = {
  readonly current: () => CompiledContractSet;
  /**
   * Puts another set in force; what a registry said of schema ids stays. Versions that did not change are not compiled
   * again.
   * @returns false when it decides exactly as the one before.
   */
  readonly replace: (set: ContractSet) => boolean;
  /** Adds what a registry said of schema ids. */
  readonly learn: (schemaIds: readonly SchemaId[]) => void;
};

export function holdContracts(first: CompiledContractSet): ContractsInForce {
  let current = first;
  const put = (set: ContractSet): boolean => {
    const sealed = sealContractSet(set);
    if (sealed.digest === current.digest) return false;
    current = compileContractSet(sealed, current);
    return true;
  };
  const schemaIds = (): readonly SchemaId[] => (JSON.parse(current.text) as ContractSet).schemaIds ?? [];
  return {
    current: () => current,
    replace: (set) => put({ ...set, schemaIds: schemaIds() }),
    learn: (added) => {
      const known = new Map([...schemaIds(), ...added].map((one) => [one.id, one]));
      put({ ...(JSON.parse(current.text) as ContractSet), schemaIds: [...known.values()] });
    },
  };
}
