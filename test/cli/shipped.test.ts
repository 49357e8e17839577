import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { temporaryDirectory } from "../embedded.ts";
import { PATIENCE_MS } from "../patience.ts";
import { ROOT } from "./run.ts";

/** Whoever waits for a command here can wait for nothing else, no limit of the test either. */
const COMMAND_MAX_MS = 5 * PATIENCE_MS;

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
      const { status, stdout, stderr } = spawnSync(text, {
        cwd: folder,
        shell: true,
        encoding: "utf8",
        timeout: COMMAND_MAX_MS,
      });
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

/** Runs a command to its end. @throws with what it printed when it fails, or does not end. */
function succeed(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: "utf8", timeout: COMMAND_MAX_MS });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${stdout}${stderr}`);
  return stdout;
}

/** Names where packages are, and by which certificates: without them a machine behind a proxy of its own reaches no registry. */
const TRUST = /^(?:NODE_EXTRA_CA_CERTS|NODE_USE_SYSTEM_CA|npm_config_(?:registry|cafile|ca|https?[-_]proxy|proxy))$/i;

describe("the package", () => {
  test("is installed from its tarball into an empty folder, and npx starts it there with its console", async () => {
    const [building] = stagesOf(readFileSync(join(ROOT, "Dockerfile"), "utf8"));
    const sources = perform(building ?? [], null);
    const { name: called, files } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      readonly name: string;
      readonly files: readonly string[];
    };
    for (const name of files.filter((one) => one !== "dist")) {
      cpSync(join(ROOT, name), join(sources, name), { recursive: true });
    }
    for (const name of ["README.md", "LICENSE"]) copyFileSync(join(ROOT, name), join(sources, name));
    const folder = temporaryDirectory();
    // The Node that the tests run on, and nothing of the npm that started them, but for whom this machine trusts.
    const kept = Object.entries(process.env).filter(
      ([name]) => !/^(?:npm_|SIGMA_|VITEST|NODE_)/i.test(name) || TRUST.test(name),
    );
    const path = `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`;
    // npm waits five minutes for an answer that never comes, and minutes before it asks again, for each package.
    const impatient = {
      npm_config_fetch_timeout: "20000",
      npm_config_fetch_retries: "5",
      npm_config_fetch_retry_mintimeout: "1000",
      npm_config_fetch_retry_maxtimeout: "5000",
    };
    const env = { ...Object.fromEntries(kept), ...impatient, PATH: path };
    const packed = succeed("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], sources, env);
    succeed("npm", ["install", "--prefer-offline", "--omit=optional", `./${packed.trim()}`], folder, env);
    const [npx, program] = ["npx", ["--no-install", called]] as const;
    const asked = { cwd: folder, env, encoding: "utf8", timeout: COMMAND_MAX_MS } as const;
    const missing = spawnSync(npx, [...program, "start"], asked);
    expect([missing.status, missing.stderr]).toEqual([2, expect.stringContaining("npx sigma init") as string]);
    succeed(npx, [...program, "init"], folder, env);
    const command = join(folder, "node_modules/.bin/sigma");
    const running = spawn(command, ["start", "--port", "0"], { cwd: folder, env });
    onTestFinished(() => void running.kill("SIGKILL"));
    let printed = "";
    const demo = new Promise<void>((seen) => {
      running.stdout.setEncoding("utf8").on("data", (text: string) => {
        printed += text;
        if (printed.includes("Try next:")) seen();
      });
    });
    await Promise.race([demo, once(running, "close")]);
    expect(printed).toContain("PASSED     14");
    const url = / on (http:\S+)/.exec(printed)?.[1] ?? "";
    const page = await fetch(`${url}/`);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<script type="module"') as string]);
    running.kill("SIGTERM");
    expect(await once(running, "close")).toEqual([0, null]);
    succeed(npx, [...program, "audit", "--source"], folder, env);
  });
});
