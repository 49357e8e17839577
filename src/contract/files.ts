import { pointerOf, stepsIn } from "../json/pointer.ts";
import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import {
  sealContractSet,
  versionDigest,
  type Binding,
  type SchemaId,
  type ContractVersion,
  type PayloadLimits,
  type SealedContractSet,
} from "../core/contract-set.ts";
import { readContractYaml, type ContractText, type VersionText } from "./contract-yaml.ts";
import { faultAt, sortFaults, type Fault, type Place } from "./fault.ts";
import { schemaRequires } from "../schema/required-field.ts";
import { findPatternFault } from "../schema/pattern-syntax.ts";
import { nearestName } from "../json/nearest.ts";
import { readRule } from "./rule-lint.ts";
import { readSchemaFile, type SchemaFile } from "./schema-file.ts";
import { schemaPatterns } from "./schema-patterns.ts";
import { createSourceText, decodeText, describeIoError, readBytes } from "./source-text.ts";
import { shorten } from "./yaml-fields.ts";

/** A version as read from its files, with their places. */
export type LoadedVersion = ContractVersion & {
  /** Day (YYYY-MM-DD) since which it is deprecated. */
  readonly deprecated: string | null;
  /** Day (YYYY-MM-DD) announced as its end. It informs producers; the gateway does not act on it. */
  readonly sunset: string | null;
  readonly schemaFile: string;
  /** The folder of its fixtures, with the folders `pass` and `fail`; it may not exist. */
  readonly fixturesDir: string;
  /** Place of its number in contract.yaml. */
  readonly place: Place;
};

export type LoadedContract = {
  readonly subject: string;
  readonly owner: string;
  readonly description: string;
  /**
   * The collection of the facts. Several subjects may use one collection: machine ids include the subject, so facts of
   * different subjects have different ids.
   */
  readonly collection: string;
  readonly versionField: string | null;
  /** Whether a version is activated only with a what-if report. */
  readonly requireWhatIf: boolean;
  readonly file: string;
  /** Sorted by number. */
  readonly versions: readonly LoadedVersion[];
};

/** A regular expression of a contract, with the flags it is compiled with. */
export type PatternSite = { readonly pattern: string; readonly flags: "u" | ""; readonly place: Place };

/** JSON Schema 2020-12 requires the flag "u" for the patterns of a schema. */
const SCHEMA_FLAGS: PatternSite["flags"] = "u";
const RULE_FLAGS: PatternSite["flags"] = "";

export type LoadResult =
  | { readonly ok: true; readonly contracts: readonly LoadedContract[] }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** The contracts without a fault, and every fault. `patterns` also contains the patterns of contracts with a fault. */
export type ContractReading = {
  readonly contracts: readonly LoadedContract[];
  readonly faults: readonly Fault[];
  readonly patterns: readonly PatternSite[];
};

/**
 * Loads `<directory>/<subject>/contract.yaml` and the schemas named there. Returns every contract when no file has a fault, and
 * otherwise every fault.
 *
 * The safety of patterns is not checked here, since that takes seconds and a large library. Linting and freezing check it, and
 * every version that is not a draft is frozen.
 */
export function loadContracts(directory: string): LoadResult {
  const { contracts, faults } = readContracts(directory);
  return faults.length === 0 ? { ok: true, contracts } : { ok: false, faults };
}

/** Reads every contract. Faults are sorted by file and line. */
export function readContracts(directory: string): ContractReading {
  const faults: Fault[] = [];
  const patterns: PatternSite[] = [];
  const contracts: LoadedContract[] = [];
  const fileOfSubject = new Map<string, string>();
  for (const name of folderNames(directory, faults)) {
    const before = faults.length;
    const contract = readFolder(join(directory, name), name, fileOfSubject, faults, patterns);
    if (contract !== null && faults.length === before) contracts.push(contract);
  }
  return { contracts, faults: sortFaults(faults), patterns };
}

/** A binding as written in settings: both null and absent accept every live version. */
export type SourceBinding = Omit<Binding, "accepts"> & { readonly accepts?: readonly number[] | null };

/**
 * Makes the contract set that decisions are made by. Statuses and bindings are part of the set. Owner, description and sunset
 * are not, since no decision depends on them.
 */
