import { compileContractSet, compiledVersionsOf, compileVersion } from "../core/compile.ts";
import { type CompiledContractSet } from "../core/compiled.ts";
import { contentsOf, rememberContents } from "../core/contents.ts";
import { withSchemaIds, type SchemaId, type SealedContractSet } from "../core/contract-set.ts";
import type { ContractCatalog } from "./catalog.ts";
import { describeChanges, whyNotInPlaceOf } from "./swap.ts";

/** A contract set ready to decide with, and what is said about its contracts. */
export type Contracts = { readonly set: CompiledContractSet; readonly about: ContractCatalog };

export type Swap =
  | { readonly kind: "same" }
  /** `changes`: a sentence each, for people. */
  | { readonly kind: "swapped"; readonly from: string; readonly to: string; readonly changes: readonly string[] }
  /** The set in force stays. `problems`: a sentence each. */
  | { readonly kind: "refused"; readonly problems: readonly string[] };

/** The contract set that decides now. Swapped whole between batches: a batch reads it once and never sees two. */
export type LiveContracts = {
  readonly current: () => CompiledContractSet;
  readonly about: () => ContractCatalog;
  /**
   * Puts another set in force; what a registry said of schema ids stays. Refused when it changes or drops a version that
   * was in force, or moves a topic's decisions to another collection. Only versions that are new are compiled, one at a
   * time, so that deciding goes on meanwhile.
   * @param pause gives way to other work between two compilations.
   */
  readonly replace: (next: SealedContractSet, about: ContractCatalog, pause: () => Promise<void>) => Promise<Swap>;
  /** Adds what a registry said of schema ids. */
  readonly learn: (schemaIds: readonly SchemaId[]) => void;
};

export function holdContracts(first: Contracts): LiveContracts {
  let { set, about } = first;
  return {
    current: () => set,
    about: () => about,
    replace: async (next, nextAbout, pause) => {
      const problems = whyNotInPlaceOf(contentsOf(set), next.set);
      if (problems.length > 0) return { kind: "refused", problems };
      const compiled = compiledVersionsOf(set);
      for (const { subject, versions } of next.set.contracts) {
        for (const version of versions) {
          if (compiled.has(version.digest)) continue;
          compiled.set(version.digest, compileVersion(subject, version));
          await pause();
        }
      }
      // Read last: what a registry said meanwhile is kept.
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
