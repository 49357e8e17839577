import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

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

const LOCK = join(ROOT, "dist/console.lock");
/** A build takes a few seconds: a lock that is so old is one of a process that was killed. */
const LOCK_MS = 120_000;

/** One process builds, and others wait for it: a build begins with an empty folder. @returns whether this one may. */
function lock(): boolean {
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  try {
    mkdirSync(LOCK);
    return true;
  } catch {
    const age = Date.now() - (statSync(LOCK, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > LOCK_MS) rmSync(LOCK, { recursive: true, force: true });
    return false;
  }
}

const digest = digestOfSources();
while (builtFrom() !== digest) {
  if (!lock()) {
    await delay(100);
    continue;
  }
  try {
    if (builtFrom() === digest) break;
    const { build } = await import("vite");
    await build({ configFile: join(ROOT, "console/vite.config.ts") });
    writeFileSync(NOTE, digest);
  } finally {
    rmSync(LOCK, { recursive: true, force: true });
  }
}