export function toContractSet(
  contracts: readonly LoadedContract[],
  bindings: readonly SourceBinding[],
  limits: PayloadLimits,
  schemaIds: readonly SchemaId[] = [],
): SealedContractSet {
  return sealContractSet({
    limits: { bytesMax: limits.bytesMax, depthMax: limits.depthMax },
    contracts: contracts.map(({ subject, collection, versionField, versions }) => ({
      subject,
      collection,
      versionField,
      versions: versions.map(({ version, status, schema, rules, identity, formats, digest }) => ({
        version,
        status,
        schema,
        rules,
        identity,
        // The member is left out for "annotate", as in the digest: contract sets that were written before formats could be
        // asserted do not have it.
        ...(formats === "assert" ? { formats } : {}),
        digest,
      })),
    })),
    bindings: bindings.map(({ topic, subject, accepts = null, defaultVersion }) => ({
      topic,
      subject,
      ...(accepts === null ? {} : { accepts }),
      defaultVersion,
    })),
    schemaIds,
  });
}

/** The folders that may hold a contract. Hidden folders (of editors and volume mounts) are left out. */
function folderNames(directory: string, faults: Fault[]): readonly string[] {
  const place = { file: directory, line: 1, column: 1 };
  const remedy = "Name the contracts directory, or make one with `sigma init`: it has a folder for each subject";
  try {
    const names = readdirSync(directory).filter((name) => !name.startsWith("."));
    const folders = names.filter((name) => statSync(join(directory, name), { throwIfNoEntry: false })?.isDirectory());
    if (folders.length === 0) {
      faults.push(
        faultAt(place, "SIG-C-001", `Cannot load contracts from "${directory}": it holds no contract`, remedy),
      );
    }
    // toSorted without a comparison compares code units, which gives the same order on every machine.
    return folders.toSorted();
  } catch (error) {
    const message = `Cannot load contracts from "${directory}": ${describeIoError(error)}`;
    faults.push(faultAt(place, "SIG-C-001", message, remedy));
    return [];
  }
}

function readFolder(
  folder: string,
  name: string,
  fileOfSubject: Map<string, string>,
  faults: Fault[],
  patterns: PatternSite[],
): LoadedContract | null {
  const file = join(folder, "contract.yaml");
  const text = readYamlText(file, faults);
  if (text === null) return null;
  const written = readContractYaml(createSourceText(file, text), faults);
  if (written === null) return null;
  checkSubject(written, name, file, fileOfSubject, faults);
  const versions = written.versions
    .map((version) => readVersion(folder, written, version, faults, patterns))
    .filter((version) => version !== null);
  const { subject, owner, description, collection, versionField, requireWhatIf } = written;
  if (subject === null || owner === null || description === null || collection === null) return null;
  const ordered = versions.toSorted((a, b) => a.version - b.version);
  const about = { owner, description, collection, versionField, requireWhatIf };
  return { subject: subject.value, ...about, file, versions: ordered };
}

function readYamlText(file: string, faults: Fault[]): string | null {
  const place = { file, line: 1, column: 1 };
  const read = readBytes(file);
  if (!read.ok) {
    const others = ["contract.yml", "contract.json"].map((name) => join(dirname(file), name));
    const other = others.find((one) => statSync(one, { throwIfNoEntry: false })?.isFile());
    const remedy =
      other === undefined
        ? "Each folder of the contracts directory needs a readable contract.yaml; move other folders away"
        : `${basename(other)} is there: call it contract.yaml`;
    faults.push(faultAt(place, "SIG-C-002", `Cannot read contract "${file}": ${read.problem}`, remedy));
    return null;
  }
  const decoded = decodeText(read.bytes);
  if (decoded.ok) return decoded.text;
  faults.push(faultAt(place, "SIG-C-003", `Not YAML: the file ${decoded.problem}`, decoded.remedy));
  return null;
}

function checkSubject(
  written: ContractText,
  folderName: string,
  file: string,
  fileOfSubject: Map<string, string>,
  faults: Fault[],
): void {
  if (written.subject === null) return;
  const { value, place } = written.subject;
  if (value !== folderName) {
    const message = `Subject "${value}" stands in folder "${folderName}"`;
    faults.push(faultAt(place, "SIG-C-008", message, "Give the folder the name of the subject"));
  }
  const first = fileOfSubject.get(value);
  if (first === undefined) {
    fileOfSubject.set(value, file);
    return;
  }
  const message = `Subject "${value}" is already the subject of ${first}`;
  faults.push(faultAt(place, "SIG-C-009", message, "Keep one contract for each subject; its versions belong together"));
}

