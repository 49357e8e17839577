import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");

function filesIn(folder: string, ending: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(ending))
    .map((path) => join(folder, path).replaceAll("\\", "/"))
    .toSorted();
}

const TOP = readdirSync(ROOT).filter((name) => name.endsWith(".md"));
const PAGES = [...TOP, ...["docs", "src", "examples", "test"].flatMap((folder) => filesIn(folder, ".md"))];
const text = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** A page without its blocks of code and its comments. */
function proseOf(page: string): string {
  return text(page)
    .replaceAll(/^(`{3,})[^`]*?\n[\s\S]*?^\1$/gm, "")
    .replaceAll(/<!--[\s\S]*?-->/g, "");
}

/** The name by which GitHub and others link to a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(/\s/g, "-");
}

function anchorsIn(page: string): readonly string[] {
  return [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => anchorOf(heading));
}

/** What is wrong with the links of a page that lead to files of the repository. */
function brokenLinks(page: string): readonly string[] {
  const links = [...proseOf(page).matchAll(/\]\((?!\w+:)([^)\s]+)\)/g)].map(([, target = ""]) => target);
  return links.filter((link) => {
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? page : relative(ROOT, resolve(ROOT, dirname(page), path)).replaceAll("\\", "/");
    if (target.startsWith("..") || !existsSync(join(ROOT, target))) return true;
    return anchor !== undefined && target.endsWith(".md") && !anchorsIn(target).includes(anchor);
  });
}

/** Folders at the top of the repository: what begins with one of them is a path of ours. */
const FOLDERS = ["src", "test", "docs", "bench", "scripts", "bin", "examples", "contracts", ".ci"];

/** Paths that a page names and that are not there: in backticks, or a page anywhere. */
function missingPaths(page: string): readonly string[] {
  const prose = proseOf(page);
  const quoted = [...prose.matchAll(/`([\w.-]+(?:\/[\w.-]+)*)`/g)].map(([, name = ""]) => name);
  const ours = quoted.filter((name) => name.endsWith(".ts") || FOLDERS.includes(name.split("/")[0] ?? ""));
  const pages = [...prose.matchAll(/\bdocs\/[\w/-]+\.md\b/g)].map(([name]) => name);
  return [...ours, ...pages].filter((path) =>
    [ROOT, join(ROOT, dirname(page))].every((at) => !existsSync(join(at, path))),
  );
}

describe("the pages", () => {
  test.each(PAGES)("%s links only to files and headings that are there", (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });

  test.each(PAGES)("%s names only files that are there", (page) => {
    expect(missingPaths(page)).toEqual([]);
  });

  test("name only scripts that package.json has", () => {
    const { scripts } = JSON.parse(text("package.json")) as { scripts: Record<string, string> };
    const named = PAGES.flatMap((page) =>
      [...text(page).matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name = ""]) => ({ page, name })),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter(({ name }) => scripts[name] === undefined)).toEqual([]);
  });

  test("have one heading of the first order each", () => {
    expect(PAGES.filter((page) => proseOf(page).match(/^# /gm)?.length !== 1)).toEqual([]);
  });

  test("are there where the code points a reader to one", () => {
    const files = ["src", "bench", "scripts", "test"].flatMap((folder) => filesIn(folder, ".ts"));
    const named = files.flatMap((file) =>
      [...text(file).matchAll(/\b(?:docs\/[\w/-]+|ARCHITECTURE|CONTRIBUTING|SECURITY)\.md\b/g)].map(([page]) => ({
        file,
        page,
      })),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter(({ page }) => !existsSync(join(ROOT, page)))).toEqual([]);
  });
});

describe("docs/glossary.md", () => {
  test("defines each of the words of the design and of the code, and none twice", () => {
    const words = [...text("docs/glossary.md").matchAll(/^\| ([^|]+?) +\|/gm)]
      .flatMap(([, cell = ""]) => cell.split(", "))
      .filter((word) => word !== "Word" && !/^-+$/.test(word));
    expect(words.filter((word, index) => words.indexOf(word) !== index)).toEqual([]);
    const design =
      "record payload contract version identity decision stream ledger entry tail evidence fact receipt conflict redelivery redrive fingerprint group lane";
    const code =
      "replay hole gap halt head anchor tombstone erasure finding shadow what-if draft settle apply redo resolution layout migration producer traffic";
    const pairs = ["contract set", "live contracts"];
    expect([...design.split(" "), ...code.split(" "), ...pairs].filter((word) => !words.includes(word))).toEqual([]);
  });
});

describe("the program", () => {
  test("says live and halted, as the glossary does, where it could say in force and stands still", () => {
    const files = ["src", "scripts", "docs"].flatMap((folder) => [
      ...filesIn(folder, ".ts"),
      ...filesIn(folder, ".md"),
    ]);
    expect(
      files.filter((path) => /\bin force\b|\bin-force\b|\bstands? still\b|\bstandstill\b/.test(text(path))),
    ).toEqual([]);
  });
});

describe("docs/README.md", () => {
  test("has a line for every page under docs, once, and that of the runbooks for every runbook", () => {
    const linked = ["docs", "docs/runbooks"].flatMap((folder) =>
      [...text(`${folder}/README.md`).matchAll(/^- \[[^\]]+\]\(([^)#]+)\): \S/gm)].map(([, path = ""]) =>
        relative(ROOT, resolve(ROOT, folder, path)).replaceAll("\\", "/"),
      ),
    );
    const pages = PAGES.filter((page) => page.startsWith("docs/") && page !== "docs/README.md");
    expect(linked.filter((path) => path.startsWith("docs/")).toSorted()).toEqual(pages);
  });
});
