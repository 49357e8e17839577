import { compileContractSet } from "../core/compile.ts";
import { type CompiledContractSet } from "../core/compiled.ts";
import { openContractSet } from "../core/contract-set.ts";
import type { StoreReads } from "../store/store.ts";

/** A contract set that decided, read back and compiled; null when it is missing or is not what its digest says. */
export async function storedContractSet(
  reads: Pick<StoreReads, "contractSet">,
  digest: string,
): Promise<CompiledContractSet | null> {
  const text = await reads.contractSet(digest);
  const sealed = text === null ? null : openContractSet(digest, text);
  return sealed === null ? null : compileContractSet(sealed);
}
