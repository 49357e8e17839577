import { randomBytes } from "node:crypto";
import { createReadStream, existsSync, readdirSync } from "node:fs";
import { mkdir, open, stat, type FileHandle } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { Unavailable } from "../core/unavailable.ts";
import { lineHash, nextAnchor, parseAnchor, type ChainEnd } from "../ledger/anchor.ts";
import type { AnchorPlace, WrittenLine } from "../ledger/anchor-chain.ts";
import type { LastAnchor } from "../ledger/anchor-signature.ts";
import { takeLock } from "../sqlite/lock.ts";
import { otherKey, type AnchorWriter } from "./writer.ts";
import { readKey, readRotations } from "./keys.ts";
import { noteWritten, readWritten } from "./written.ts";

/** Most processes that write anchors next to each other: more than one machine runs of a consumer group. */
const FILES_MAX = 64;

type Opened = {
  readonly path: string;
  readonly file: FileHandle;
  readonly release: () => void;
  /** Size in bytes after the last write or check. */
  size: number;
  /** False when a crash cut off the last line. */
  endsWithLine: boolean;
};

/**
 * Appends anchors to a file as one chain that continues when the gateway restarts. Further processes use the files
 * `.2`, `.3` and so on, so that chains are never mixed.
 *
 * Each anchor is one write and one fsync. A line that a crash has cut off stays, since the file may be append-only.
 * @param path of the file.
 */
export function createAnchorFile(path: string, keyFile: string): AnchorWriter {
  const wanted = resolve(path);
  let opened: Opened | null = null;
  let end: ChainEnd | null = null;
  const close = async (): Promise<void> => {
    const was = opened;
    opened = null;
    await was?.file.close().catch(() => undefined);
    was?.release();
  };
  return {
    name: wanted,
    write: async (heads, at) => {
      try {
        const key = await readKey(keyFile);
        if (opened !== null && !(await isUntouched(opened))) await close();
        opened ??= await openFirstFree(wanted);
        end ??= furthest(await lastEnd(opened), readWritten(keyFile).get(opened.path) ?? null);
        const known = await readRotations(keyFile);
        const next = nextAnchor(end ?? { chain: randomBytes(16).toString("hex") }, heads, { key, known, at });
        if (next === null) throw otherKey(opened.path, end?.key ?? "", key.id);
        await append(opened, next.line);
        end = next.end;
      } catch (error) {
        // It is unknown whether the line was written: the file is opened and read again.
        await close();
        end = null;
        throw asUnavailable(wanted, error);
      }
      return noteWritten(keyFile, opened.path, end).then(
        () => null,
        (error: unknown) => `cannot keep beside the key how far it was written (${codeOf(error)})`,
      );
    },
    close,
  };
}

/**
 * Whether the file is still the one that was opened and has the same size. A file that was truncated, moved or written
 * to by others is opened again; the end of the chain is still known.
 */
async function isUntouched({ path, file, size }: Opened): Promise<boolean> {
  const [there, ours] = [await stat(path).catch(() => null), await file.stat()];
  return there !== null && there.ino === ours.ino && ours.size === size;
}

async function openFirstFree(wanted: string): Promise<Opened> {
  await mkdir(dirname(wanted), { recursive: true });
  for (let number = 1; number <= FILES_MAX; number += 1) {
    const path = number === 1 ? wanted : `${wanted}.${number}`;
    const lock = takeLock(`${path}.lock`);
    if (lock === null) continue;
    try {
      const isNew = !existsSync(path);
      const file = await open(path, "a+", 0o644);
      if (isNew) await syncFolder(path);
      const { size } = await file.stat();
      const last = Buffer.alloc(1);
      if (size > 0) await file.read(last, 0, 1, size - 1);
      return { path, file, release: lock.release, size, endsWithLine: size === 0 || last[0] === NEWLINE };
    } catch (error) {
      lock.release();
      throw error;
    }
  }
  const message = `Cannot write anchors to "${wanted}": ${FILES_MAX} processes do so already`;
  throw new Unavailable("ANCHOR_FILE", message, "give some of them another anchor.file");
}

const NEWLINE = 0x0a;

async function append(opened: Opened, line: string): Promise<void> {
  const bytes = Buffer.from(`${opened.endsWithLine ? "" : "\n"}${line}\n`);
  const { bytesWritten } = await opened.file.write(bytes);
  if (bytesWritten !== bytes.length) {
    const message = `Cannot write anchors to "${opened.path}": only ${bytesWritten} of ${bytes.length} bytes were taken`;
    throw new Unavailable("ANCHOR_FILE", message, "free some space on its disk");
  }
  await opened.file.sync();
  opened.size += bytes.length;
  opened.endsWithLine = true;
}

