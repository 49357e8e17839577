import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryDirectory } from "../embedded.ts";
import { ROOT } from "./run.ts";

/** One stage of a Dockerfile: its instructions, each with what follows it. */
type Stage = readonly (readonly [string, string])[];

function stagesOf(dockerfile: string): readonly Stage[] {
  const lines = dockerfile
    .replaceAll("\\\n", " ")
    .split("\n")
    .filter((line) => /^[A-Z]/.test(line))
    .map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)] as const);
  const starts = lines.flatMap(([name], at) => (name === "FROM" ? [at] : []));
  return starts.map((start, at) => lines.slice(start + 1, starts[at + 1]));
}

/** Does what a stage copies and builds, in a folder in place of an image. What npm installs is that of the checkout. */
function perform(stage: Stage, before: string | null): string {
  const folder = temporaryDirectory();
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  for (const [name, text] of stage) {
    if (name === "COPY") {
      const from = text.startsWith("--from=build ") ? (before ?? "") : ROOT;
      const paths = text.replace("--from=build ", "").split(" ");
      const to = paths.pop() ?? "";
      for (const path of paths) {
        const target = to.endsWith("/") ? join(folder, to, basename(path)) : join(folder, to);
        mkdirSync(dirname(target), { recursive: true });
        cpSync(join(from, path.replace(/^\/app\//, "")), target, { recursive: true });
      }
    }
    if (name === "RUN" && !text.includes("npm ci")) {
      const { status, stdout, stderr } = spawnSync(text, { cwd: folder, shell: true, encoding: "utf8" });
      expect([status, status === 0 ? "" : stdout + stderr]).toEqual([0, ""]);
    }
  }
  return folder;
}

describe("the image", () => {
  test("is built of what its Dockerfile copies, and holds the program with its console", () => {
    const [building, running] = stagesOf(readFileSync(join(ROOT, "Dockerfile"), "utf8"));
    const built = perform(building ?? [], null);
    const image = perform(running ?? [], built);
    const args = ["bin/sigma.js", "contract", "list"];
    const listed = spawnSync(process.execPath, args, { cwd: image, encoding: "utf8" });
    expect([listed.status, listed.stderr]).toEqual([0, ""]);
    expect(listed.stdout).toContain("shipment");
    expect(existsSync(join(image, "dist/console/index.html"))).toBe(true);
    expect(existsSync(join(image, "src"))).toBe(false);
  });
});
