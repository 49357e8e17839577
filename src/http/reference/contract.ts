import type { CompiledContract, CompiledContractSet } from "../../core/compiled.ts";
import type { Header } from "../../core/record.ts";
import { declaredSubject } from "../../core/resolve.ts";
import type { HttpDeps } from "../deps.ts";
import { notFound } from "../problems/problem.ts";

/** `topic`: whose default version judges. `version`: that of the setting; null when it names none. */
type Asked = { readonly contract: CompiledContract; readonly topic: string | null; readonly version: number | null };

/**
 * The contract a payload is judged by: the one it declares, then that of `http.validate_subject`, then that of the first source.
 * @throws ProblemError 404 when there is none.
 */
export function referenceContract(deps: HttpDeps, set: CompiledContractSet, headers: readonly Header[]): Asked {
  const declared = declaredSubject(set.bySubject, headers);
  if (declared !== null) return { contract: declared, topic: null, version: null };
  const { contract: wanted = null } = deps.reference ?? {};
  if (wanted !== null) {
    const contract = set.bySubject.get(wanted.subject);
    if (contract !== undefined) return { contract, topic: null, version: wanted.version };
    throw notFound(
      "no-contract",
      `There is no contract "${wanted.subject}" any more, which http.validate_subject names`,
    );
  }
  const topic = deps.log.topics().find((name) => set.byTopic.has(name));
  const contract = topic === undefined ? undefined : set.byTopic.get(topic)?.contract;
  if (topic === undefined || contract === undefined) throw notFound("no-contract", "No topic is bound to a contract");
  return { contract, topic, version: null };
}
