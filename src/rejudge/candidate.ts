import { compileContractSet } from "../core/compile.ts";
import { type CompiledVersion } from "../core/compiled.ts";
import { sealContractSet, type ContractSet, type ContractVersion, type PayloadLimits } from "../core/contract-set.ts";

/**
 * A version that rejudges records which other versions decided. Plain data, so that it can be sent to another thread.
 */
export type Candidate = {
  readonly subject: string;
  /** The version, in any status; usually a draft. */
  readonly version: ContractVersion;
  readonly limits: PayloadLimits;
};

/** The named version of a set as a candidate; null when the set has none. */
export function candidateFrom(set: ContractSet, subject: string, version: number): Candidate | null {
  const contract = set.contracts.find((one) => one.subject === subject);
  const found = contract?.versions.find((one) => one.version === version);
  return found === undefined ? null : { subject, version: found, limits: set.limits };
}

/** Compiles a candidate. */
export function compileCandidate({ subject, version, limits }: Candidate): CompiledVersion {
  const contract = { subject, collection: "what_if", versionField: null, versions: [version] };
  const set = compileContractSet(sealContractSet({ limits, contracts: [contract], bindings: [] }));
  const compiled = set.bySubject.get(subject)?.versions.get(version.version);
  if (compiled === undefined) throw new Error(`Version ${subject}@${version.version} was compiled and is not there`);
  return compiled;
}
