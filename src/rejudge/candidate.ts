import { compileContractSet } from "../core/compile.ts";
import { type CompiledVersion } from "../core/compiled.ts";
import { sealContractSet, type ContractSet, type ContractVersion, type PayloadLimits } from "../core/contract-set.ts";

/** A version that judges records it was not in force for. Plain data: it can be handed to another thread. */
export type Candidate = {
  readonly subject: string;
  /** Whatever its status: a draft is what this is for. */
  readonly version: ContractVersion;
  readonly limits: PayloadLimits;
};

/** The named version of a set as a candidate; null when the set has none. */
export function candidateFrom(set: ContractSet, subject: string, version: number): Candidate | null {
  const contract = set.contracts.find((one) => one.subject === subject);
  const found = contract?.versions.find((one) => one.version === version);
  return found === undefined ? null : { subject, version: found, limits: set.limits };
}

/**
 * Compiles a candidate. It gives no machine ids: the hash is a third of a decision, and whether an id changes follows from
 * the identity's fields.
 */
export function compileCandidate({ subject, version, limits }: Candidate): CompiledVersion {
  const contract = { subject, collection: "what_if", versionField: null, versions: [version] };
  const set = compileContractSet(sealContractSet({ limits, contracts: [contract], bindings: [] }));
  const compiled = set.bySubject.get(subject)?.versions.get(version.version);
  if (compiled === undefined) throw new Error(`Version ${subject}@${version.version} was compiled and is not there`);
  return { ...compiled, machineId: () => "" };
}
