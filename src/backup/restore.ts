import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { isInUse } from "../sqlite/copy.ts";
import type { FileKind } from "../sqlite/open.ts";
import { sync } from "../sqlite/sync.ts";
import { measure } from "./files.ts";
import { FILE_NAMES, MANIFEST, parseManifest, type FileName, type Manifest } from "./manifest.ts";
import { openWorkFolder } from "./work-folder.ts";

export type RestoreOptions = {
  readonly from: string;
  readonly dataDir: string;
  /** Name of the folder that existing files are moved to; null refuses to restore when there are any. */
  readonly aside: string | null;
  readonly kinds: Readonly<Record<FileName, FileKind>>;
  /** Prepares the copied files in their folder. When it throws, nothing has been changed. */
  readonly prepare: (directory: string, manifest: Manifest) => Promise<void>;
};

export type Restored =
  | { readonly kind: "restored"; readonly manifest: Manifest; readonly aside: string | null }
  | { readonly kind: "no-backup"; readonly why: string }
  /** A file is missing or differs from the manifest. */
  | { readonly kind: "damaged"; readonly name: string }
  | { readonly kind: "occupied" }
  | { readonly kind: "in-use"; readonly name: string };

/** Prefix of the folder in the data directory in which a restore prepares its files. */
export const RESTORING = ".restoring-";

/** Suffixes of the files that SQLite may keep for a database. */
const SUFFIXES = ["", "-wal", "-shm", "-journal"] as const;

/**
 * Puts the files of a backup into a data directory that no gateway uses. All files are prepared before the first is moved
 * there, so that a restore which fails earlier changes nothing. The log is moved first: a store without its log halts the
 * streams, while records of a log without its store are only decided again.
 */
export async function restoreBackup({ from, dataDir, aside, kinds, prepare }: RestoreOptions): Promise<Restored> {
  const manifest = readManifest(from);
  if (typeof manifest === "string") return { kind: "no-backup", why: manifest };
  for (const { name, bytes, sha256 } of manifest.files) {
    const path = join(from, name);
    if (!existsSync(path)) return { kind: "damaged", name };
    const found = await measure(path);
    if (found.bytes !== bytes || found.sha256 !== sha256) return { kind: "damaged", name };
  }
  mkdirSync(dataDir, { recursive: true });
  const refused = refusalOf(dataDir, aside, kinds);
  if (refused !== null) return refused;
  const { directory: ready, close } = openWorkFolder(join(dataDir, RESTORING));
  try {
    for (const { name } of manifest.files) copyFileSync(join(from, name), join(ready, name));
    await prepare(ready, manifest);
    for (const { name } of manifest.files) sync(join(ready, name));
    // Preparing takes time, in which a gateway may have started.
    const late = refusalOf(dataDir, aside, kinds);
    if (late !== null) return late;
    const moved = aside === null ? null : moveAside(dataDir, aside);
    for (const { name } of manifest.files.toReversed()) {
      renameSync(join(ready, name), join(dataDir, name));
      sync(dataDir);
    }
    return { kind: "restored", manifest, aside: moved };
  } finally {
    close();
  }
}

/** Every file of a log or store in a data directory. */
function filesIn(dataDir: string): readonly string[] {
  const names = FILE_NAMES.flatMap((name) => SUFFIXES.map((suffix) => name + suffix));
  return names.filter((name) => lstatSync(join(dataDir, name), { throwIfNoEntry: false }) !== undefined);
}

function refusalOf(dataDir: string, aside: string | null, kinds: RestoreOptions["kinds"]): Restored | null {
  const there = filesIn(dataDir);
  if (there.length > 0 && aside === null) return { kind: "occupied" };
  const used = FILE_NAMES.find((name) => there.includes(name) && isInUse(kinds[name], join(dataDir, name)));
  return used === undefined ? null : { kind: "in-use", name: used };
}

/**
 * Moves the existing files to a folder.
 * @returns its path; null when there are no files.
 */
function moveAside(dataDir: string, aside: string): string | null {
  const there = filesIn(dataDir);
  if (there.length === 0) return null;
  const to = join(dataDir, aside);
  mkdirSync(to);
  for (const name of there) {
    const [was, is] = [join(dataDir, name), join(to, name)];
    // A moved symbolic link keeps its target.
    if (lstatSync(was).isSymbolicLink()) {
      symlinkSync(resolve(dataDir, readlinkSync(was)), is);
      rmSync(was);
    } else renameSync(was, is);
  }
  return to;
}

function readManifest(from: string): Manifest | string {
  const path = join(from, MANIFEST);
  if (!existsSync(path)) return `it has no ${MANIFEST}`;
  return parseManifest(readFileSync(path, "utf8"));
}
