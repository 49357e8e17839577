import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Unavailable } from "../core/unavailable.ts";
import { canonicalText } from "../json/canonical.ts";
import { parseJson } from "../json/parse-json.ts";
import {
  isKeyId,
  isRotation,
  keyIdOf,
  readRotation,
  rotate,
  type Rotation,
  type SigningKey,
} from "../ledger/anchor.ts";

/**
 * Makes an Ed25519 key and writes it to a file (PKCS#8, PEM) that only its owner can read.
 * @returns null when the file already exists.
 */
export function makeKey(path: string): SigningKey | null {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return existsSync(path) ? null : writeKey(path);
}

function writeKey(path: string): SigningKey {
  const { privateKey } = generateKeyPairSync("ed25519");
  writeNew(path, privateKey.export({ type: "pkcs8", format: "pem" }).toString());
  return { privateKey, id: keyIdOf(privateKey) ?? "" };
}

/**
 * Reads a key file.
 * @throws `Unavailable` with code ANCHOR_KEY when it is missing, is not such a key, or is readable by others; ssh
 * refuses such keys too.
 */
export async function readKey(path: string): Promise<SigningKey> {
  const trouble = (state: string, remedy: string, cause?: unknown): Unavailable =>
    new Unavailable("ANCHOR_KEY", `Cannot use the key "${path}": ${state}`, remedy, cause);
  let pem: string;
  try {
    pem = await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT")
      throw trouble("there is no such file", "make it with `sigma keys new`, or name it with anchor.key_file");
    throw trouble(
      `it cannot be read (${code})`,
      "correct its permissions, or name another with anchor.key_file",
      error,
    );
  }
  if (await isOpenToOthers(path)) throw trouble("others can read or write it", `chmod 600 ${path}`);
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch (error) {
    throw trouble("it is no private key in PEM without a passphrase", "make one with `sigma keys new`", error);
  }
  const id = keyIdOf(privateKey);
  if (id === null) throw trouble("it is no Ed25519 key", "make one with `sigma keys new`");
  return { privateKey, id };
}

/**
 * Whether other users can read or write the file. A mounted secret belongs to another user and is read through its
 * group. Windows has no such permission bits.
 */
async function isOpenToOthers(path: string): Promise<boolean> {
  if (process.platform === "win32") return false;
  const { mode, uid } = await stat(path);
  return (mode & (uid === process.getuid?.() ? 0o077 : 0o007)) !== 0;
}

/**
 * Replaces the key of a file by a new one. Both keys sign the rotation, which is stored next to the key before the old
 * one is replaced. A rotation that is interrupted in between names a new key that nobody has, and readers do not follow
 * it.
 * @throws `Unavailable` when there is no key to rotate.
 */
export async function rotateKey(path: string, at: string): Promise<{ readonly from: string; readonly to: string }> {
  const from = await readKey(path);
  const coming = `${path}.new-${process.pid}`;
  const to = writeKey(coming);
  const rotations = openSync(rotationsOf(path), "a", 0o644);
  try {
    writeSync(rotations, `${canonicalText(rotate(from, to, at))}\n`);
    fsyncSync(rotations);
  } finally {
    closeSync(rotations);
  }
  renameSync(coming, path);
  syncFolder(path);
  return { from: from.id, to: to.id };
}

/** Reads the rotations that led to the current key. Invalid lines are skipped. */
export async function readRotations(path: string): Promise<readonly Rotation[]> {
  if (!existsSync(rotationsOf(path))) return [];
  const found: Rotation[] = [];
  for (const line of (await readFile(rotationsOf(path), "utf8")).split("\n")) {
    const rotation = rotationOf(line);
    if (rotation !== null && isRotation(rotation)) found.push(rotation);
  }
  return found;
}

function rotationOf(line: string): Rotation | null {
  try {
    return readRotation(parseJson(line));
  } catch {
    return null;
  }
}

function rotationsOf(path: string): string {
  return `${path}.rotations`;
}

/** Reads a public key given as text, or as a file with the text or PEM. @returns null when it is not a key. */
export function readPublicKey(given: string): string | null {
  if (isKeyId(given)) return given;
  if (!existsSync(given)) return null;
  const text = readFileSync(given, "utf8").trim();
  if (isKeyId(text)) return text;
  try {
    return keyIdOf(createPublicKey(text));
  } catch {
    return null;
  }
}

/** Creates a new file for its owner only; file and name are durable afterwards. */
function writeNew(path: string, text: string): void {
  const file = openSync(path, "wx", 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  syncFolder(path);
}

/** Makes a file's name durable by an fsync of its folder. */
function syncFolder(path: string): void {
  if (process.platform === "win32") return;
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
