import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { flagsFor } from "../../bin/heap.js";
import { CODES } from "../../src/config/codes.ts";
import { CONTRACT_CODES } from "../../src/contract/fault.ts";
import { referencePages } from "../../scripts/reference.ts";
import { jsonLines, project, ROOT, sigma } from "./run.ts";

/** Every file of a package that a command loads. */
function packagesLoadedBy(args: readonly string[], input = ""): readonly string[] {
  const script = `import { registerHooks } from "node:module";
    const seen = new Set();
    registerHooks({ load(url, context, next) { const name = /node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1]; if (name) seen.add(name); return next(url, context); } });
    process.on("exit", () => process.stderr.write("\\nLOADED " + JSON.stringify([...seen]) + "\\n"));
    const { runCli } = await import(${JSON.stringify(join(ROOT, "src/cli/program.ts"))});
    await runCli(${JSON.stringify(args)});`;
  const run = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: ROOT,
    encoding: "utf8",
    input,
  });
  return JSON.parse(/\nLOADED (.*)\n/.exec(run.stderr)?.[1] ?? "null") as readonly string[];
}

describe("the command line", () => {
  test("help loads nothing but the argument parser", () => {
    expect(packagesLoadedBy(["--help"])).toEqual(["commander"]);
  });

  test("validate loads no server and no driver", () => {
    const loaded = packagesLoadedBy(["validate", "--contract", "shipment"], "{}");
    expect(loaded).toContain("yaml");
    expect(loaded.filter((name) => /fastify|kafka|mongodb|pino/.test(name))).toEqual([]);
  });

  test.each([
    ["an unknown command", ["strat"], "(Did you mean start?)"],
    ["an unknown option", ["start", "--prot", "1"], "(Did you mean --port?)"],
    ["a missing option", ["validate"], "required option '--contract <name>'"],
  ])("%s exits 2 and says what was meant", async (_, args, text) => {
    const { code, stdout, stderr } = await sigma(args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(text);
  });

  test("prints its version, and its help, on standard output", async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
    expect(await sigma(["--version"])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: "" });
    const help = await sigma(["--help"]);
    expect([help.code, help.stderr]).toEqual([0, ""]);
    expect(help.stdout).toContain("sigma ingest records.ndjson");
  });

  test.each([
    ["bash", "sigma complete --"],
    ["zsh", "#compdef sigma"],
    ["fish", "complete -c sigma"],
    ["powershell", "Register-ArgumentCompleter -CommandName 'sigma'"],
  ])("prints the completion script of %s", async (shell, text) => {
    const { code, stdout, stderr } = await sigma(["completions", shell]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(text);
  });

  test("the completion script of bash is one that bash can read", () => {
    const script = spawnSync(process.execPath, ["bin/sigma.js", "completions", "bash"], {
      cwd: ROOT,
      encoding: "utf8",
    }).stdout;
    expect(spawnSync("bash", ["-n"], { input: script, encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
  });

  test("completes commands and options", async () => {
    expect((await sigma(["complete", "--", ""])).stdout).toContain("ingest\t");
    expect((await sigma(["complete", "--", "ingest", "--t"])).stdout).toContain("--topic\t");
  });

  test("init writes a project that is in order, and refuses to overwrite it", async () => {
    const directory = join(project(), "new");
    const first = await sigma(["init", directory, "--json"]);
    expect([first.code, jsonLines(first.stdout)]).toEqual([
      0,
      [{ v: 1, kind: "written", directory, files: ["sigma.yaml", "README.md", ".gitignore", "contracts"] }],
    ]);
    expect((await sigma(["contract", "check"], { cwd: directory })).code).toBe(0);
    expect((await sigma(["config", "show"], { cwd: directory })).code).toBe(0);
    const second = await sigma(["init", directory]);
    expect(second.code).toBe(2);
    expect(second.stderr).toContain(
      `error SIG-I-006 Cannot write into "${directory}": it has sigma.yaml and contracts`,
    );
  });

  test("an older Node hands over to the one of the checkout, and without one says what to do", () => {
    const directory = project();
    mkdirSync(join(directory, "bin"));
    const launcher = readFileSync(join(ROOT, "bin/sigma.js"), "utf8").replace(
      "const NEEDED = [24, 6]",
      "const NEEDED = [99, 0]",
    );
    expect(launcher).toContain("[99, 0]");
    writeFileSync(join(directory, "package.json"), `{"type":"module"}`);
    writeFileSync(join(directory, "bin/sigma.js"), launcher);
    copyFileSync(join(ROOT, "bin/heap.js"), join(directory, "bin/heap.js"));
    const alone = spawnSync(process.execPath, ["bin/sigma.js", "status"], { cwd: directory, encoding: "utf8" });
    expect(alone.status).toBe(2);
    expect(alone.stderr).toMatch(
      /^error SIG-X-001 Cannot run sigma on Node [\d.]+: it needs Node 99\.0 or newer\n {2}fix: .*\n$/,
    );
    mkdirSync(join(directory, "node_modules/.bin"), { recursive: true });
    const own = join(directory, "node_modules/.bin/node");
    writeFileSync(own, `#!/bin/sh\necho "took over: $2 $3"; exit 7\n`);
    chmodSync(own, 0o755);
    const handed = spawnSync(process.execPath, ["bin/sigma.js", "status", "--json"], {
      cwd: directory,
      encoding: "utf8",
    });
    expect([handed.status, handed.stdout]).toEqual([7, "took over: status --json\n"]);
  });

  test("sets flags of V8 on versions of Node where they were tried, and this one takes them without a word", () => {
    const experiment = "--external-memory-accounted-in-global-limit";
    expect(["24.6.0", "24.21.0", "25.9.0"].map((version) => flagsFor(version).heap.includes(experiment))).toEqual([
      true,
      true,
      false,
    ]);
    expect(["25.9.0", "26.12.1"].map((version) => flagsFor(version).heap)).toEqual([
      ["--heap-growing-percent=100"],
      ["--heap-growing-percent=100"],
    ]);
    expect(flagsFor("27.0.0")).toEqual({ heap: [], young: [] });
    const { heap, young } = flagsFor(process.versions.node);
    const { status, stderr } = spawnSync(process.execPath, [...heap, ...young, "-e", ""], { encoding: "utf8" });
    expect([heap.length + young.length > 2, status, stderr]).toEqual([true, 0, ""]);
  });

  test("runs through a link, as npm installs it", () => {
    const directory = project();
    symlinkSync(join(ROOT, "bin/sigma.js"), join(directory, "sigma"));
    expect(spawnSync(process.execPath, [join(directory, "sigma"), "--version"], { encoding: "utf8" }).status).toBe(0);
  });
});

const PAGES = await referencePages();

describe("the reference pages", () => {
  test.each([...PAGES])("%s is what the tables in the source say", (path, text) => {
    expect(readFileSync(join(ROOT, path), "utf8")).toBe(text);
  });

  test("name every command and its exit codes, as --help has them", async () => {
    const page = PAGES.get("docs/reference/cli.md") ?? "";
    const { stdout } = await sigma(["contract", "check", "--help"]);
    const flags = stdout.match(/^ {2}(?:-\w, )?--[\w-]+/gm)?.map((flag) => flag.trim()) ?? [];
    expect(flags.length).toBeGreaterThan(5);
    const [, section = ""] = page.split("## sigma contract check\n");
    const [own = ""] = section.split("\n## ");
    expect(flags.filter((flag) => flag !== "-h, --help" && !own.includes(`\`${flag}`))).toEqual([]);
    expect(page).toContain("| 30 | The audit found something |");
  });

  test("every code that is used is in a table, and every code in a table is used", () => {
    const files = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
      .filter(
        (file) => file.endsWith(".ts") && file !== join("config", "codes.ts") && file !== join("contract", "fault.ts"),
      )
      .map((file) => join(ROOT, "src", file));
    const text = [...files, join(ROOT, "bin/sigma.js")]
      .map((file) => (existsSync(file) ? readFileSync(file, "utf8") : ""))
      .join("\n");
    const used = new Set(text.match(/SIG-[A-Z]-\d{3}/g));
    const known = [...Object.keys(CODES), ...Object.keys(CONTRACT_CODES)];
    expect([...used].toSorted()).toEqual(known.toSorted());
  });
});
