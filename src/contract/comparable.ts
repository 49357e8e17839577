import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_LIMITS, type VersionContent } from "../core/contract-set.ts";
import type { JsonValue } from "../json/json.ts";
import { parsePayload } from "../core/payload.ts";
import { parseContractName } from "./contract-name.ts";
import { faultAt, type Fault, type Place } from "./fault.ts";
import { loadContracts, type LoadedContract, type LoadedVersion } from "./files.ts";
import { nearestName } from "../json/nearest.ts";
import { readSchemaFile } from "./schema-file.ts";
import { describeIoError, payloadBytes, readBytes } from "./source-text.ts";

/** A version of a contract, or a schema file without a contract, ready to be compared. */
export type Comparable = VersionContent & {
  /** The name on the command line: `shipment@2`, or the path of the file. */
  readonly name: string;
  /**
   * The place that a pointer into the schema is written at; pointers that begin with `/rules` or `/identity` lead to
   * contract.yaml.
   */
  readonly placeOf: (pointer: string) => Place;
  /** The fixtures that are JSON; a search for witnesses begins with them. */
  readonly payloads: readonly JsonValue[];
  /** The contract and version that this was read from; null for a schema file. */
  readonly source: { readonly contract: LoadedContract; readonly version: LoadedVersion } | null;
};

export type ReadComparable =
  | { readonly ok: true; readonly value: Comparable }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** Whether the text is the path of a schema file: it ends in `.json` or contains a slash. The name of a version does neither. */
export function isSchemaPath(text: string): boolean {
  return /\.json$|[/\\]/.test(text);
}

/** Reads `shipment@2`, `shipment` if that contract has only one version, or the path of a schema file. */
export function readComparable(directory: string, text: string): ReadComparable {
  return isSchemaPath(text) ? readFile(text) : readVersion(directory, text);
}

/** Makes a loaded version comparable. */
export function comparableOf(contract: LoadedContract, version: LoadedVersion): Comparable {
  const { schema, rules, identity, formats = "annotate" } = version;
  const places = readSchemaFile(version.schemaFile, version.place, []);
  const placeOf = (pointer: string): Place => {
    if (places === null || /^\/(?:rules|identity|formats)(?:\/|$)/.test(pointer)) return version.place;
    return places.placeOf(pointer);
  };
  const name = `${contract.subject}@${version.version}`;
  const payloads = fixturesOf(version);
  return { name, schema, rules, identity, formats, placeOf, payloads, source: { contract, version } };
}

function readFile(file: string): ReadComparable {
  const faults: Fault[] = [];
  const read = readSchemaFile(file, { file, line: 1, column: 1 }, faults);
  if (read === null || faults.length > 0) return { ok: false, faults };
  const { schema, placeOf } = read;
  // The default of contract.yaml.
  const formats = "assert";
  return {
    ok: true,
    value: { name: file, schema, rules: [], identity: [], formats, placeOf, payloads: [], source: null },
  };
}

function readVersion(directory: string, text: string): ReadComparable {
  const place = { file: directory, line: 1, column: 1 };
  const refuse = (message: string, remedy: string): ReadComparable => {
    return { ok: false, faults: [faultAt(place, "SIG-C-063", message, remedy)] };
  };
  const name = parseContractName(text);
  if (name === null) {
    return refuse(`Cannot compare "${text}": it names nothing`, "Write shipment@1, or the path of a schema file");
  }
  const loaded = loadContracts(directory);
  if (!loaded.ok) return loaded;
  const contract = loaded.contracts.find(({ subject }) => subject === name.subject);
  if (contract === undefined) {
    const subjects = loaded.contracts.map(({ subject }) => subject);
    const nearest = nearestName(name.subject, subjects);
    const hint = nearest === null ? "" : ` (did you mean "${nearest}"?)`;
    return refuse(`Cannot compare "${text}": there is no such contract${hint}`, `Use one of ${subjects.join(", ")}`);
  }
  const numbers = contract.versions.map(({ version }) => `${contract.subject}@${version}`).join(", ");
  const only = contract.versions.length === 1 ? contract.versions[0] : undefined;
  const version = name.version === null ? only : contract.versions.find((one) => one.version === name.version);
  if (version !== undefined) return { ok: true, value: comparableOf(contract, version) };
  const state = name.version === null ? "the contract has several versions" : "there is no such version";
  return refuse(`Cannot compare "${text}": ${state}`, `Use one of ${numbers}`);
}

/** Fixtures that cannot be read or are not JSON are skipped here; the fixture check reports them. */
function fixturesOf({ fixturesDir }: LoadedVersion): readonly JsonValue[] {
  return ["pass", "fail"].flatMap((kind) => {
    const folder = join(fixturesDir, kind);
    return namesIn(folder).flatMap((name) => {
      const raw = readBytes(join(folder, name));
      const read = raw.ok ? payloadBytes(raw.bytes) : raw;
      const parsed = read.ok ? parsePayload(read.bytes, DEFAULT_LIMITS) : null;
      return parsed?.ok === true ? [parsed.payload] : [];
    });
  });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .toSorted();
  } catch (error) {
    // Throws the error again unless it is a system error: anything else is a bug.
    describeIoError(error);
    return [];
  }
}
