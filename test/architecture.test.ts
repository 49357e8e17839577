import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { PARTS } from "./architecture.ts";

const ROOT = resolve(import.meta.dirname, "..");
const SRC = join(ROOT, "src");

type Import = { readonly file: string; readonly target: string };

function sourceFiles(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name));
}

const FILES = sourceFiles(SRC);

/** What a file imports, types too, at the start or when it is needed, and what it requires by a `require` of its own. */
function importsOf(file: string): readonly Import[] {
  const text = withoutComments(readFileSync(file, "utf8"));
  const found = [
    ...text.matchAll(/^\s*(?:import|export)\b[^;"']*?\bfrom\s+["']([^"']+)["']/gm),
    ...text.matchAll(/^import\s+["']([^"']+)["']/gm),
    ...text.matchAll(/\b(?:import|require|createRequire\([^)]*\))\(\s*["']([^"']+)["']/g),
  ];
  return found.map(([, target = ""]) => ({ file, target }));
}

const IMPORTS: readonly Import[] = FILES.flatMap(importsOf);

/** The part that a path under src (without ".ts") belongs to; "" where the table does not rule it. */
function partOf(path: string): string {
  const fitting = Object.keys(PARTS).filter((part) => fits(path, part));
  return fitting.toSorted((a, b) => b.length - a.length)[0] ?? "";
}

/** Whether a path is the one named or below it. */
function fits(path: string, name: string): boolean {
  return path === name || path.startsWith(`${name}/`);
}

function pathOf(file: string): string {
  return relative(SRC, file).replaceAll("\\", "/").replace(/\.ts$/, "");
}

/** The path under src that a relative import leads to. */
function ownTarget({ file, target }: Import): string {
  return pathOf(resolve(dirname(file), target));
}

function libraryOf(target: string): string {
  const steps = target.split("/");
  return steps.slice(0, target.startsWith("@") ? 2 : 1).join("/");
}

function violationOf(one: Import): string | null {
  const { file, target } = one;
  const part = partOf(pathOf(file));
  const rules = PARTS[part];
  if (rules === undefined) return `${pathOf(file)} is in no part`;
  if (target.startsWith("node:")) return rules.node.includes(target) ? null : `${pathOf(file)} imports ${target}`;
  if (!target.startsWith("."))
    return rules.libraries.includes(libraryOf(target)) ? null : `${pathOf(file)} imports library ${target}`;
  const path = ownTarget(one);
  if (partOf(path) === part || rules.uses.some((used) => fits(path, used))) return null;
  return `${pathOf(file)} imports ${path}`;
}

/** Permissions of a part that none of its files needs. */
function unusedOf([part, { uses, libraries, node }]: readonly [string, (typeof PARTS)[string]]): readonly string[] {
  const own = IMPORTS.filter(({ file }) => partOf(pathOf(file)) === part);
  const targets = new Set(own.map(({ target }) => (target.startsWith("node:") ? target : libraryOf(target))));
  const paths = own.filter(({ target }) => target.startsWith(".")).map(ownTarget);
  return [
    ...[...libraries, ...node].filter((name) => !targets.has(name)),
    ...uses.filter((used) => !paths.some((path) => partOf(path) !== part && fits(path, used))),
  ].map((name) => `${part}: ${name}`);
}

/** The circles of a graph, each as the names on it. */
function circlesOf(graph: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  const left = new Map([...graph].map(([name, to]) => [name, new Set(to)]));
  // Whoever leads nowhere, or is led to by nobody, is on no circle: taken away until nothing more can be.
  for (let size = -1; size !== left.size;) {
    size = left.size;
    const reached = new Set([...left.values()].flatMap((to) => [...to]));
    for (const [name, to] of left) {
      for (const one of to) if (!left.has(one)) to.delete(one);
      if (to.size === 0 || !reached.has(name)) left.delete(name);
    }
  }
  return [...left.keys()];
}

function graphOf(nameOf: (path: string) => string): ReadonlyMap<string, ReadonlySet<string>> {
  const graph = new Map<string, Set<string>>();
  for (const one of IMPORTS) {
    if (!one.target.startsWith(".")) continue;
    const [from, to] = [nameOf(pathOf(one.file)), nameOf(ownTarget(one))];
    if (from !== to) graph.set(from, (graph.get(from) ?? new Set<string>()).add(to));
  }
  return graph;
}

describe("the architecture", () => {
  test("every file is in a part, and every import is one that the table of parts allows", () => {
    expect(IMPORTS.map(violationOf).filter((violation) => violation !== null)).toEqual([]);
    expect(FILES.map(pathOf).filter((path) => partOf(path) === "")).toEqual([]);
  });

  test("the table has no part without files, and no permission that no file needs", () => {
    expect(Object.entries(PARTS).flatMap(unusedOf)).toEqual([]);
    const parts = new Set(FILES.map((file) => partOf(pathOf(file))));
    expect(Object.keys(PARTS).filter((part) => !parts.has(part))).toEqual([]);
  });

  test("neither files nor parts import each other in a circle, types included", () => {
    expect({ files: circlesOf(graphOf((path) => path)), parts: circlesOf(graphOf(partOf)) }).toEqual({
      files: [],
      parts: [],
    });
  });

  test("only the composition names adapters", () => {
    const adapters = /^(source|store)\/(embedded|sqlite|kafka|mongodb)\//;
    const naming = IMPORTS.filter(({ target }) => target.startsWith("."))
      .map((one) => ({ from: pathOf(one.file), to: ownTarget(one) }))
      .filter(({ from, to }) => adapters.test(to) && !adapters.test(from))
      .map(({ from }) => from);
    expect([...new Set(naming)].filter((from) => !from.startsWith("app/"))).toEqual([]);
  });

  test("typebox gives types and is never loaded: to load it takes 0.14 s of every start", () => {
    const loading = FILES.filter((file) => /^import (?!type\b)[^;]*"typebox[/"]/m.test(readFileSync(file, "utf8")));
    expect(loading.map(pathOf)).toEqual([]);
  });

  test("nothing is re-exported: a name has one home", () => {
    const exporting = FILES.filter((file) => /^export\s+(?:\*|\{[^}]*\})\s+from/m.test(readFileSync(file, "utf8")));
    expect(exporting.map(pathOf)).toEqual([]);
  });

  test("JSON pointers are escaped in one file", () => {
    const escaping = FILES.filter((file) => /replace(?:All)?\([^)]*~[01]/.test(readFileSync(file, "utf8")));
    expect(escaping.map(pathOf)).toEqual(["json/pointer"]);
  });

  test("clock, randomness, environment, exit and console stay at the edge", () => {
    // A thread's arguments say where its code is.
    const edge = /^(?:(?:app|cli|config|doctor)\/|thread-start$)/;
    const effects = /\b(?:Date\.now|Math\.random|process\.(?:env|exit|argv)|console\.)/;
    const inside = FILES.filter((file) => !edge.test(pathOf(file)));
    expect(inside.filter((file) => effects.test(withoutComments(readFileSync(file, "utf8")))).map(pathOf)).toEqual([]);
  });

  test("no file is longer than 400 lines, holds a control character, or hides under a name that says nothing", () => {
    const all = [...FILES, ...sourceFiles(join(ROOT, "test")), ...sourceFiles(join(ROOT, "bench"))];
    const long = all.filter((file) => readFileSync(file, "utf8").split("\n").length > 401);
    const control = all.filter((file) =>
      // oxlint-disable-next-line no-control-regex -- looking for them is the point
      /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(readFileSync(file, "utf8")),
    );
    const named = FILES.filter((file) =>
      /(?:^|\/)(?:util|utils|helpers?|common|types|interfaces|index)(?:\/|$)/.test(pathOf(file)),
    );
    expect({ long, control, named }).toEqual({ long: [], control: [], named: [] });
  });
});

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
}
