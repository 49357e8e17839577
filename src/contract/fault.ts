/** A place in a text file. Both count from 1; columns count UTF-16 units, as editors do. */
export type Place = { readonly file: string; readonly line: number; readonly column: number };

/**
 * The meaning of every code of this folder. A code is stable: no code is used again for something else. 001-025 contract files,
 * 030-035 the lock, 040-045 fixtures, 050-053 rules against their schema, 060-064 compatibility.
 */
export const CONTRACT_CODES = {
  "SIG-C-001": "The contracts directory cannot be read or holds no contract",
  "SIG-C-002": "A file a contract needs cannot be read",
  "SIG-C-003": "A contract.yaml is not YAML",
  "SIG-C-004": "A key, or a version number, stands twice",
  "SIG-C-005": "A key is not known",
  "SIG-C-006": "A key that must be there is missing",
  "SIG-C-007": "A value has the wrong type or form",
  "SIG-C-008": "A subject is not a valid name, or not the name of its folder",
  "SIG-C-009": "Two contracts have the same subject",
  "SIG-C-010": "A collection is not a valid name",
  "SIG-C-011": "A version is not a number from 1 to 999,999,999",
  "SIG-C-012": "A status is not one of draft, active, deprecated, retired; or formats is not assert or annotate",
  "SIG-C-013": "A pointer is not an RFC 6901 JSON pointer",
  "SIG-C-014": "A field of the identity is not required by the schema",
  "SIG-C-015": "A rule id is not valid or stands twice in one version",
  "SIG-C-016": "The expression of a rule cannot be used",
  "SIG-C-017": "The pattern of a rule is not a literal",
  "SIG-C-018": "A pattern can take super-linear time",
  "SIG-C-019": "A rule depends on the time zone or the time zone data of the machine",
  "SIG-C-020": "A schema file is not strict JSON",
  "SIG-C-021": "A schema uses something that cannot be frozen",
  "SIG-C-022": "A schema path leaves the folder of its contract",
  "SIG-C-023": "A day of deprecation or sunset is not a date",
  "SIG-C-024": "Nothing can pass a schema, or a part of it: what it asks contradicts itself",
  "SIG-C-025":
    "A part of a schema never matters: a property that can never be present, a listed value or a branch that can never match",
  "SIG-C-030": "A line of contracts.lock cannot be read",
  "SIG-C-031": "A frozen version was changed",
  "SIG-C-032": "A frozen version was removed",
  "SIG-C-033": "A live version is not frozen",
  "SIG-C-034": "contracts.lock cannot be read or written",
  "SIG-C-035": "There is no such contract or version",
  "SIG-C-040": "A must-pass fixture failed",
  "SIG-C-041": "A must-fail fixture passed",
  "SIG-C-042": "A version has no must-pass or no must-fail fixture",
  "SIG-C-043": "A fixture cannot be read",
  "SIG-C-044": "A file among the fixtures belongs to no version",
  "SIG-C-045": "No fixture needs a constraint: it could be left out and no test would tell",
  "SIG-C-050": "A rule uses a field or a function that there is not",
  "SIG-C-051": "A rule uses a value of the wrong type, or of more types than it can take",
  "SIG-C-052": "A rule uses what may be missing: an optional field, an item, the least of no items",
  "SIG-C-053": "A rule could take time out of proportion to its record",
  "SIG-C-060":
    "A version is incompatible: a payload that one version accepts and the other refuses was found and judged",
  "SIG-C-061": "It is not known whether a version is compatible: neither proved nor refuted",
  "SIG-C-062":
    "The identity changed: the same fact gets another id, and duplicates are not recognised across the versions",
  "SIG-C-063": "What is to be compared cannot be read, or its name is neither a version nor a schema file",
  "SIG-C-064": "Two versions cannot be compared as asked",
} as const;

export type ContractCode = keyof typeof CONTRACT_CODES;

/** One thing wrong with the contracts, where it is, and what to do. `message` and `remedy` never quote a payload. */
export type Fault = Place & {
  readonly code: ContractCode;
  readonly message: string;
  readonly remedy: string;
  /** Absent: an error; a version with an error cannot be frozen. Advice should be followed but prevents nothing. */
  readonly level?: "advice";
};

/** Whether the fault prevents freezing. */
export function isError({ level }: Fault): boolean {
  return level !== "advice";
}

export function faultAt(place: Place, code: ContractCode, message: string, remedy: string): Fault {
  return { code, file: place.file, line: place.line, column: place.column, message, remedy };
}

/** Sorts faults by file, position and code. The order is the same on every machine. */
export function sortFaults(faults: readonly Fault[]): readonly Fault[] {
  return faults.toSorted(
    (a, b) => compareText(a.file, b.file) || a.line - b.line || a.column - b.column || compareText(a.code, b.code),
  );
}

/** `contracts/shipment/contract.yaml:3:12: error SIG-C-005 Unknown key "onwer"`. */
export function describeFault(fault: Fault): string {
  return `${fault.file}:${fault.line}:${fault.column}: ${fault.level ?? "error"} ${fault.code} ${fault.message}`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
