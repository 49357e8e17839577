import { remember } from "../core/remember.ts";
import { compileContractSet } from "../core/compile.ts";
import { type CompiledContractSet } from "../core/compiled.ts";
import { openContractSet } from "../core/contract-set.ts";
import type { StoreReads } from "../store/store.ts";

/** How many sets stay compiled: the tails of a gateway that starts name one or two. */
const KEPT_MAX = 3;
/** Sets that were compiled last, by digest. The same text always compiles to the same set. */
const kept = new Map<string, CompiledContractSet>();

/** Reads a contract set from the store and compiles it; null when it is missing or its text does not have the digest. */
export async function storedContractSet(
  reads: Pick<StoreReads, "contractSet">,
  digest: string,
): Promise<CompiledContractSet | null> {
  const text = await reads.contractSet(digest);
  return text === null ? null : compiledSet(digest, text);
}

/** Compiles the text of a contract set; null when it does not have the digest. */
export function compiledSet(digest: string, text: string): CompiledContractSet | null {
  const before = kept.get(digest);
  // A text that somebody changed does not have the digest, whatever was compiled under it before.
  if (before?.text === text) return before;
  const sealed = openContractSet(digest, text);
  if (sealed === null) return null;
  const compiled = compileContractSet(sealed);
  remember(kept, digest, compiled, KEPT_MAX);
  return compiled;
}
