import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { expect, test } from "vitest";
import { referencePages } from "../../scripts/reference.ts";
import { createProgram } from "../../src/cli/program.ts";
import { ALERT_RUNBOOKS } from "../../src/slo/export/prometheus.ts";
import { runbookOf } from "../../src/observe/runbooks.ts";
import type { UnavailableCode } from "../../src/core/unavailable.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const FOLDER = join(ROOT, "docs/runbooks");
const PAGES = readdirSync(FOLDER).filter((name) => name !== "README.md");
const textOf = (name: string): string => readFileSync(join(FOLDER, name), "utf8");

/** Every code that pauses or halts a stream, off the page of error codes. */
async function codes(): Promise<readonly UnavailableCode[]> {
  const page = (await referencePages()).get("docs/reference/errors.md") ?? "";
  const begin = page.indexOf("## The log and the store");
  const part = page.slice(begin, page.indexOf("## Why a record is FAILED"));
  const named = [...part.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, code = ""]) => code as UnavailableCode);
  return [...new Set(named)];
}

test("every code that pauses or halts a stream has a page, which names it", async () => {
  const all = await codes();
  expect(all.length).toBeGreaterThan(40);
  const wrong = all.filter((code) => {
    const file = join(ROOT, runbookOf(code));
    return !existsSync(file) || file.endsWith("README.md") || !readFileSync(file, "utf8").includes(`\`${code}\``);
  });
  expect(wrong).toEqual([]);
});

test("every page about a code says what it means, how to look and what to do", async () => {
  for (const page of new Set((await codes()).map(runbookOf))) {
    const headings = [...readFileSync(join(ROOT, page), "utf8").matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    expect([page, headings]).toEqual([page, ["What it means", "How to look", "What to do"]]);
  }
});

test("every alert has a page, which names it", () => {
  for (const [alert, name] of Object.entries(ALERT_RUNBOOKS)) expect(textOf(name)).toContain(alert);
});

/** What of a command line the program does not know; null when it knows all of it. */
function unknownIn(program: Command, line: string): string | null {
  const words = line
    .replaceAll(/"[^"]*"/g, "TEXT")
    .split(/\s+/)
    .slice(1);
  let command = program;
  for (const word of words) {
    if (word.startsWith("-")) {
      const known = [command, program].some((one) =>
        one.options.some(({ long, short }) => word === long || word === short),
      );
      if (!known) return `${command.name()} ${word}`;
      continue;
    }
    const next = command.commands.find((one) => one.name() === word);
    if (next !== undefined) command = next;
    else if (command.commands.length > 0) return `${command.name()} ${word}`;
  }
  return null;
}

test.each(PAGES)("the commands of %s are commands of the program", async (name) => {
  const blocks = [...textOf(name).matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = ""]) => block.split("\n"));
  const lines = blocks.filter((line) => line.startsWith("sigma "));
  const inline = [...textOf(name).matchAll(/`(sigma [^`]*)`/g)].map(([, line = ""]) => line);
  expect(lines.length + inline.length).toBeGreaterThan(0);
  const unknown: (string | null)[] = [];
  for (const line of [...lines, ...inline]) {
    const words = line.split(/\s+/).slice(1);
    unknown.push(unknownIn(await createProgram(words), line));
  }
  expect(unknown.filter((one) => one !== null)).toEqual([]);
});
