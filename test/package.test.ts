import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryDirectory } from "./embedded.ts";

const ROOT = resolve(import.meta.dirname, "..");

type Locked = {
  readonly hasInstallScript?: boolean;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly license?: string;
  readonly optionalDependencies?: Record<string, string>;
};

const lock = JSON.parse(readFileSync(resolve(ROOT, "package-lock.json"), "utf8")) as {
  packages: Record<string, Locked>;
};
const manifest = JSON.parse(readFileSync(resolve(ROOT, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
};

describe("the package", () => {
  test("runs no install script in production", () => {
    const running = Object.entries(lock.packages).filter(
      ([, { hasInstallScript, dev }]) => hasInstallScript === true && dev !== true,
    );
    expect(running.map(([path]) => path)).toEqual([]);
  });

  test("locks the optional packages of every platform, not only of the one that wrote the lock", () => {
    const wanted = Object.values(lock.packages).flatMap(({ optionalDependencies }) =>
      Object.keys(optionalDependencies ?? {}),
    );
    const missing = wanted.filter((name) => lock.packages[`node_modules/${name}`] === undefined);
    expect(missing, "run node scripts/lock-platforms.ts").toEqual([]);
  });

  test("pins every dependency exactly", () => {
    const loose = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
    );
    expect(loose).toEqual([]);
  });

  test("says of each of its dependencies what it saves and costs, and names no other", () => {
    const page = readFileSync(resolve(ROOT, "docs/internals/dependencies.md"), "utf8");
    const tables = page.split("\n\n").filter((part) => part.startsWith("|"));
    const named = tables.map((table) =>
      table
        .split("\n")
        .slice(2)
        .flatMap((row) => (row.split("|")[1] ?? "").split(",").map((name) => name.trim()))
        .filter((name) => name !== "" && !name.startsWith("node:"))
        .toSorted(),
    );
    const { dependencies, devDependencies } = manifest;
    expect(named).toEqual([dependencies, devDependencies].map((one) => Object.keys(one).toSorted()));
  });

  test("depends in production only on permissive licences", () => {
    const licences = Object.entries(lock.packages)
      .filter(([path, { dev }]) => path !== "" && dev !== true)
      .map(([path, { license }]) => [path, license ?? "none"] as const)
      .filter(([, license]) => !/^(?:MIT|ISC|Apache-2\.0|BSD-[23]-Clause|BlueOak-1\.0\.0|0BSD)$/.test(license));
    expect(licences).toEqual([]);
  });
});

describe("npm in a checkout", () => {
  /** What npm says in a package that wants a Node nobody has, as ours does on Node 20. */
  function npm(
    args: readonly string[],
    files: readonly string[],
  ): { readonly code: number | null; readonly stderr: string } {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, "package.json"), '{"name":"p","version":"1.0.0","engines":{"node":">=99"}}');
    for (const file of files) copyFileSync(resolve(ROOT, file), join(cwd, file));
    const kept = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
    const env = { ...Object.fromEntries(kept), npm_config_offline: "true", npm_config_cache: join(cwd, "cache") };
    const { status, stderr } = spawnSync("npm", args, { cwd, encoding: "utf8", env });
    return { code: status, stderr };
  }

  test("says nothing of the Node it runs on, since the program brings its own, and still tells what goes wrong", () => {
    expect(npm(["install"], []).stderr).toContain("EBADENGINE");
    expect(npm(["install"], [".npmrc"])).toEqual({ code: 0, stderr: "" });
    expect(npm(["ci"], [".npmrc"])).toMatchObject({ code: 1, stderr: expect.stringContaining("npm error") as string });
  });
});
