import { entryOf, type Lock } from "../lock.ts";
import { faultAt, type Fault } from "../fault.ts";
import type { LoadedContract, LoadedVersion } from "../files.ts";
import { readSchemaFile } from "../schema-file.ts";
import { findNever } from "./find-never.ts";

/**
 * What nothing can pass in the versions, and what can never matter, where it is written. Of a frozen version it is advice:
 * nothing of it can be changed any more.
 * @param lock null when it cannot be read: every version then counts as not frozen.
 * @param asked lint tells of all of it as errors; what a version cannot be frozen for is only that nothing at all passes it.
 */
export function lintNever(
  contracts: readonly LoadedContract[],
  lock: Lock | null,
  asked: "lint" | "freeze",
): readonly Fault[] {
  return contracts.flatMap(({ subject, versions }) =>
    versions.flatMap((version) => {
      const isFrozen = lock !== null && entryOf(lock, subject, version.version)?.digest === version.digest;
      return faultsOf(version, isFrozen, asked);
    }),
  );
}

function faultsOf(
  { schema, schemaFile, place, formats = "annotate" }: LoadedVersion,
  isFrozen: boolean,
  asked: "lint" | "freeze",
): readonly Fault[] {
  const { found, isWhole } = findNever(schema, formats);
  if (found.length === 0) return [];
  const isAdvice = isFrozen || (asked === "freeze" && !isWhole);
  const source = readSchemaFile(schemaFile, place, []);
  return found.map(({ kind, pointer, message, remedy }) => {
    const at = source === null ? place : source.placeOf(pointer);
    const code = kind === "nothing" ? "SIG-C-024" : "SIG-C-025";
    const fix = isFrozen ? `${remedy}, in a new version: this one is frozen` : remedy;
    const fault = faultAt(at, code, message, fix);
    return isAdvice ? { ...fault, level: "advice" } : fault;
  });
}
