import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtOnce } from "./built-once.ts";

// node scripts/console.ts    builds the console into dist/console, unless what is there was built from the same sources

const ROOT = join(import.meta.dirname, "..");
const NOTE = join(ROOT, "dist/console/built-from");

/** SHA-256 over the sources of the console, the runbooks that it shows, and the versions of its libraries. */
function digestOfSources(): string {
  const digest = createHash("sha256");
  const files = ["console", "docs/runbooks"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }),
  );
  const paths = files.filter((one) => one.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  for (const path of [...paths.toSorted(), join(ROOT, "package-lock.json")]) {
    digest.update(path.slice(ROOT.length)).update("\0").update(readFileSync(path)).update("\0");
  }
  return digest.digest("hex");
}

function builtFrom(): string | null {
  try {
    return readFileSync(NOTE, "utf8");
  } catch {
    return null;
  }
}

// Not in dist, which is in the package.
const LOCK = join(ROOT, "node_modules/.sigma-console.lock");

const digest = digestOfSources();
await builtOnce(
  LOCK,
  () => builtFrom() === digest,
  async () => {
    const { build } = await import("vite");
    await build({ configFile: join(ROOT, "console/vite.config.ts") });
    writeFileSync(NOTE, digest);
  },
);
