import { closeSync, existsSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Unavailable } from "../core/unavailable.ts";

// SQLite recognizes the -wal of a file by its name alone. It writes a -wal of another file over this one, uses a truncated -wal or one
// damaged in its middle up to the damage, and deletes a -wal whose file is gone. So the -wal is checked before the file is opened for
// writing. Formats: sqlite.org/fileformat2.html (4.1 to 4.4) and sqlite.org/walformat.html (2.1).

/** The parts of {@link FileKind} that the check needs. */
type Kind = { readonly code: "LOG" | "STORE"; readonly name: string; readonly identity: string };

/**
 * Refuses a file whose `-wal` belongs to another file or is incomplete. Nothing is changed. When the check cannot be made, the file
 * passes: opening it will report the error.
 * @throws `Unavailable` with the suffix `_WAL`.
 */
export function refuseWrongWal(kind: Kind, path: string): void {
  const file = realPathOf(path);
  if (CHECKED.has(file)) return;
  const wal = `${file}-wal`;
  const fault = sizeOf(wal) <= WAL_HEADER_BYTES ? null : faultOf(kind, file, wal);
  if (fault === null) {
    CHECKED.add(file);
    return;
  }
  const { state, remedy } = FAULTS[fault];
  const message = `Cannot use ${kind.name} "${path}": ${state.replace("WAL", `"${wal}"`)}`;
  throw new Unavailable(`${kind.code}_WAL`, message, `${remedy}; nothing was changed`);
}

/**
 * Files that this process has checked and may have opened since; they must not be checked again. Trap: opening and closing the -shm
 * would release SQLite's own locks on it, because POSIX locks belong to the process (sqlite.org/howtocorrupt.html, 2.2). Another
 * process would then truncate the -shm as unused while this one has it mapped (SIGBUS). Each thread has its own set: the thread that
 * starts another one to open a file checks the file first, and the new thread notes that with {@link markWalChecked}.
 */
const CHECKED = new Set<string>();

/** Notes that another thread of this process has checked the file. */
export function markWalChecked(path: string): void {
  CHECKED.add(realPathOf(path));
}

/** Resolves the links of a path whose file need not exist yet; a folder above it may be a link. */
function realPathOf(path: string): string {
  const folder = dirname(path);
  if (existsSync(path)) return realpathSync(path);
  return folder === path ? resolve(path) : join(realPathOf(folder), basename(path));
}

type Fault = "alone" | "cut off" | "foreign" | "damaged";

const FAULTS: Readonly<Record<Fault, { readonly state: string; readonly remedy: string }>> = {
  alone: {
    state: "it is gone or empty, and WAL may hold records that are nowhere else",
    remedy: "put the file back beside it, or restore a backup; to begin anew without what is in it, move it away",
  },
  "cut off": {
    state: "WAL ends before what was committed in it",
    remedy: "put the whole one back, or restore a backup",
  },
  foreign: {
    state: "WAL is of another file, or is damaged",
    remedy:
      "put its own one back, or restore a backup; where the file was closed in order it has none: move this one away",
  },
  damaged: {
    state: "WAL is damaged, and what was committed behind the damage would be dropped",
    remedy: "put a sound one back, or restore a backup",
  },
};

function faultOf({ identity }: Kind, file: string, wal: string): Fault | null {
  if (sizeOf(file) === 0) return "alone";
  if (isCutOff(file, wal)) return "cut off";
  const alone = readIdentity(file, identity, "alone");
  const together = readIdentity(file, identity, "with -wal");
  if (together.kind === "untold") return null;
  // Until the first checkpoint the file alone may have no identity yet, or be unreadable.
  const same = alone.kind !== "id" || (together.kind === "id" && together.id === alone.id);
  if (!same) return "foreign";
  return dropsCommits(file, wal) ? "damaged" : null;
}

