import { access, constants, readdir, stat } from "node:fs/promises";
import { dirname, relative, resolve, sep } from "node:path";
import { readKey } from "../anchor/keys.ts";
import type { Config } from "../config/config.ts";
import { describeIoError } from "../contract/source-text.ts";
import { fail, ok, warn, type Check } from "./check.ts";
import { Unavailable } from "../core/unavailable.ts";

/**
 * Checks that anchors can be written, and that they are kept where a process that can write the store cannot write; no
 * checks without configured anchors.
 */
export async function checkAnchors({ anchor, dataDir }: Config): Promise<readonly Check[]> {
  const { file, topic, keyFile } = anchor;
  if (file === null && topic === null) return [];
  return [await checkKey(keyFile, dataDir), ...(file === null ? [] : [await checkFile(file, dataDir)])];
}

async function checkKey(keyFile: string, dataDir: string): Promise<Check> {
  const name = "anchor key";
  try {
    const { id } = await readKey(keyFile);
    if (!isInside(keyFile, dataDir)) return ok(name, `"${keyFile}" signs as ${id}`);
    const message = `"${keyFile}" is in the data directory: whoever can write the store can sign for it`;
    return warn(name, message, "move it, and name its place with anchor.key_file");
  } catch (error) {
    if (error instanceof Unavailable) return fail(name, error.message, error.remedy);
    throw error;
  }
}

async function checkFile(file: string, dataDir: string): Promise<Check> {
  const name = "anchor file";
  try {
    const there = await stat(file).catch(() => null);
    await access(there === null ? await nearestFolder(file) : file, constants.W_OK);
    const state = there === null ? "not written yet" : `written last at ${there.mtime.toISOString()}`;
    if (!isInside(file, dataDir)) return ok(name, `"${file}", ${state}`);
    const message = `"${file}" is in the data directory: whoever can write the store can write there`;
    return warn(name, message, "name another place with anchor.file");
  } catch (error) {
    const message = `"${file}" cannot be written: ${describeIoError(error)}`;
    return fail(name, message, "correct its permissions, or name another with anchor.file");
  }
}

/** The nearest existing folder above a file. */
async function nearestFolder(file: string): Promise<string> {
  const folder = dirname(resolve(file));
  try {
    // Reading fails also when a file stands in the place of a folder.
    await readdir(folder);
    return folder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || folder === dirname(folder)) throw error;
    return nearestFolder(folder);
  }
}

function isInside(path: string, folder: string): boolean {
  const way = relative(resolve(folder), resolve(path));
  return way !== ".." && !way.startsWith(`..${sep}`) && resolve(way) !== way;
}
