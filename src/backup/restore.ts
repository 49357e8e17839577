import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isInUse } from "../sqlite/copy.ts";
import { measure, sync } from "./files.ts";
import { FILE_NAMES, MANIFEST, parseManifest, type Manifest } from "./manifest.ts";

export type RestoreOptions = {
  readonly from: string;
  readonly dataDir: string;
  /** Moves what is there aside; null refuses when anything is. The name of the folder that it goes to. */
  readonly aside: string | null;
};

export type Restored =
  | { readonly kind: "restored"; readonly manifest: Manifest; readonly aside: string | null }
  | { readonly kind: "no-backup"; readonly why: string }
  /** A file is missing or is not what the manifest says. */
  | { readonly kind: "damaged"; readonly name: string }
  | { readonly kind: "occupied" }
  | { readonly kind: "in-use"; readonly name: string };

/** The files SQLite may keep beside a database. */
const SUFFIXES = ["", "-wal", "-shm", "-journal"] as const;

/**
 * Puts the files of a backup into a data directory on which nothing runs. The log comes first: a store without its log would
 * stand still, a log without its store is only decided again.
 */
export async function restoreBackup({ from, dataDir, aside }: RestoreOptions): Promise<Restored> {
  const manifest = readManifest(from);
  if (typeof manifest === "string") return { kind: "no-backup", why: manifest };
  for (const { name, bytes, sha256 } of manifest.files) {
    const path = join(from, name);
    if (!existsSync(path)) return { kind: "damaged", name };
    const found = await measure(path);
    if (found.bytes !== bytes || found.sha256 !== sha256) return { kind: "damaged", name };
  }
  mkdirSync(dataDir, { recursive: true });
  const there = FILE_NAMES.flatMap((name) => SUFFIXES.map((suffix) => name + suffix)).filter((name) =>
    existsSync(join(dataDir, name)),
  );
  if (there.length > 0 && aside === null) return { kind: "occupied" };
  for (const name of FILE_NAMES) {
    if (existsSync(join(dataDir, name)) && isInUse(join(dataDir, name))) return { kind: "in-use", name };
  }
  const moved = there.length > 0 && aside !== null ? join(dataDir, aside) : null;
  if (moved !== null) {
    mkdirSync(moved);
    for (const name of there) if (existsSync(join(dataDir, name))) renameSync(join(dataDir, name), join(moved, name));
  }
  for (const { name } of manifest.files.toReversed()) {
    const partial = join(dataDir, `${name}.restoring`);
    rmSync(partial, { force: true });
    copyFileSync(join(from, name), partial);
    sync(partial);
    renameSync(partial, join(dataDir, name));
    sync(dataDir);
  }
  return { kind: "restored", manifest, aside: moved };
}

function readManifest(from: string): Manifest | string {
  const path = join(from, MANIFEST);
  if (!existsSync(path)) return `it has no ${MANIFEST}`;
  return parseManifest(readFileSync(path, "utf8"));
}