const INNER_PATH = /^(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*$/;

/** Whether the path is relative and made of plain names: it can neither be absolute nor lead upwards. */
export function isInnerPath(path: string): boolean {
  return INNER_PATH.test(path);
}

function readVersion(
  folder: string,
  contract: ContractText,
  version: VersionText,
  faults: Fault[],
  patterns: PatternSite[],
): LoadedVersion | null {
  const { number, place, status, deprecated, sunset, identity } = version;
  const before = faults.length;
  const schema = readSchema(folder, version, faults, patterns);
  // Rules are checked only against a schema without faults: findings against a faulty schema would repeat its faults.
  const judged = faults.length === before ? (schema?.schema ?? null) : null;
  for (const { value, place: start, placeInside } of version.rules) {
    const reading = readRule(value, judged, version.formats);
    for (const { code, position, message, remedy } of reading.findings) {
      faults.push(faultAt(position === 0 ? start : placeInside(position), code, message, remedy));
    }
    patterns.push(
      ...reading.patterns.map((one) => ({
        pattern: one.pattern,
        flags: RULE_FLAGS,
        place: placeInside(one.position),
      })),
    );
  }
  if (schema === null || identity === null || status === null || contract.subject === null) return null;
  // This check is skipped for a schema with faults: the corrected schema may require the field.
  for (const { value, place: at } of judged === null ? [] : identity) {
    if (schemaRequires(schema.schema, value)) continue;
    const { state, remedy } = unrequired(value, schema);
    faults.push(faultAt(at, "SIG-C-014", `Identity field "${shorten(value)}" ${state} version ${number}`, remedy));
  }
  const content = {
    version: number,
    schema: schema.schema,
    rules: version.rules.map(({ value }) => value),
    identity: identity.map(({ value }) => value),
    formats: version.formats,
  };
  const digest = versionDigest(contract.subject.value, content);
  return {
    ...content,
    digest,
    status,
    deprecated,
    sunset,
    schemaFile: schema.file,
    fixturesDir: join(folder, "fixtures", `v${number}`),
    place,
  };
}

/** The most property names that a message lists. */
const NAMES_SHOWN = 8;

/** Tells two mistakes apart: the schema does not have the field at all, or it has the field but does not require it. */
function unrequired(
  pointer: string,
  { schema, file }: SchemaFile,
): { readonly state: string; readonly remedy: string } {
  const root = typeof schema === "boolean" ? {} : schema;
  const properties = root["properties"];
  const isWhole = !["$ref", "allOf", "anyOf", "oneOf", "then"].some((keyword) => keyword in root);
  const names = isWhole && typeof properties === "object" && properties !== null ? Object.keys(properties) : [];
  const name = stepsIn(pointer)[0] ?? "";
  if (names.length > 0 && pointer !== "" && !names.includes(name)) {
    const nearest = nearestName(name, names);
    const listed = names.slice(0, NAMES_SHOWN).map((one) => shorten(pointerOf([one])));
    const others = `Use one of ${listed.join(", ")}${names.length > NAMES_SHOWN ? " ..." : ""}, or describe it there`;
    const remedy = nearest === null ? others : `Write ${shorten(pointerOf([nearest]))} if that was meant`;
    return { state: "is not in the schema of", remedy };
  }
  const remedy = `List it under "required" in ${file}, in every object on its way, with "type": "object"`;
  return { state: "is not required by the schema of", remedy };
}

function readSchema(folder: string, version: VersionText, faults: Fault[], patterns: PatternSite[]): SchemaFile | null {
  if (version.schema === null) return null;
  const { value, place } = version.schema;
  if (!isInnerPath(value)) {
    const message = `Schema path "${shorten(value)}" is not a path inside the contract's folder`;
    faults.push(
      faultAt(
        place,
        "SIG-C-022",
        message,
        `Put the schema beside contract.yaml, for example v${version.number}.schema.json`,
      ),
    );
    return null;
  }
  const schema = readSchemaFile(join(folder, value), place, faults, version.formats);
  if (schema === null) return null;
  // readSchemaFile has refused patterns that are not regular expressions.
  const sites = schemaPatterns(schema.schema).filter(({ pattern }) => findPatternFault(pattern) === null);
  patterns.push(
    ...sites.map(({ pattern, pointer }) => ({ pattern, flags: SCHEMA_FLAGS, place: schema.placeOf(pointer) })),
  );
  return schema;
}
