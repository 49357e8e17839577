import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { firstLineInShell, inShell } from "../document-steps.ts";
import { jsonLines, ROOT } from "./run.ts";

/** What `npm pack` makes of the sources, unpacked, with its dependencies as they are here. */
function install(directory: string): string {
  const staged = join(directory, "staged");
  mkdirSync(staged);
  const { files } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { files: readonly string[] };
  for (const name of ["package.json", "README.md", "LICENSE", ...files.filter((file) => file !== "dist")])
    cpSync(join(ROOT, name), join(staged, name), { recursive: true });
  execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", "tsconfig.build.json", "--outDir", join(staged, "dist")], {
    cwd: ROOT,
  });
  execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--offline"], { cwd: staged });
  const project = join(directory, "a project");
  const modules = join(project, "node_modules");
  mkdirSync(join(modules, ".bin"), { recursive: true });
  execFileSync("sh", ["-c", `tar -xzf *.tgz && mv package '${join(modules, "sigma-aetl")}'`], { cwd: staged });
  symlinkSync(join(ROOT, "node_modules"), join(modules, "sigma-aetl/node_modules"));
  symlinkSync("../sigma-aetl/bin/sigma.js", join(modules, ".bin/sigma"));
  return project;
}

/** The commands of "Try next:". */
function tryNext(stdout: string): readonly string[] {
  return (stdout.split("Try next:\n")[1] ?? "").split("\n").filter((line) => line.startsWith("  "));
}

/** Starts what a command starts until it says so, and ends it. */
async function started(command: string, cwd: string): Promise<Readonly<Record<string, unknown>>> {
  return jsonLines(await firstLineInShell(`${command} --port 0 --no-demo --json`, { cwd }))[0] ?? {};
}

describe.each([
  ["installed from its package", true],
  ["in a checkout", false],
])("sigma %s", (_, packed) => {
  let project = ROOT;
  let target = "";
  let directory = "";

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "sigma-installed-"));
    target = packed ? "my gateway" : join(directory, "my gateway");
    if (packed) project = install(directory);
  });

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test("is what npx finds, and the commands that init prints run as they are printed", async () => {
    const made = await inShell(`npx sigma init '${target}'`, { cwd: project });
    expect([made.code, made.stderr]).toEqual([0, ""]);
    const [check = "", start = ""] = tryNext(made.stdout);
    expect([check, start]).toEqual([
      `  npx sigma contract check --config '${target}/sigma.yaml'`,
      `  npx sigma start --config '${target}/sigma.yaml'`,
    ]);
    const checked = await inShell(check, { cwd: project });
    expect([checked.code, checked.stdout]).toEqual([0, expect.stringContaining("0 findings") as string]);
    expect(await started(start, project)).toMatchObject({ kind: "started", dataDir: `${target}/.sigma/data` });
  });

  if (!packed) return;

  test("runs the commands of the README that init writes, where it wrote it", async () => {
    const cwd = join(project, target);
    const commands = [...readFileSync(join(cwd, "README.md"), "utf8").matchAll(/`(npx sigma [^`]*)`/g)].map(
      ([, command = ""]) => command,
    );
    expect(commands).toEqual(["npx sigma start", "npx sigma contract check", "npx sigma doctor"]);
    expect(await started("npx sigma start", cwd)).toMatchObject({ kind: "started", dataDir: ".sigma/data" });
    expect((await inShell("npx sigma contract check", { cwd })).code).toBe(0);
    expect((await inShell("npx sigma doctor --port 0", { cwd })).code).toBe(0);
  });
});
