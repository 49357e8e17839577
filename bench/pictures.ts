import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { until } from "../test/patience.ts";
import { startChromium } from "../test/servers/chromium.ts";
import { readArguments, someText } from "./arguments.ts";
import { addressOf, wantConsole } from "./console.ts";

// node bench/pictures.ts [folder]
// Takes the pictures of the console (built before: npm run console) in docs/images that show the demo's records. Those of a diff, a migration, a what-if, a halted stream, a
// runbook and a telephone come from tests: CONSOLE_PICTURES=folder npx vitest run test/console/contracts.test.ts test/console/health.test.ts

const ROOT = resolve(import.meta.dirname, "..");
const [FOLDER] = readArguments(someText(join(ROOT, "docs/images")));

mkdirSync(FOLDER, { recursive: true });
const data = mkdtempSync(join(tmpdir(), "sigma-pictures-"));
const gateway = spawn(process.execPath, [join(ROOT, "bin/sigma.js"), "start", "--json"], {
  cwd: ROOT,
  env: { ...process.env, SIGMA_DATA_DIR: data, SIGMA_HTTP_PORT: "0" },
  stdio: ["ignore", "pipe", "ignore"],
});
const chromium = await startChromium([]);
try {
  const url = await addressOf(gateway.stdout);
  await wantConsole(url);
  await until(async () => (await groupsOf(url)).length > 10);
  const groups = await groupsOf(url);
  const chosen = groups.find(({ why }) => why.startsWith("/weight_kg: must be > 0")) ?? groups[0];
  const answer = await fetch(`${url}/v1/failures?group=${chosen?.fingerprint}&limit=1`);
  const { failures } = (await answer.json()) as {
    readonly failures: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[];
  };
  const [failure] = failures;
  if (failure === undefined) throw new Error("nothing failed");
  const record = `/r/kafka/${failure.topic}/${failure.partition}/${failure.offset}`;
  const pictures = [
    ["failures", "/failures", "What is wrong"],
    ["group", `/failures/g/${groups[0]?.fingerprint}`, "Examples"],
    ["list", "/failures/all", "Position"],
    ["record", record, "The record, byte for byte"],
    ["versions", "/contracts/shipment", "JSON Schema of shipment@1"],
    ["playground", "/playground?contract=shipment@1", "FAILED"],
  ] as const;
  const page = await chromium.open(url);
  await page.show(1280, "light");
  for (const [name, path, words] of pictures) {
    await page.go(`${url}${path}`);
    await until(async () => {
      const text = String(await page.run("return document.body.innerText"));
      return text.includes(words) && text.includes("ready");
    });
    writeFileSync(join(FOLDER, `console-${name}.png`), await page.screenshot());
  }
} finally {
  await chromium.stop();
  gateway.kill();
  await once(gateway, "exit");
  rmSync(data, { recursive: true, force: true });
}

async function groupsOf(url: string): Promise<readonly { readonly fingerprint: string; readonly why: string }[]> {
  const { groups } = (await (await fetch(`${url}/v1/failures/groups?sort=count`)).json()) as {
    readonly groups: readonly { readonly fingerprint: string; readonly why?: string }[];
  };
  return groups.map(({ fingerprint, why = "" }) => ({ fingerprint, why }));
}
