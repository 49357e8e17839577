import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const ENGINE_LINE = /(export const ENGINE = ")(\d+)(")/;

/** A build of the program as `npm pack` makes it, unpacked, with its dependencies as they are in the checkout. */
export type Build = {
  readonly version: string;
  readonly engine: string;
  /** Whether it is of an earlier commit. */
  readonly isEarlier: boolean;
  /** Path of its `sigma`. */
  readonly sigma: string;
};

/** A folder for the builds of a test file, which is removed behind its tests. */
export function buildsForFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "sigma-builds-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Builds and packs these sources under another version, and where it is told with the engine after theirs.
 * @param folder from {@link buildsForFile}.
 */
export function packSources(
  folder: string,
  version: string,
  { nextEngine }: { readonly nextEngine: boolean } = { nextEngine: false },
): Build {
  const compiled = join(folder, "compiled");
  if (!existsSync(compiled)) {
    mkdirSync(compiled);
    for (const name of ["src", "tsconfig.json", "tsconfig.build.json", ...packedBeside(ROOT)])
      cpSync(join(ROOT, name), join(compiled, name), { recursive: true });
    compile(compiled);
  }
  const staged = join(folder, `sources-${version}`);
  for (const name of ["dist", ...packedBeside(compiled)])
    cpSync(join(compiled, name), join(staged, name), { recursive: true });
  if (nextEngine) {
    const decide = join(staged, "dist/core/decide.js");
    const next = readFileSync(decide, "utf8").replace(ENGINE_LINE, (_, a, of, b) => `${a}${Number(of) + 1}${b}`);
    writeFileSync(decide, next);
  }
  return { ...pack(folder, staged, version), isEarlier: false };
}

/** Builds and packs the sources of a commit. */
export function packCommit(folder: string, commit: string, version: string): Build {
  const staged = join(folder, `sources-${version}`);
  mkdirSync(staged);
  const archive = execFileSync("git", ["archive", commit], { cwd: ROOT, maxBuffer: 2 ** 30 });
  execFileSync("tar", ["-x", "-C", staged], { input: archive });
  compile(staged);
  return { ...pack(folder, staged, version), isEarlier: true };
}

/**
 * The first commit of a layout: the oldest build whose stores these sources open as they are. Null where the history does not reach so far, as
 * in a shallow clone.
 */
export function firstOfLayout(layout: number): string | null {
  const search = ["log", "-1", "--format=%H", `-SLAYOUT = ${layout};`, "--", "src/store/layout-version.ts"];
  const git = (args: readonly string[]): string => execFileSync("git", args, { cwd: ROOT, encoding: "utf8" }).trim();
  try {
    return git(["rev-parse", "--is-shallow-repository"]) === "true" ? null : git(search) || null;
  } catch {
    return null;
  }
}

function packedBeside(root: string): readonly string[] {
  const { files } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { files: readonly string[] };
  return ["package.json", "README.md", "LICENSE", ...files.filter((name) => name !== "dist")];
}

function compile(staged: string): void {
  symlinkSync(join(ROOT, "node_modules"), join(staged, "node_modules"));
  execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", "tsconfig.build.json"], { cwd: staged, stdio: "pipe" });
}

/** Packs what is compiled, and unpacks it beside the dependencies. */
function pack(folder: string, staged: string, version: string): Omit<Build, "isEarlier"> {
  const manifest = join(staged, "package.json");
  const own = JSON.parse(readFileSync(manifest, "utf8")) as Readonly<Record<string, unknown>>;
  writeFileSync(manifest, JSON.stringify({ ...own, version }));
  const made = execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--offline"], { cwd: staged });
  const build = join(folder, version);
  mkdirSync(build);
  execFileSync("tar", ["-xzf", join(staged, String(made).trim()), "-C", build, "--strip-components=1"]);
  symlinkSync(join(ROOT, "node_modules"), join(build, "node_modules"));
  const engine = ENGINE_LINE.exec(readFileSync(join(build, "dist/core/decide.js"), "utf8"))?.[2] ?? "";
  return { version, engine, sigma: join(build, "bin/sigma.js") };
}
