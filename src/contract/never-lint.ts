import { entryOf, type Lock } from "./lock.ts";
import { faultAt, type Fault } from "./fault.ts";
import type { LoadedContract, LoadedVersion } from "./files.ts";
import { readSchemaFile } from "./schema-file.ts";
import { findNever } from "../inclusion/inclusion.ts";

/**
 * Finds the parts of the versions' schemas that no value can pass or that can never matter. For a frozen version the findings
 * are advice, since the version cannot be changed.
 * @param lock null when it cannot be read: every version then counts as not frozen.
 * @param asked "lint" reports every finding as an error; "freeze" reports an error only when no value at all passes the schema.
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
