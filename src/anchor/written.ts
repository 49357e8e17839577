import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { Unavailable } from "../core/unavailable.ts";
import { readRotation, type ChainEnd } from "../ledger/anchor.ts";
import { isObject, type JsonValue } from "../json/json.ts";
import { parseJson } from "../json/parse-json.ts";

/**
 * Notes beside the key how far each place was written. An end that is cut off a place shows no trace in it; whoever can cut it off
 * need not be able to write here.
 * @param keyFile the notes go into a folder of its name and `.written`.
 * @throws the system's error when they cannot be kept, as where the key is mounted read-only.
 */
export async function noteWritten(keyFile: string, place: string, end: ChainEnd): Promise<void> {
  const folder = folderOf(keyFile);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${createHash("sha256").update(place).digest("hex").slice(0, 32)}.json`);
  const coming = `${path}.${process.pid}`;
  const file = await open(coming, "w", 0o600);
  try {
    await file.writeFile(`${JSON.stringify({ place, ...end })}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  // A power loss may bring back the note of before: then less is known to be written than was, which accuses nobody.
  await rename(coming, path);
}

/**
 * How far each place is known to be written, by its name. A note that cannot be read is none.
 * @throws `Unavailable` with code ANCHOR_KEY when there may be notes, and they cannot be read.
 */
export function readWritten(keyFile: string): ReadonlyMap<string, ChainEnd> {
  const folder = folderOf(keyFile);
  const found = new Map<string, ChainEnd>();
  try {
    for (const name of readdirSync(folder)) {
      if (!name.endsWith(".json")) continue;
      const note = noteOf(readFileSync(join(folder, name), "utf8"));
      if (note !== null) found.set(note.place, note.end);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return found;
    const message = `Cannot read how far anchors were written, in "${folder}": ${code}`;
    throw new Unavailable("ANCHOR_KEY", message, "correct the permissions of the folder", error);
  }
  return found;
}

function noteOf(text: string): { readonly place: string; readonly end: ChainEnd } | null {
  let value: JsonValue;
  try {
    value = parseJson(text);
  } catch {
    return null;
  }
  if (!isObject(value)) return null;
  const { place, chain, counter, hash, key, rotations } = value;
  if (typeof place !== "string" || typeof chain !== "string" || typeof hash !== "string") return null;
  if (typeof counter !== "number" || typeof key !== "string" || !Array.isArray(rotations)) return null;
  const read = (rotations as readonly JsonValue[]).map(readRotation);
  return read.every((one) => one !== null) ? { place, end: { chain, counter, hash, key, rotations: read } } : null;
}

function folderOf(keyFile: string): string {
  return `${keyFile}.written`;
}
