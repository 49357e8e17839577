import { openContractSet, versionDigest } from "../core/contract-set.ts";

/** A frozen version, whose content must never change. */
export type FrozenVersion = { readonly subject: string; readonly version: number; readonly digest: string };

/**
 * Finds the versions of a contract set that differ from the frozen versions of the same names, one sentence each.
 * Versions that are not frozen are not checked.
 */
export function unfrozenIn(digest: string, text: string, frozen: readonly FrozenVersion[]): readonly string[] {
  const sealed = openContractSet(digest, text);
  if (sealed === null || frozen.length === 0) return [];
  const known = new Map(frozen.map((one) => [`${one.subject}@${one.version}`, one.digest]));
  return sealed.set.contracts.flatMap(({ subject, versions }) =>
    versions.flatMap((version) => {
      const name = `${subject}@${version.version}`;
      const expected = known.get(name);
      // The digest is recomputed: the set only claims it.
      const is = versionDigest(subject, version);
      if (expected === undefined || (expected === is && expected === version.digest)) return [];
      return [`contract set ${digest} decided by another ${name} than the frozen one: ${is}, the lock has ${expected}`];
    }),
  );
}
