import { compileContractSet } from "../core/compile.ts";
import { type CompiledContractSet } from "../core/compiled.ts";
import { openContractSet } from "../core/contract-set.ts";
import type { StoreReads } from "../store/store.ts";

/** Reads a contract set from the store and compiles it; null when it is missing or its text does not have the digest. */
export async function storedContractSet(
  reads: Pick<StoreReads, "contractSet">,
  digest: string,
): Promise<CompiledContractSet | null> {
  const text = await reads.contractSet(digest);
  const sealed = text === null ? null : openContractSet(digest, text);
  return sealed === null ? null : compileContractSet(sealed);
}
