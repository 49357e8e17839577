import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { Unavailable } from "../core/unavailable.ts";
import { readContractYaml } from "./contract-yaml.ts";
import { isInnerPath } from "./files.ts";
import { LOCK_NAME, parseLock } from "./lock.ts";
import { createSourceText } from "./source-text.ts";

/** A contracts directory on a web server, and the place of its local copy. */
export type HttpDirectory = {
  /** URL of the directory that holds contracts.lock. */
  readonly url: string;
  /** A symbolic link to the current snapshot. Snapshots are kept beside it, each named by the digest of its content. */
  readonly directory: string;
  readonly timeoutMs: number;
};

/** The outcome of a refresh. After `unavailable` the copy is as before; `there` says whether a copy exists. */
export type Refreshed =
  | { readonly kind: "unchanged" | "changed" }
  | { readonly kind: "unavailable"; readonly why: string; readonly there: boolean };

/** The most time for one file, in milliseconds. */
export const FILE_TIMEOUT_MS = 10_000;

const FILE_BYTES_MAX = 4_194_304;
const FILES_MAX = 10_000;
/** Concurrent requests. */
const PARALLEL = 8;
/** Snapshots that are kept, the current one included. */
const KEPT = 3;

/**
 * Copies the contracts that `contracts.lock` names: contract.yaml of each subject and the schemas it names. The copy is atomic:
 * when one file fails nothing changes, and the link is switched to a complete snapshot by one rename, so that a reader sees the
 * old state or the new one. Faults in the files are found when they are loaded.
 */
export async function refreshSnapshot(source: HttpDirectory): Promise<Refreshed> {
  const { directory } = source;
  try {
    const files = await download(source);
    const name = digestOf(files);
    if (existsSync(directory) && basename(readlinkSync(directory)) === name) return { kind: "unchanged" };
    keep(directory, name, files);
    return { kind: "changed" };
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return { kind: "unavailable", why: error.message, there: existsSync(directory) };
  }
}

type Files = ReadonlyMap<string, string>;

async function download(source: HttpDirectory): Promise<Files> {
  const lockText = await get(source, LOCK_NAME);
  const lock = parseLock(`${source.url}/${LOCK_NAME}`, lockText);
  if (!lock.ok) throw refused(source, `${LOCK_NAME}: ${lock.faults[0]?.message ?? "it cannot be read"}`);
  const subjects = [...new Set(lock.lock.entries.map(({ subject }) => subject))].toSorted();
  const yamls = subjects.map((subject) => `${subject}/contract.yaml`);
  const files = new Map([[LOCK_NAME, lockText], ...(await getAll(source, yamls))]);
  const schemas = yamls.flatMap((path) => schemasNamedIn(path, files.get(path) ?? ""));
  return new Map([...files, ...(await getAll(source, [...new Set(schemas)]))]);
}

function schemasNamedIn(path: string, text: string): readonly string[] {
  const written = readContractYaml(createSourceText(path, text), []);
  const names = written?.versions.flatMap(({ schema }) => schema?.value ?? []) ?? [];
  return names.filter(isInnerPath).map((name) => `${dirname(path)}/${name}`);
}

async function getAll(
  source: HttpDirectory,
  paths: readonly string[],
): Promise<readonly (readonly [string, string])[]> {
  if (paths.length > FILES_MAX) throw refused(source, `it names more than ${FILES_MAX} files`);
  const found: (readonly [string, string])[] = [];
  const waiting = paths.values();
  const worker = async (): Promise<void> => {
    for (const path of waiting) found.push([path, await get(source, path)]);
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, paths.length) }, worker));
  return found;
}

async function get(source: HttpDirectory, path: string): Promise<string> {
  const url = `${source.url.replace(/\/+$/, "")}/${path.split("/").map(encodeURIComponent).join("/")}`;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    const response = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(source.timeoutMs) });
    if (response.status !== 200) throw refused(source, `${path} answers ${response.status}`);
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > FILE_BYTES_MAX) throw refused(source, `${path} is longer than ${FILE_BYTES_MAX} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Unavailable) throw error;
    const { code } = ((error as Error).cause ?? {}) as { readonly code?: string };
    // Names only: a message may quote the whole URL, with its password.
    throw refused(source, `${path}: ${code ?? (error as Error).name}`);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function refused({ url }: HttpDirectory, why: string): Unavailable {
  const message = `Cannot copy the contracts from ${URL.canParse(url) ? new URL(url).host : "what is no URL"}: ${why}`;
  return new Unavailable("CONTRACTS_UNREACHABLE", message, "check contracts.url, and what is served there");
}

function digestOf(files: Files): string {
  const hash = createHash("sha256");
  for (const path of [...files.keys()].toSorted()) {
    const content = Buffer.from(files.get(path) ?? "");
    hash.update(`${path}\n${content.length}\n`).update(content);
  }
  return hash.digest("hex");
}

function keep(directory: string, name: string, files: Files): void {
  const snapshots = `${directory}-snapshots`;
  mkdirSync(snapshots, { recursive: true });
  if (!existsSync(join(snapshots, name))) {
    const making = mkdtempSync(join(snapshots, "new-"));
    for (const [path, text] of files) {
      mkdirSync(dirname(join(making, path)), { recursive: true });
      writeFileSync(join(making, path), text);
    }
    renameSync(making, join(snapshots, name));
  }
  const link = join(snapshots, "link");
  rmSync(link, { force: true });
  symlinkSync(join(basename(snapshots), name), link);
  renameSync(link, directory);
  prune(snapshots, name);
}

/** Removes old snapshots. The newest are kept, since another process may still be reading one. */
function prune(snapshots: string, inUse: string): void {
  const others = readdirSync(snapshots, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== inUse)
    .map(({ name }) => ({ name, madeMs: statSync(join(snapshots, name)).mtimeMs }))
    .toSorted((a, b) => b.madeMs - a.madeMs);
  for (const { name } of others.slice(KEPT - 1)) rmSync(join(snapshots, name), { recursive: true, force: true });
}
