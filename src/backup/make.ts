import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { copyDatabase } from "../sqlite/copy.ts";
import { measure, sync } from "./files.ts";
import { FILE_NAMES, MANIFEST, type BackupFile, type BackupStream, type Manifest } from "./manifest.ts";

export type MakeOptions = {
  readonly dataDir: string;
  /** Made here, whole or not at all; it may not hold anything yet. */
  readonly to: string;
  readonly program: string;
  readonly now: () => Date;
  /** Reads the streams of the copies. */
  readonly describe: (directory: string) => Promise<readonly BackupStream[]>;
};

export type MadeBackup =
  | { readonly kind: "made"; readonly manifest: Manifest }
  | { readonly kind: "nothing-there" }
  | { readonly kind: "not-empty" }
  /** The copied log lacks what the copied store has decided: they do not belong together. */
  | { readonly kind: "inconsistent"; readonly stream: BackupStream };

/**
 * Copies the files of a data directory while a gateway may write them. The store goes first: all that it has decided is in
 * the log when the log is copied, so that a gateway on the copies goes on where the copied store stands.
 * @throws `Unavailable` when a file cannot be read, the system's error when the copy cannot be written.
 */
export async function makeBackup({ dataDir, to, program, now, describe }: MakeOptions): Promise<MadeBackup> {
  const names = FILE_NAMES.filter((name) => existsSync(join(dataDir, name)));
  if (names.length === 0) return { kind: "nothing-there" };
  if (existsSync(to) && readdirSync(to).length > 0) return { kind: "not-empty" };
  const partial = `${to}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  try {
    const madeAt = now().toISOString();
    const files: BackupFile[] = [];
    for (const name of names) {
      await copyDatabase(join(dataDir, name), join(partial, name));
      sync(join(partial, name));
      files.push({ name, ...(await measure(join(partial, name))) });
    }
    const streams = await describe(partial);
    const short = streams.find(({ settledTo, logEnd }) => BigInt(settledTo) > BigInt(logEnd));
    if (short !== undefined) return { kind: "inconsistent", stream: short };
    const manifest: Manifest = { kind: "sigma-backup", format: 1, program, madeAt, files, streams };
    writeFileSync(join(partial, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    sync(join(partial, MANIFEST));
    sync(partial);
    rmSync(to, { recursive: true, force: true });
    renameSync(partial, to);
    sync(dirname(to));
    return { kind: "made", manifest };
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}
