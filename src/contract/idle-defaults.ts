import type { CompiledBinding, CompiledContractSet } from "../core/compiled.ts";

/** A source all of whose records will be FAILED, or all that declare no version, whatever their payloads are. */
export type IdleDefault = { readonly topic: string; readonly message: string; readonly remedy: string };

/**
 * Finds sources whose default version is not live or not accepted by the source, and sources whose contract has no live
 * version. They are reported before the first record is FAILED for it.
 */
export function idleDefaults({ byTopic }: CompiledContractSet): readonly IdleDefault[] {
  return [...byTopic.values()].flatMap((bound) => {
    const found = idleDefault(bound);
    return found === null ? [] : [{ topic: bound.binding.topic, ...found }];
  });
}

function idleDefault({ binding, contract }: CompiledBinding): Omit<IdleDefault, "topic"> | null {
  const { topic, subject, accepts, defaultVersion } = binding;
  const inForce = [...contract.versions.values()].filter(
    ({ status }) => status === "active" || status === "deprecated",
  );
  const names = inForce.map(({ ref }) => `${subject}@${ref.version}`).join(", ");
  if (inForce.length === 0) {
    const drafts = [...contract.versions.values()].filter(({ status }) => status === "draft");
    const name = `${subject}@${drafts.at(-1)?.ref.version ?? 1}`;
    const message = `Every record of topic "${topic}" will be FAILED: no version of contract "${subject}" is live`;
    const remedy =
      drafts.length === 0
        ? "make a new version and activate it, or take the source out"
        : `prove, freeze and activate a version: sigma contract activate ${name} --reason "..."`;
    return { message, remedy };
  }
  if (defaultVersion === null) return null;
  const whom = `Records of topic "${topic}" that declare no version will be FAILED: the default is ${subject}@${defaultVersion}`;
  const status = contract.versions.get(defaultVersion)?.status;
  const other = `give the source another default, as one of ${names}, or none`;
  if (status === "draft") {
    const activate = `sigma contract activate ${subject}@${defaultVersion} --reason "..."`;
    return { message: `${whom}, which is a draft`, remedy: `activate it (${activate}), or ${other}` };
  }
  if (status === "retired") return { message: `${whom}, which is retired`, remedy: other };
  if (accepts === undefined || accepts.includes(defaultVersion)) return null;
  return { message: `${whom}, which the source does not accept`, remedy: `add it to accepts, or ${other}` };
}
