import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Console, ConsoleFile } from "../http/console/routes.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Where it is built, in a checkout and in the package. */
const BUILT = fileURLToPath(new URL("../../dist/console", import.meta.url));

/** Reads the built console: under 1 MB, kept in memory. Null when it is not built. */
export async function readConsole(directory: string = BUILT): Promise<Console | null> {
  const read = async (path: string): Promise<ConsoleFile> => ({
    type: TYPES[extname(path)] ?? "application/octet-stream",
    bytes: await readFile(join(directory, path)),
  });
  try {
    const names = await readdir(join(directory, "assets"));
    const paths = ["icon.svg", ...names.map((name) => `assets/${name}`)];
    const files = await Promise.all(paths.map(async (path) => [`/${path}`, await read(path)] as const));
    return { document: await read("index.html"), files: new Map(files) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
