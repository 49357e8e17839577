import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/**
 * A text that differs between two states of a contracts directory: path, size, time and inode of every file. Fixtures are left
 * out, since they decide nothing. A directory that cannot be read has a signature too: reading the contracts then reports why.
 */
export async function signatureOf(directory: string): Promise<string> {
  const parts: string[] = [];
  const walk = async (folder: string, depth: number): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true });
    for (const { name } of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if (name.startsWith(".") || name === "fixtures") continue;
      const path = join(folder, name);
      // A mounted volume changes its files by changing a link, so that `stat` follows links.
      const { size, mtimeMs, ino, isDirectory } = await statOf(path);
      if (!isDirectory) parts.push(`${path} ${size} ${mtimeMs} ${ino}`);
      else if (depth < 4) await walk(path, depth + 1);
    }
  };
  try {
    await walk(directory, 0);
  } catch (error) {
    parts.push(`cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  return parts.join("\n");
}

async function statOf(path: string): Promise<{ size: number; mtimeMs: number; ino: number; isDirectory: boolean }> {
  const found = await stat(path);
  return { size: found.size, mtimeMs: found.mtimeMs, ino: found.ino, isDirectory: found.isDirectory() };
}
