import { execFile } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { shipment, temporaryDirectory, TOPIC } from "../embedded.ts";
import { post, startService } from "../http/service.ts";
import { startChromium, type Page } from "../servers/chromium.ts";
import { shipmentContracts } from "../embedded.ts";
import { builtConsole, keepPicture, ROOT, says } from "./opened.ts";

/** The pages by path, with what each says when it is there. */
const PAGES = [
  ["/", "What needs you"],
  ["/failures", "1 group"],
  ["/failures?code=schema&since=7d", "0 groups"],
  ["/failures/all", `${TOPIC}/0@1`],
  ["/failures/all?code=schema&topic=shipments", `${TOPIC}/0@1`],
  ["/redrives", "No record was sent again"],
  ["/objectives", "No objective is set"],
  ["/operator-log", "Nobody did anything yet"],
  ["/contracts", "shipment"],
  ["/contracts/shipment", "JSON Schema of shipment@1"],
  ["/contracts/shipment/migration?since=2020-01-01T00:00:00Z", "svc-a"],
  ["/contracts/shipment/what-if", "Judge by version"],
  ["/playground?contract=shipment@1", "FAILED"],
  ["/health", "running"],
  [`/r/kafka/${TOPIC}/0/1`, "must be > 0"],
] as const;

async function copied(
  page: Page,
): Promise<{ readonly cli: string | null; readonly curl: string; readonly link: string }> {
  return (await page.run(`const of = (words) => [...document.querySelectorAll(".copy-as button")].find((one) => one.innerText === words)?.title ?? null;
    return { cli: of("Copy as CLI"), curl: of("Copy as cURL"), link: of("Copy link") };`)) as Awaited<
    ReturnType<typeof copied>
  >;
}

test("what every page offers to be copied runs: its request answers, and its command says the same of the same data", async () => {
  const contracts = shipmentContracts();
  const service = await startService({
    http: { console: await builtConsole(), now: Date.now, contracts: () => contracts },
  });
  const headers = { "content-type": "application/x-ndjson", prefer: "wait=30", "sigma-producer": "svc-a" };
  await post(
    `${service.url}/v1/events/${TOPIC}`,
    [shipment("a"), shipment("b", -1), shipment("c"), shipment("d", -2.5)].join("\n"),
    headers,
  );
  const group = (
    (await (await fetch(`${service.url}/v1/failures/groups`)).json()) as { groups: { fingerprint: string }[] }
  ).groups[0]?.fingerprint;
  const folder = temporaryDirectory();
  const sigma = join(folder, "sigma");
  writeFileSync(sigma, `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, "bin/sigma.js")}" "$@"\n`);
  chmodSync(sigma, 0o755);
  const env = {
    PATH: `${folder}:${process.env["PATH"] ?? ""}`,
    SIGMA_DATA_DIR: service.directory,
    SIGMA_SOURCES: `${TOPIC}=shipment@1`,
    NO_COLOR: "1",
  };
  const run = async (
    command: string,
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> =>
    new Promise((done) => {
      execFile("sh", ["-c", command], { env, cwd: ROOT }, (error, stdout, stderr) =>
        done({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
      );
    });
  const chromium = await startChromium([]);
  const broken: unknown[] = [];
  const without: string[] = [];
  try {
    const page = await chromium.open(service.url);
    for (const [path, words] of [...PAGES, [`/failures/g/${group}`, "Among the newest 2"]] as const) {
      await page.go(`${service.url}${path}`);
      await says(page, words);
      await keepPicture(page, `page${path.replaceAll(/[^\w-]+/g, "-")}`);
      const { cli, curl } = await copied(page);
      const answer = await run(`${curl} -w '\\n%{http_code}'`);
      if (!/\n20[02]$/.test(answer.stdout)) broken.push([path, curl, answer]);
      if (cli === null) without.push(path);
      const { code, stderr } = await run(cli ?? "true");
      // 10: there are findings.
      if (code !== 0 && code !== 10) broken.push([path, cli, code, stderr]);
    }
  } finally {
    await chromium.stop();
  }
  // Without an objective the command has nothing to say.
  expect([broken, without]).toEqual([[], ["/objectives"]]);
});
