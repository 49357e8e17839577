import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Path of a file of the package. package.json, contracts and examples are next to both `src` and `dist`. */
export function packageFile(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}

/** Version of this program. */
export function version(): string {
  return String(
    (JSON.parse(readFileSync(packageFile("package.json"), "utf8")) as { readonly version?: unknown }).version,
  );
}
