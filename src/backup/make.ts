import { existsSync, readdirSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { copyDatabase } from "../sqlite/copy.ts";
import { HOLD } from "../sqlite/hold.ts";
import type { FileKind } from "../sqlite/open.ts";
import { sync } from "../sqlite/sync.ts";
import { measure } from "./files.ts";
import { FILE_NAMES, MANIFEST, type BackupFile, type BackupStream, type FileName, type Manifest } from "./manifest.ts";
import { openWorkFolder } from "./work-folder.ts";

export type MakeOptions = {
  readonly dataDir: string;
  /** The folder to create. It is created atomically and must not contain anything before. */
  readonly to: string;
  readonly program: string;
  readonly now: () => Date;
  readonly kinds: Readonly<Record<FileName, FileKind>>;
  /** Reads the streams from the copied files. Returns a sentence when log and store do not belong together. */
  readonly describe: (directory: string) => Promise<readonly BackupStream[] | string>;
};

export type MadeBackup =
  | { readonly kind: "made"; readonly manifest: Manifest }
  | { readonly kind: "nothing-there" }
  | { readonly kind: "not-empty" }
  /** The copied log is not the log of the copied store, or lacks records that the store has decided. */
  | { readonly kind: "inconsistent"; readonly why: string };

/**
 * Copies the files of a data directory while a gateway may write them. The store is copied first: the log that is copied after
 * it contains every record that the copied store has decided, so that a gateway on the copies continues where the copied store
 * ends.
 * @throws `Unavailable` when a file cannot be read or copied, the system's error when the folder cannot be written.
 */
export async function makeBackup({ dataDir, to, program, now, kinds, describe }: MakeOptions): Promise<MadeBackup> {
  const names = FILE_NAMES.filter((name) => existsSync(join(dataDir, name)));
  if (names.length === 0) return { kind: "nothing-there" };
  if (existsSync(to) && readdirSync(to).length > 0) return { kind: "not-empty" };
  // A symbolic link is resolved, so that the backup is written to the disk the link points to.
  const target = existsSync(to) ? realpathSync(to) : to;
  // Another backup to the same place may run at the same time, so the work folder is unique.
  const { directory: partial, close } = openWorkFolder(`${target}.partial-`);
  try {
    const madeAt = now().toISOString();
    const files: BackupFile[] = [];
    for (const name of names) {
      await copyDatabase(kinds[name], join(dataDir, name), join(partial, name));
      sync(join(partial, name));
      files.push({ name, ...(await measure(join(partial, name))) });
    }
    const streams = await describe(partial);
    if (typeof streams === "string") return { kind: "inconsistent", why: streams };
    const manifest: Manifest = { kind: "sigma-backup", format: 1, program, madeAt, files, streams };
    writeFileSync(join(partial, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    sync(join(partial, MANIFEST));
    sync(partial);
    if (!moveIfFree(partial, target)) return { kind: "not-empty" };
    rmSync(join(target, HOLD), { force: true });
    sync(target);
    sync(dirname(target));
    return { kind: "made", manifest };
  } finally {
    close();
  }
}

/** Renames a folder over an empty folder; returns false when the other folder is not empty. */
function moveIfFree(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code === "ENOTEMPTY" || code === "EEXIST") return false;
    throw error;
  }
}
