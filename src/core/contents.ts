import { parseJson } from "../json/parse-json.ts";
import type { CompiledContractSet, ContractRef } from "./compiled.ts";
import type { Contract, ContractSet, ContractVersion } from "./contract-set.ts";

const PARSED = new WeakMap<CompiledContractSet, ContractSet>();

/** The uncompiled contents of a set, parsed once from its sealed text: the compiled form holds no schemas. */
export function contentsOf(set: CompiledContractSet): ContractSet {
  const known = PARSED.get(set);
  if (known !== undefined) return known;
  const contents = parseJson(set.text) as ContractSet;
  PARSED.set(set, contents);
  return contents;
}

/** Stores contents that are already parsed. */
export function rememberContents(set: CompiledContractSet, contents: ContractSet): void {
  PARSED.set(set, contents);
}

/** A version and its contract. @throws when the set has no such version. */
export function contentOf(
  set: CompiledContractSet,
  { subject, version }: ContractRef,
): { readonly contract: Contract; readonly version: ContractVersion } {
  const contract = contentsOf(set).contracts.find((one) => one.subject === subject);
  const found = contract?.versions.find((one) => one.version === version);
  if (contract === undefined || found === undefined)
    throw new Error(`Cannot read ${subject}@${version}: the set has none`);
  return { contract, version: found };
}