/** Makes the file's name durable by an fsync of its folder. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The end of the chain of a file; null when it has none. */
async function lastEnd({ file, size }: Opened): Promise<ChainEnd | null> {
  const last = await lastAnchor(file, size);
  if (last === null) return null;
  const { chain, counter, key, rotations } = last.anchor;
  return { chain, counter, key, rotations, hash: last.hash };
}

/** The last whole anchor of a file, read from its end; null when it has none. Its signature is not verified. */
async function lastAnchor(file: FileHandle, size: number): Promise<LastAnchor | null> {
  for (let length = Math.min(size, 65_536); length > 0; length = Math.min(size, length * 2)) {
    const bytes = Buffer.alloc(length);
    await file.read(bytes, 0, length, size - length);
    const lines = bytes.toString("utf8").split("\n");
    // The first line may be incomplete.
    for (const line of lines.slice(length === size ? 0 : 1).toReversed()) {
      const read = parseAnchor(line);
      if (read.ok) return { anchor: read.anchor, signature: read.signature, hash: lineHash(line) };
    }
    if (length === size) return null;
  }
  return null;
}

/**
 * The last anchor of a file as it lies there now; null when there is none, or no file.
 * @throws `Unavailable` with code ANCHOR_FILE.
 */
export async function readLastAnchor(path: string): Promise<LastAnchor | null> {
  try {
    const file = await open(path, "r");
    try {
      return await lastAnchor(file, (await file.stat()).size);
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw asUnavailable(path, error);
  }
}

/**
 * The end to continue from: the further one of the file's last anchor and the noted one. A truncated file is thus
 * continued with a gap, which makes the loss visible for good.
 */
function furthest(there: ChainEnd | null, written: ChainEnd | null): ChainEnd | null {
  if (written === null) return there;
  return there !== null && there.chain === written.chain && there.counter >= written.counter ? there : written;
}

/**
 * The files of anchors: the given one and those of further processes, both existing ones and ones only known from
 * notes.
 * @param written the notes that {@link readWritten} returned before the files are read, because a running gateway goes
 * on writing.
 */
export function filePlaces(path: string, written: ReadonlyMap<string, ChainEnd>): readonly AnchorPlace[] {
  const wanted = resolve(path);
  const folder = dirname(wanted);
  const there = (existsSync(folder) ? readdirSync(folder) : []).map((name) => join(folder, name));
  const isOfIt = (one: string): boolean =>
    one === wanted || (one.startsWith(`${wanted}.`) && /^[1-9]\d?$/.test(one.slice(wanted.length + 1)));
  return [...new Set([...there, ...written.keys()])]
    .filter(isOfIt)
    .toSorted()
    .map((name) => ({
      name,
      kind: "file",
      lines: there.includes(name) ? linesOf(name) : [],
      written: written.get(name) ?? null,
    }));
}

/** A longer line is not an anchor: 64 MiB hold more than 200,000 streams. */
const LINE_BYTES_MAX = 67_108_864;

/** The lines of a file. @throws `Unavailable` with code ANCHOR_FILE. */
async function* linesOf(path: string): AsyncGenerator<WrittenLine> {
  let parts: Buffer[] = [];
  let length = 0;
  const take = (): string => {
    const text = length > LINE_BYTES_MAX ? "" : Buffer.concat(parts).toString("utf8");
    parts = [];
    length = 0;
    return text;
  };
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
        parts.push(chunk.subarray(from, at));
        length += at - from;
        yield { text: take(), whole: true };
        from = at + 1;
      }
      length += chunk.length - from;
      if (length <= LINE_BYTES_MAX) parts.push(chunk.subarray(from));
    }
  } catch (error) {
    throw asUnavailable(path, error);
  }
  if (length > 0) yield { text: take(), whole: false };
}

function asUnavailable(path: string, error: unknown): unknown {
  if (error instanceof Unavailable || typeof (error as { code?: unknown }).code !== "string") return error;
  const message = `Cannot use the anchors "${path}": ${codeOf(error)}`;
  return new Unavailable("ANCHOR_FILE", message, "check the path, its permissions and its disk", error);
}

function codeOf(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return typeof code === "string" ? code : String(message);
}
