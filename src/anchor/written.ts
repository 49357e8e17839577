import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { Unavailable } from "../core/unavailable.ts";
import { readRotation, type ChainEnd } from "../ledger/anchor.ts";
import { isObject, type JsonValue } from "../json/json.ts";
import { parseJson } from "../json/parse-json.ts";

/**
 * Notes next to the key how far each place was written. A truncated place shows no trace itself, and an attacker who
 * can truncate it may not be able to write here.
 * @param keyFile the notes go into a folder named after it, with `.written` appended.
 * @throws the system's error when the notes cannot be written, for example when the key is mounted read-only.
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
  // After a power loss the earlier note may return: it says that less was written, which never causes a false finding.
  await rename(coming, path);
}

/**
 * Reads how far each place was written, by its name. A note that cannot be parsed is ignored.
 * @throws `Unavailable` with code ANCHOR_KEY when the folder exists but cannot be read.
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