const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Reads `count` bytes of a file from position `from`; null when there are fewer or they cannot be read. */
function bytesOf(path: string, from: number, count: number): Buffer | null {
  try {
    const file = openSync(path, "r");
    try {
      const bytes = Buffer.alloc(count);
      return readSync(file, bytes, 0, count, from) === count ? bytes : null;
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
}

/** The header of the `-shm`, which indexes the `-wal`: the number of committed frames, and the salts of the `-wal`. */
type Index = { readonly frames: number; readonly salts: Buffer };

/** Reads from the header of a `-wal` its salts and the size of a frame, the frame's own header of 24 bytes included. */
function readHeader(wal: string): { readonly frameBytes: number; readonly salts: Buffer } | null {
  const bytes = bytesOf(wal, 0, WAL_HEADER_BYTES);
  return bytes === null
    ? null
    : { frameBytes: FRAME_HEADER_BYTES + bytes.readUInt32BE(8), salts: bytes.subarray(16, 24) };
}

const INDEX_VERSION = 3_007_000;
const INDEX_BYTES = 48;

function readIndex(file: string): Index | null {
  const bytes = bytesOf(`${file}-shm`, 0, 2 * INDEX_BYTES);
  if (bytes === null) return null;
  const header = bytes.subarray(0, INDEX_BYTES);
  // The index header is stored twice; the copies differ while a process writes them.
  if (!header.equals(bytes.subarray(INDEX_BYTES)) || header.readUInt32LE(0) !== INDEX_VERSION) return null;
  return { frames: header.readUInt32LE(16), salts: header.subarray(32, 40) };
}

/**
 * Whether the `-wal` is shorter than its index says. A killed process leaves its index behind, which never counts a frame that is not
 * in the `-wal`. The index is read before the size, because others may append meanwhile. A `-wal` that was restarted has other salts
 * than the index.
 */
function isCutOff(file: string, wal: string): boolean {
  const index = readIndex(file);
  const header = readHeader(wal);
  if (index === null || header === null || !header.salts.equals(index.salts)) return false;
  return sizeOf(wal) < WAL_HEADER_BYTES + index.frames * header.frameBytes;
}

/** The value that never changes in a file; "untold" when it cannot be read now. */
type Identity = { readonly kind: "id"; readonly id: string } | { readonly kind: "none" | "damaged" | "untold" };

/** SQLite's codes for a file that exists and is not what it should be: unknown table (1), damage (11), no database (26). */
const DAMAGED: ReadonlySet<number> = new Set([1, 11, 26]);

/** Reads the identity without changing anything: a read-only connection leaves the -wal as it is, even if it is the last to close. */
function readIdentity(file: string, sql: string, how: "alone" | "with -wal"): Identity {
  const url = pathToFileURL(file);
  if (how === "alone") url.searchParams.set("immutable", "1");
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(url, { readOnly: true, timeout: LOCK_WAIT_MS });
    const found = db.prepare(sql).get()?.["id"];
    return typeof found === "string" ? { kind: "id", id: found } : { kind: "none" };
  } catch (error) {
    const code = (error as { readonly errcode?: unknown }).errcode;
    return { kind: typeof code === "number" && DAMAGED.has(code & 0xff) ? "damaged" : "untold" };
  } finally {
    db?.close();
  }
}

const LOCK_WAIT_MS = 500;

/**
 * Whether the `-wal` has committed transactions beyond the last frame that SQLite reads, which shows damage in between: a frame that
 * ends a transaction, with further frames after it. A crash leaves no such frames, because a transaction is written only after the
 * one before it is on the disk. It must be called right after SQLite rebuilt the index.
 */
function dropsCommits(file: string, wal: string): boolean {
  const before = readIndex(file);
  const header = readHeader(wal);
  if (before === null || header === null || !header.salts.equals(before.salts)) return false;
  const { salts, frameBytes } = header;
  const count = Math.floor((sizeOf(wal) - WAL_HEADER_BYTES) / frameBytes);
  const sound: { readonly frame: number; readonly commits: boolean }[] = [];
  const opened = openSync(wal, "r");
  try {
    const bytes = Buffer.alloc(FRAME_HEADER_BYTES);
    for (let frame = before.frames + 1; frame <= count; frame += 1) {
      readSync(opened, bytes, 0, FRAME_HEADER_BYTES, WAL_HEADER_BYTES + (frame - 1) * frameBytes);
      if (bytes.subarray(8, 16).equals(salts)) sound.push({ frame, commits: bytes.readUInt32BE(4) > 0 });
    }
  } finally {
    closeSync(opened);
  }
  // Another process may have committed these frames after the index was read, so it is read again.
  const after = readIndex(file);
  if (after === null || !after.salts.equals(salts)) return false;
  const committed = sound.find(({ frame, commits }) => commits && frame > after.frames);
  return committed !== undefined && sound.some(({ frame }) => frame > committed.frame);
}
