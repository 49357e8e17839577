import type { ContractSet, ContractVersion } from "../core/contract-set.ts";

/**
 * Why a running gateway cannot replace its contract set by another; empty when it can. A version that is or was live must stay
 * and be unchanged, even if the lock agrees: the lock can be rewritten together with the files. The collection of a topic must
 * stay the same while the gateway runs, since the store was opened for it.
 */
export function replacementProblems(before: ContractSet, after: ContractSet): readonly string[] {
  const problems: string[] = [];
  const versions = versionsByName(after);
  for (const [name, version] of versionsByName(before)) {
    if (version.status === "draft") continue;
    const now = versions.get(name);
    if (now === undefined) problems.push(`${name} was live and is gone; restore it, and retire it instead`);
    else if (now.digest !== version.digest) {
      problems.push(`${name} was live and was changed; restore it, and make the change a new version`);
    }
  }
  const [collectionsBefore, collectionsAfter] = [collectionsOf(before), collectionsOf(after)];
  for (const binding of before.bindings) {
    const [was, is] = [collectionsBefore.get(binding.subject), collectionsAfter.get(binding.subject)];
    if (is === was) continue;
    problems.push(
      `topic ${binding.topic} would store into "${is}" and stores into "${was}"; restart to change a collection`,
    );
  }
  return problems;
}

/** Describes the changes between two sets in sentences, by subject and version. */
export function describeChanges(before: ContractSet, after: ContractSet): readonly string[] {
  const [was, is] = [versionsByName(before), versionsByName(after)];
  const changes: string[] = [];
  for (const name of new Set([...was.keys(), ...is.keys()])) {
    const [old, now] = [was.get(name), is.get(name)];
    if (old === undefined) changes.push(`${name} is new, ${now?.status}`);
    else if (now === undefined) changes.push(`${name}, a draft, is gone`);
    else {
      if (old.status !== now.status) changes.push(`${name} is ${now.status}, was ${old.status}`);
      if (old.digest !== now.digest) changes.push(`${name}, a draft, has other content`);
    }
  }
  return changes.toSorted();
}

function versionsByName({ contracts }: ContractSet): ReadonlyMap<string, ContractVersion> {
  return new Map(
    contracts.flatMap(({ subject, versions }) =>
      versions.map((version) => [`${subject}@${version.version}`, version] as const),
    ),
  );
}

function collectionsOf({ contracts }: ContractSet): ReadonlyMap<string, string> {
  return new Map(contracts.map(({ subject, collection }) => [subject, collection]));
}
