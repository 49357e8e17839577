import { compileContractSet, compiledVersionsOf, compileVersion } from "../core/compile.ts";
import { type CompiledContractSet } from "../core/compiled.ts";
import { contentsOf, rememberContents } from "../core/contents.ts";
import { withSchemaIds, type SchemaId, type SealedContractSet } from "../core/contract-set.ts";
import type { ContractCatalog } from "./catalog.ts";
import { describeChanges, replacementProblems } from "./swap.ts";

/** A compiled contract set, and the texts about its contracts. */
export type Contracts = { readonly set: CompiledContractSet; readonly about: ContractCatalog };

export type Swap =
  | { readonly kind: "same" }
  /** `changes` are sentences for people. */
  | { readonly kind: "swapped"; readonly from: string; readonly to: string; readonly changes: readonly string[] }
  /** The current set stays. `problems` are sentences for people. */
  | { readonly kind: "refused"; readonly problems: readonly string[] };

/**
 * The contract set that decides now. It is replaced whole, between batches: a batch reads it once, so that one set decides the
 * whole batch.
 */
export type LiveContracts = {
  readonly current: () => CompiledContractSet;
  readonly about: () => ContractCatalog;
  /**
   * Replaces the current set; the schema ids learnt from a registry are kept. Refused when the next set changes or drops a
   * version that was live or retired, or moves the facts of a topic to another collection. Only new versions are compiled, one
   * at a time, so that batches can be decided in between.
   * @param pause lets other work run between two compilations.
   */
  readonly replace: (next: SealedContractSet, about: ContractCatalog, pause: () => Promise<void>) => Promise<Swap>;
  /** Adds schema ids learnt from a registry. */
  readonly learn: (schemaIds: readonly SchemaId[]) => void;
};

export function holdContracts(first: Contracts): LiveContracts {
  let { set, about } = first;
  return {
    current: () => set,
    about: () => about,
    replace: async (next, nextAbout, pause) => {
      const problems = replacementProblems(contentsOf(set), next.set);
      if (problems.length > 0) return { kind: "refused", problems };
      const compiled = compiledVersionsOf(set);
      for (const { subject, versions } of next.set.contracts) {
        for (const version of versions) {
          if (compiled.has(version.digest)) continue;
          compiled.set(version.digest, compileVersion(subject, version));
          await pause();
        }
      }
      // Read only now, so that schema ids learnt during the compilations are kept.
      const before = contentsOf(set);
      const known = before.schemaIds ?? [];
      const sealed = known.length === 0 ? next : withSchemaIds(next, known);
      about = nextAbout;
      if (sealed.digest === set.digest) return { kind: "same" };
      const from = set.digest;
      set = compileContractSet(sealed, compiled);
      rememberContents(set, sealed.set);
      return { kind: "swapped", from, to: set.digest, changes: describeChanges(before, sealed.set) };
    },
    learn: (added) => {
      const before = contentsOf(set);
      const known = new Map([...(before.schemaIds ?? []), ...added].map((one) => [one.id, one]));
      const sealed = withSchemaIds({ text: set.text, set: before }, [...known.values()]);
      set = compileContractSet(sealed, compiledVersionsOf(set));
      rememberContents(set, sealed.set);
    },
  };
}
