import type { JsonObject } from "../json/json.ts";
import type { ContractStatus, Rule } from "../core/contract-set.ts";
import { runFixtures, type CheckReport } from "./check.ts";
import type { ContractName } from "./contract-name.ts";
import { faultAt, isError, sortFaults, type Fault } from "./fault.ts";
import {
  loadContracts,
  readContracts,
  type ContractReading,
  type LoadedContract,
  type LoadedVersion,
  type LoadResult,
} from "./files.ts";
import { checkLock, entryOf, freezeVersion, readLock, writeLock, type Lock } from "./lock.ts";
import { nearestName } from "../json/nearest.ts";

/** One version in a list. */
export type ContractSummary = {
  readonly subject: string;
  readonly version: number;
  readonly status: ContractStatus;
  readonly deprecated: string | null;
  readonly sunset: string | null;
  readonly frozen: boolean;
  readonly digest: string;
  readonly owner: string;
  readonly collection: string;
};

/** One version in full. */
export type ContractDetails = ContractSummary & {
  readonly description: string;
  readonly versionField: string | null;
  readonly identity: readonly string[];
  readonly rules: readonly Rule[];
  readonly schemaFile: string;
  readonly schema: JsonObject | boolean;
};

/** The answer of a command; `faults` say why it has no data. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** The result of freezing. `notFound` distinguishes a wrong name on the command line from a contract that cannot be frozen. */
export type Frozen =
  | {
      readonly ok: true;
      readonly name: string;
      readonly digest: string;
      readonly changed: boolean;
      readonly file: string;
      /** The same advice that `check` gives. */
      readonly advice: readonly Fault[];
    }
  | { readonly ok: false; readonly notFound: boolean; readonly faults: readonly Fault[] };

/**
 * Loads the contracts that a gateway may start with. The files must have no fault, no frozen version may be changed or missing,
 * and every version that is not a draft must be frozen.
 */
export function loadFrozenContracts(directory: string): LoadResult {
  const loaded = loadContracts(directory);
  const lock = readLock(directory);
  const faults = [
    ...(loaded.ok ? [] : loaded.faults),
    ...(lock.ok ? [] : lock.faults),
    ...(loaded.ok && lock.ok ? checkLock(loaded.contracts, lock.lock) : []),
  ];
  return loaded.ok && faults.length === 0 ? loaded : { ok: false, faults };
}

/** Lists every version, by subject and number. A changed frozen version is listed like any other; lintContracts reports it. */
export function listContracts(directory: string): Answer<readonly ContractSummary[]> {
  const read = readBoth(directory);
  if (!read.ok) return read;
  const { contracts, lock } = read.value;
  const value = contracts.flatMap((contract) => contract.versions.map((version) => summaryOf(contract, version, lock)));
  return { ok: true, value };
}

/** Shows the named version, or every version of the subject. */
export function showContract(directory: string, name: ContractName): Answer<readonly ContractDetails[]> {
  const read = readBoth(directory);
  if (!read.ok) return read;
  const found = find(directory, read.value.contracts, name);
  if (!found.ok) return found;
  const { contract, versions } = found.value;
  const value = versions.map((version) => ({
    ...summaryOf(contract, version, read.value.lock),
    description: contract.description,
    versionField: contract.versionField,
    identity: version.identity,
    rules: version.rules,
    schemaFile: version.schemaFile,
    schema: version.schema,
  }));
  return { ok: true, value };
}

/**
 * Every fault of the files, the patterns in them and the lock, and every part of a schema that nothing can pass. Empty without
 * a fault.
 */
export async function lintContracts(directory: string): Promise<readonly Fault[]> {
  const reading = readContracts(directory);
  const lock = readLock(directory);
  const patternFaults = await unsafePatterns(reading);
  const readable = reading.faults.length === 0 && lock.ok;
  const lockFaults = lock.ok ? (readable ? checkLock(reading.contracts, lock.lock) : []) : lock.faults;
  // lintNever matches listed values against patterns; an unsafe pattern could take super-linear time, so contracts with unsafe
  // patterns are left out.
  const unsafe = new Set(patternFaults.map(({ file }) => file));
  const safe = reading.contracts.filter(
    ({ file, versions }) => !unsafe.has(file) && !versions.some(({ schemaFile }) => unsafe.has(schemaFile)),
  );
  const never = await unmatchedParts(safe, lock, "lint");
  return sortFaults([...reading.faults, ...patternFaults, ...never, ...lockFaults]);
}

/**
 * Checks every version, or the named ones, before freezing and before activation: fixtures with another outcome than expected,
 * patterns that are not safe, schemas that nothing can pass.
 */
export async function checkContracts(directory: string, name: ContractName | null): Promise<Answer<CheckReport>> {
  const reading = readContracts(directory);
  if (reading.faults.length > 0) return { ok: false, faults: reading.faults };
  if (name === null) return { ok: true, value: await prove(directory, reading, reading.contracts, null) };
  const found = find(directory, reading.contracts, name);
  if (!found.ok) return found;
  return { ok: true, value: await prove(directory, reading, [found.value.contract], name.version) };
}

