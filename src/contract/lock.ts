import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { faultAt, sortFaults, type Fault, type Place } from "./fault.ts";
import type { LoadedContract, LoadedVersion } from "./files.ts";
import { decodeText, describeIoError, readBytes } from "./source-text.ts";

export const LOCK_NAME = "contracts.lock";

const HEADER =
  "# Digests of frozen contract versions, written by `sigma contract freeze`. A version named here never changes.";

/** One frozen version. `digest` is its `versionDigest`. */
export type LockEntry = {
  readonly subject: string;
  readonly version: number;
  readonly digest: string;
  readonly place: Place;
};

export type Lock = { readonly file: string; readonly entries: readonly LockEntry[] };

export type LockResult =
  | { readonly ok: true; readonly lock: Lock }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** Reads `<directory>/contracts.lock`. Without the file no version is frozen. */
export function readLock(directory: string): LockResult {
  const file = join(directory, LOCK_NAME);
  const read = readBytes(file);
  if (!read.ok && read.problem === "it does not exist") return { ok: true, lock: { file, entries: [] } };
  const decoded = read.ok ? decodeText(read.bytes) : read;
  if (decoded.ok) return parseLock(file, decoded.text.replace(/^\uFEFF/, ""));
  const problem = read.ok ? `it ${decoded.problem}` : decoded.problem;
  const message = `Cannot read lock "${file}": ${problem}`;
  const remedy = "Restore it from version control; without it nothing shows what was frozen";
  return { ok: false, faults: [faultAt({ file, line: 1, column: 1 }, "SIG-C-034", message, remedy)] };
}

/**
 * Parses the lock: one line for each version, `shipment@1 sha256:<64 hex>`. Empty lines and lines that begin with "#" are
 * skipped.
 */
export function parseLock(file: string, text: string): LockResult {
  const entries: LockEntry[] = [];
  const faults: Fault[] = [];
  const remedy = "Restore the line from version control; never edit the lock by hand";
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    if (line === "" || line.startsWith("#")) continue;
    const place = { file, line: index + 1, column: 1 };
    const match = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,248})@([1-9][0-9]{0,8}) (sha256:[0-9a-f]{64})$/.exec(line);
    const [, subject, version, digest] = match ?? [];
    if (subject === undefined || version === undefined || digest === undefined) {
      faults.push(faultAt(place, "SIG-C-030", "The line is not of the form subject@version sha256:digest", remedy));
      continue;
    }
    if (entries.some((entry) => entry.subject === subject && entry.version === Number(version))) {
      faults.push(faultAt(place, "SIG-C-030", `${subject}@${version} stands twice`, remedy));
      continue;
    }
    entries.push({ subject, version: Number(version), digest, place });
  }
  return faults.length === 0 ? { ok: true, lock: { file, entries } } : { ok: false, faults };
}

/** The text of a lock: a header, then the entries by subject and number. */
export function formatLock(entries: readonly Omit<LockEntry, "place">[]): string {
  const lines = entries
    .toSorted((a, b) => (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : a.version - b.version))
    .map(({ subject, version, digest }) => `${subject}@${version} ${digest}\n`);
  return `${HEADER}\n${lines.join("")}`;
}

/**
 * Compares the files with the lock. A gateway does not start with any of these faults. A frozen version must exist and be
 * unchanged; a version that is active, deprecated or retired must be frozen.
 */
export function checkLock(contracts: readonly LoadedContract[], lock: Lock): readonly Fault[] {
  const faults: Fault[] = [];
  for (const entry of lock.entries) {
    const version = findVersion(contracts, entry.subject, entry.version);
    if (version === null) faults.push(removed(entry));
    else if (version.digest !== entry.digest) faults.push(changed(contracts, entry, version));
  }
  for (const contract of contracts) {
    for (const version of contract.versions) {
      if (version.status === "draft" || entryOf(lock, contract.subject, version.version) !== null) continue;
      const name = `${contract.subject}@${version.version}`;
      const message = `${name} is ${version.status} and not frozen`;
      faults.push(faultAt(version.place, "SIG-C-033", message, `Freeze it first: sigma contract freeze ${name}`));
    }
  }
  return sortFaults(faults);
}

/** `text` is the lock to write; `changed` is false when the version was already frozen with the same content. */
export type FreezeResult =
  | { readonly ok: true; readonly text: string; readonly changed: boolean; readonly digest: string }
  | { readonly ok: false; readonly fault: Fault };

/** Adds one version to the lock. A version that is frozen with other content is refused: the change must become a new version. */
export function freezeVersion(contract: LoadedContract, version: LoadedVersion, lock: Lock): FreezeResult {
  const { digest } = version;
  const entry = entryOf(lock, contract.subject, version.version);
  if (entry !== null && entry.digest !== digest) return { ok: false, fault: changed([contract], entry, version) };
  const others = lock.entries.filter((one) => one !== entry);
  const text = formatLock([...others, { subject: contract.subject, version: version.version, digest }]);
  return { ok: true, text, changed: entry === null, digest };
}

/** Replaces a file atomically: after a crash it holds the old text or the new text. */
export function replaceFile(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.new`;
  try {
    writeFileSync(temporary, text, { flush: true });
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  // The rename is durable only after an fsync of the directory.
  const directory = openSync(dirname(file), "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** Writes the lock. Returns a fault when the system refuses. */
export function writeLock(file: string, text: string): Fault | null {
  try {
    replaceFile(file, text);
    return null;
  } catch (error) {
    const message = `Cannot write lock "${file}": ${describeIoError(error)}`;
    return faultAt({ file, line: 1, column: 1 }, "SIG-C-034", message, "Make the contracts directory writable");
  }
}

export function findVersion(
  contracts: readonly LoadedContract[],
  subject: string,
  number: number,
): LoadedVersion | null {
  const contract = contracts.find((one) => one.subject === subject);
  return contract?.versions.find(({ version }) => version === number) ?? null;
}

export function entryOf(lock: Lock, subject: string, number: number): LockEntry | null {
  return lock.entries.find((entry) => entry.subject === subject && entry.version === number) ?? null;
}

function removed({ subject, version, place }: LockEntry): Fault {
  const name = `${subject}@${version}`;
  const message = `${name} is frozen and is missing from the contract files`;
  const remedy = `Restore it from version control; to refuse its records set its status to retired`;
  return faultAt(place, "SIG-C-032", message, remedy);
}

function changed(contracts: readonly LoadedContract[], entry: LockEntry, version: LoadedVersion): Fault {
  const name = `${entry.subject}@${entry.version}`;
  const numbers = contracts.find(({ subject }) => subject === entry.subject)?.versions.map((one) => one.version) ?? [];
  const next = Math.max(entry.version, ...numbers) + 1;
  const message =
    `${name} is frozen and was changed in ${version.place.file} or ${version.schemaFile}: ` +
    `locked ${entry.digest}, now ${version.digest}`;
  return faultAt(version.place, "SIG-C-031", message, `Restore its files and make the change a new version ${next}`);
}
