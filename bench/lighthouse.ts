import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

// node bench/lighthouse.ts [folder]
// What Lighthouse says of the pages of the console, over a gateway with the demo's records. It is no dependency of the repository: it weighs
// 176 MB in 114 packages. It is installed into the folder, or into one that is removed afterwards.

const VERSION = "13.5.0";
const ROOT = resolve(import.meta.dirname, "..");
const PAGES = process.env["PAGES"]?.split(",") ?? [
  "/",
  "/failures",
  "/failures/all",
  "/contracts/shipment",
  "/playground",
  "/health",
];
/** Points of 100 that every page has to have. */
const LEAST = 95;
/** The first useful paint. */
const PAINT_MS_MAX = 1_000;
const FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];

type Report = {
  readonly categories: Readonly<Record<"performance" | "best-practices", { readonly score: number }>>;
  readonly audits: Readonly<
    Record<string, { readonly score: number | null; readonly title: string; readonly numericValue?: number }>
  >;
};

const given = process.argv[2];
const folder = given ?? mkdtempSync(join(tmpdir(), "sigma-lighthouse-"));
const data = mkdtempSync(join(tmpdir(), "sigma-lighthouse-data-"));
const cli = join(folder, "node_modules/lighthouse/cli/index.js");
if (!existsSync(cli))
  execFileSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", `lighthouse@${VERSION}`], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });

const gateway = spawn(process.execPath, [join(ROOT, "bin/sigma.js"), "start", "--json"], {
  cwd: ROOT,
  env: { ...process.env, SIGMA_DATA_DIR: data, SIGMA_HTTP_PORT: "0" },
  stdio: ["ignore", "pipe", "ignore"],
});
try {
  const url = await addressOf();
  const rows = PAGES.map((page) => ({ page, ...look(`${url}${page}`) }));
  for (const { page, performance, practices, paintMs, largestMs, faults } of rows)
    process.stdout.write(
      `${page}\t${performance}\t${practices}\t${paintMs} ms\t${largestMs} ms\t${faults.join("; ")}\n`,
    );
  const isSlow = rows.some(({ paintMs }) => paintMs > PAINT_MS_MAX);
  if (isSlow || rows.some(({ performance, practices }) => Math.min(performance, practices) < LEAST))
    process.exitCode = 1;
} finally {
  gateway.kill();
  await once(gateway, "exit");
  rmSync(data, { recursive: true, force: true });
  if (given === undefined) rmSync(folder, { recursive: true, force: true });
}

async function addressOf(): Promise<string> {
  for await (const line of createInterface({ input: gateway.stdout })) {
    const found = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (found !== undefined) return found;
  }
  throw new Error("the gateway ended before it listened");
}

/** Looks at a page as a desktop without a slow network: the console and its gateway are usually in one house. */
function look(url: string) {
  const file = join(data, "report.json");
  execFileSync(
    process.execPath,
    [
      cli,
      url,
      "--quiet",
      "--preset=desktop",
      "--only-categories=performance,best-practices",
      "--output=json",
      `--output-path=${file}`,
      `--chrome-flags=${FLAGS.join(" ")}`,
    ],
    { stdio: "inherit", env: { ...process.env, CHROME_PATH: process.env["CHROMIUM"] ?? "/usr/bin/chromium" } },
  );
  const { categories, audits } = JSON.parse(readFileSync(file, "utf8")) as Report;
  const ms = (name: string): number => Math.round(audits[name]?.numericValue ?? 0);
  return {
    performance: Math.round(categories.performance.score * 100),
    practices: Math.round(categories["best-practices"].score * 100),
    paintMs: ms("first-contentful-paint"),
    largestMs: ms("largest-contentful-paint"),
    faults: Object.values(audits)
      .filter(({ score }) => score !== null && score < 0.9)
      .map(({ title }) => title),
  };
}