async function prove(
  directory: string,
  reading: ContractReading,
  contracts: readonly LoadedContract[],
  version: number | null,
): Promise<CheckReport> {
  const unsafe = await unsafePatterns(reading);
  // Fixtures are not judged when a pattern is unsafe, since matching it may not end.
  if (unsafe.length > 0) return { fixtures: [], findings: unsafe, constraints: 0, untested: [], advice: [] };
  const isWanted = (number: number): boolean => version === null || version === number;
  const lock = readLock(directory);
  const wanted = contracts.map((contract) => ({
    ...contract,
    versions: contract.versions.filter((one) => isWanted(one.version)),
  }));
  const never = await unmatchedParts(wanted, lock, "freeze");
  const report = runFixtures(contracts, isWanted);
  const findings = [...report.findings, ...never.filter(isError)];
  const advice = [...report.advice, ...never.filter((one) => !isError(one))];
  return { ...report, findings: sortFaults(findings), advice: sortFaults(advice) };
}

/**
 * Freezes one version: writes its digest to the lock. Freezing it again changes nothing. Freezing is refused when the contract
 * files have a fault, when {@link checkContracts} finds an error, and when the version is frozen with other content.
 */
export async function freezeContract(directory: string, subject: string, version: number): Promise<Frozen> {
  const reading = readContracts(directory);
  const lock = readLock(directory);
  const faults = [...reading.faults, ...(lock.ok ? [] : lock.faults)];
  if (faults.length > 0 || !lock.ok) return { ok: false, notFound: false, faults: sortFaults(faults) };
  const found = find(directory, reading.contracts, { subject, version });
  if (!found.ok) return { ok: false, notFound: true, faults: found.faults };
  const { contract, versions } = found.value;
  const [target] = versions;
  if (target === undefined) throw new Error(`Version ${subject}@${version} was found and is not there`);
  const frozen = freezeVersion(contract, target, lock.lock);
  if (!frozen.ok) return { ok: false, notFound: false, faults: [frozen.fault] };
  const { findings, advice } = await prove(directory, reading, [contract], version);
  if (findings.length > 0) return { ok: false, notFound: false, faults: findings };
  if (frozen.changed) {
    const fault = writeLock(lock.lock.file, frozen.text);
    if (fault !== null) return { ok: false, notFound: false, faults: [fault] };
  }
  return {
    ok: true,
    name: `${subject}@${version}`,
    digest: frozen.digest,
    changed: frozen.changed,
    file: lock.lock.file,
    advice,
  };
}

/**
 * The pattern checker is large and slow to load, so it is imported only for linting and freezing, and only when there are
 * patterns.
 */
async function unsafePatterns({ patterns }: ContractReading): Promise<readonly Fault[]> {
  if (patterns.length === 0) return [];
  const { lintPatterns } = await import("./pattern-lint.ts");
  return lintPatterns(patterns);
}

/** The proof of inclusion is imported only for linting and freezing: a gateway that starts needs none of it. */
async function unmatchedParts(
  contracts: readonly LoadedContract[],
  lock: ReturnType<typeof readLock>,
  asked: "lint" | "freeze",
): Promise<readonly Fault[]> {
  const { lintNever } = await import("./never-lint.ts");
  return lintNever(contracts, lock.ok ? lock.lock : null, asked);
}

function readBoth(directory: string): Answer<{ readonly contracts: readonly LoadedContract[]; readonly lock: Lock }> {
  const loaded = loadContracts(directory);
  const lock = readLock(directory);
  if (loaded.ok && lock.ok) return { ok: true, value: { contracts: loaded.contracts, lock: lock.lock } };
  return { ok: false, faults: [...(loaded.ok ? [] : loaded.faults), ...(lock.ok ? [] : lock.faults)] };
}

type Found = { readonly contract: LoadedContract; readonly versions: readonly LoadedVersion[] };

function find(directory: string, contracts: readonly LoadedContract[], name: ContractName): Answer<Found> {
  const place = { file: directory, line: 1, column: 1 };
  const contract = contracts.find(({ subject }) => subject === name.subject);
  if (contract === undefined) {
    const subjects = contracts.map(({ subject }) => subject);
    const nearest = nearestName(name.subject, subjects);
    const hint = nearest === null ? "" : ` (did you mean "${nearest}"?)`;
    const message = `There is no contract "${name.subject}"${hint}`;
    return { ok: false, faults: [faultAt(place, "SIG-C-035", message, `Use one of ${subjects.join(", ")}`)] };
  }
  const versions = contract.versions.filter(({ version }) => name.version === null || version === name.version);
  if (versions.length > 0) return { ok: true, value: { contract, versions } };
  const numbers = contract.versions.map(({ version }) => version).join(", ");
  const message = `There is no version ${name.version ?? ""} of contract "${name.subject}"`;
  return {
    ok: false,
    faults: [faultAt({ ...place, file: contract.file }, "SIG-C-035", message, `Use one of ${numbers}`)],
  };
}

function summaryOf(contract: LoadedContract, version: LoadedVersion, lock: Lock): ContractSummary {
  const { subject, owner, collection } = contract;
  const { version: number, status, deprecated, sunset, digest } = version;
  const frozen = entryOf(lock, subject, number)?.digest === digest;
  return { subject, version: number, status, deprecated, sunset, frozen, digest, owner, collection };
}
