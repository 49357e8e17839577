import { execFile, execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { ROOT } from "./cli/run.ts";
import { temporaryDirectory } from "./embedded.ts";

type Step = { readonly name?: string; readonly run?: string; readonly uses?: string };

const WORKFLOW = parse(readFileSync(join(ROOT, "examples/ci/contracts.yml"), "utf8")) as {
  readonly jobs: { readonly contracts: { readonly steps: readonly Step[] } };
};
const STEPS = WORKFLOW.jobs.contracts.steps;

type Ran = { readonly code: number; readonly output: string };

/** A repository whose main branch has the contracts of this one, and a change to them that is proposed. */
function proposal(change: (contracts: string) => void): (step: string) => Promise<Ran> {
  const place = temporaryDirectory();
  const [checkout, bin] = [join(place, "checkout"), join(place, "bin")];
  const git = (...args: readonly string[]): string =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
      cwd: checkout,
      encoding: "utf8",
    });
  mkdirSync(checkout);
  mkdirSync(bin);
  cpSync(join(ROOT, "contracts"), join(checkout, "contracts"), { recursive: true });
  git("init", "--quiet", "--initial-branch=main");
  git("add", "--all");
  git("commit", "--quiet", "--message", "base");
  const base = git("rev-parse", "HEAD").trim();
  change(join(checkout, "contracts"));
  // What npx would find: the program of this checkout.
  writeFileSync(
    join(bin, "npx"),
    `#!/bin/sh\nshift\nexec "${process.execPath}" "${join(ROOT, "bin/sigma.js")}" "$@"\n`,
  );
  chmodSync(join(bin, "npx"), 0o755);
  const env = { ...process.env, PATH: `${bin}:${process.env["PATH"]}`, BASE: base, NO_COLOR: "1" };
  return async (name) => {
    const script = STEPS.find((step) => step.name === name)?.run;
    if (script === undefined) throw new Error(`there is no step "${name}"`);
    // As GitHub runs a script: bash that ends with the first error.
    return new Promise((done) => {
      execFile("bash", ["-eo", "pipefail", "-c", script], { cwd: checkout, env }, (error, stdout, stderr) => {
        done({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
      });
    });
  };
}

function thirdVersion(schema: (text: string) => string): (contracts: string) => void {
  return (contracts) => {
    const folder = join(contracts, "shipment");
    writeFileSync(
      join(folder, "v3.schema.json"),
      schema(readFileSync(join(folder, "v2.schema.json"), "utf8").replace("versions/2", "versions/3")),
    );
    const yaml = readFileSync(join(folder, "contract.yaml"), "utf8");
    const second = yaml.slice(yaml.indexOf("  2:\n"));
    writeFileSync(
      join(folder, "contract.yaml"),
      yaml + second.replace("  2:", "  3:").replace("v2.schema", "v3.schema"),
    );
    cpSync(join(folder, "fixtures/v2"), join(folder, "fixtures/v3"), { recursive: true });
  };
}

test("the workflow passes a proposal that is in order, and shows what a new version changes", async () => {
  const run = proposal(thirdVersion((text) => text.replace('"DAP", ', '"DAP", "DAT", ')));
  expect(await run("Lint")).toMatchObject({ code: 0 });
  const versions = await run("Versions that are new in this pull request");
  expect(versions.output).toContain("enum-value-added");
  expect(versions.output).toContain("backward  compatible (proved)");
  expect(versions.code).toBe(0);
  // The fixture that says "DAT" is no incoterm has to follow.
  expect((await run("Fixtures and mutation")).output).toMatch(
    /^::error file=contracts\/shipment\/fixtures\/v3\/fail\/incoterm-unknown\.json,.*SIG-C-041/m,
  );
});

test("the workflow stops a version that breaks what the one before took, where it is written", async () => {
  const run = proposal(thirdVersion((text) => text.replace('"DAP", ', "")));
  const versions = await run("Versions that are new in this pull request");
  expect(versions.code).toBe(1);
  expect(versions.output).toMatch(/^::error file=contracts\/shipment\/v3\.schema\.json,.*SIG-C-060/m);
});

test("the workflow stops a change of what is frozen", async () => {
  const run = proposal((contracts) => {
    const file = join(contracts, "shipment/v1.schema.json");
    writeFileSync(file, readFileSync(file, "utf8").replace('"maximum": 3', '"maximum": 4'));
  });
  const lint = await run("Lint");
  expect([lint.code, lint.output]).toEqual([10, expect.stringMatching(/^::error file=.*SIG-C-031/m) as string]);
});

test("each step of the workflow that is a script of ours was run here", () => {
  expect(STEPS.filter(({ run }) => run?.includes("sigma contract") === true).map(({ name }) => name)).toEqual([
    "Lint",
    "Fixtures and mutation",
    "Versions that are new in this pull request",
  ]);
});
