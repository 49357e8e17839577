import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { inShell, stepsOf } from "./document-steps.ts";
import { startGatewayProcess } from "./e2e/process.ts";
import { temporaryDirectory } from "./embedded.ts";
import { MUTANTS } from "./simulation/mutants.ts";

const ROOT = resolve(import.meta.dirname, "..");
const README = readFileSync(join(ROOT, "README.md"), "utf8");

/** Ids are random, hashes follow from them. */
function stable(text: string): string {
  return text
    .replaceAll(/[\w-]{22}\/[\w-]{22}/g, "CLUSTER/TOPIC")
    .replaceAll(/\b[0-9a-f]{64}\b/g, "HASH")
    .trimEnd();
}

describe("README.md", () => {
  test("its sixty seconds print what it says, on a gateway that was fed the examples", async () => {
    const data = temporaryDirectory();
    const gateway = await startGatewayProcess(data, { demo: true });
    for (const { command, output } of stepsOf(README)) {
      const asked = command.replaceAll("http://127.0.0.1:8000", gateway.url);
      const { stdout, stderr } = await inShell(asked, { env: { SIGMA_DATA_DIR: data } });
      expect({ command, output: stable(stdout), stderr }).toEqual({ command, output: stable(output), stderr: "" });
    }
    gateway.child.kill("SIGTERM");
    await gateway.ended;
  });

  test("counts the mutants there are", () => {
    expect(README).toContain(`${MUTANTS.length} deliberate bugs caught`);
  });

  test("says what it is and how to begin in its first thirty lines", () => {
    expect(README.split("\n").slice(0, 30).join("\n")).toContain("npm ci && npm start");
  });
});

describe("every document", () => {
  const documents = readdirSync(ROOT, { recursive: true })
    .map(String)
    .filter((path) => path.endsWith(".md") && !path.includes("node_modules"));

  test.each(documents)("%s links only to files that are there", (path) => {
    const text = readFileSync(join(ROOT, path), "utf8");
    const targets = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)/g)].map(([, target = ""]) =>
      join(dirname(join(ROOT, path)), target),
    );
    expect(targets.filter((target) => !existsSync(target))).toEqual([]);
  });
});
