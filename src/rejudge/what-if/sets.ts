import { compileContractSet, compiledVersionsOf } from "../../core/compile.ts";
import { type CompiledContractSet } from "../../core/compiled.ts";
import { openContractSet, type ContractSet } from "../../core/contract-set.ts";
import type { StoreReads } from "../../store/store.ts";

/** The parts of a past contract set that concern one subject. */
export type PastSet = {
  readonly carries: (topic: string) => boolean;
  /** Identity pointers of the subject's versions, by number. */
  readonly identities: ReadonlyMap<number, readonly string[]>;
};

export type PastSets = {
  /** Null when the set is not stored, or does not match its digest. */
  readonly get: (digest: string) => PastSet | null;
  /** The compiled set. Only the latest one is cached, because history changes its sets in order. */
  readonly compiled: (digest: string) => CompiledContractSet | null;
  /** Whether any set ever bound the topic to the subject. */
  readonly everCarried: (topic: string) => boolean;
};

/** Reads all stored contract sets once. */
export async function readPastSets(reads: Pick<StoreReads, "contractSets">, subject: string): Promise<PastSets> {
  const texts = new Map((await reads.contractSets()).map(({ digest, text }) => [digest, text]));
  const sets = new Map<string, PastSet>();
  for (const [digest, text] of texts) {
    const sealed = openContractSet(digest, text);
    if (sealed !== null) sets.set(digest, pastSet(sealed.set, subject));
  }
  let last: { readonly digest: string; readonly set: CompiledContractSet } | null = null;
  return {
    get: (digest) => sets.get(digest) ?? null,
    compiled: (digest) => {
      if (last?.digest === digest) return last.set;
      const sealed = openContractSet(digest, texts.get(digest) ?? "");
      if (sealed === null) return null;
      last = { digest, set: compileContractSet(sealed, last === null ? undefined : compiledVersionsOf(last.set)) };
      return last.set;
    },
    everCarried: (topic) => [...sets.values()].some(({ carries }) => carries(topic)),
  };
}

function pastSet({ contracts, bindings }: ContractSet, subject: string): PastSet {
  const topics = new Set(bindings.filter((one) => one.subject === subject).map(({ topic }) => topic));
  const versions = contracts.find((one) => one.subject === subject)?.versions ?? [];
  return {
    carries: (topic) => topics.has(topic),
    identities: new Map(versions.map(({ version, identity }) => [version, identity])),
  };
}
