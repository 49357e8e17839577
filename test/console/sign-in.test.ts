import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { openAccess } from "../../src/access/access.ts";
import { openPeople } from "../../src/access/people/people.ts";
import { readConsole } from "../../src/app/console-files.ts";
import type { Console } from "../../src/http/console/routes.ts";
import { openEmbedded, shipment } from "../embedded.ts";
import { serve, type Service } from "../http/service.ts";
import { until } from "../patience.ts";
import { freePorts } from "../servers/ports.ts";
import { startChromium, type Chromium, type Page } from "../servers/chromium.ts";
import { CLIENT, startOidc } from "../servers/oidc.ts";

const ROOT = resolve(import.meta.dirname, "../..");
// Of its own: another test builds the console at the same time.
const folder = mkdtempSync(join(tmpdir(), "sigma-console-"));

let chromium: Chromium;
let built: Console;
beforeAll(async () => {
  const vite = ["node_modules/vite/bin/vite.js", "build", "--config", "console/vite.config.ts"];
  const into = ["--outDir", folder, "--emptyOutDir"];
  const { status, stderr } = spawnSync(process.execPath, [...vite, ...into], { cwd: ROOT, encoding: "utf8" });
  const found = await readConsole(folder);
  if (status !== 0 || found === null) throw new Error(`Cannot build the console: ${stderr}`);
  built = found;
  chromium = await startChromium([]);
});
afterAll(async () => {
  await chromium.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function streamOf({ log }: Service): Promise<string> {
  const [stream] = await log.streams();
  return stream?.id ?? "";
}

/** Waits until the page says something. */
async function says(page: Page, text: string): Promise<void> {
  await until(async () => String(await page.run("return document.body.innerText").catch(() => "")).includes(text));
}

const RECORDS = [shipment("a"), shipment("b", -1), "{", shipment("c", 5_000), shipment("a"), shipment("a", 99)];

test("a person signs in at the provider through the page, acts under their own name, and is asked again once the session ended", async () => {
  const [port = 0] = await freePorts(1);
  const redirectUrl = `http://127.0.0.1:${port}/auth/callback`;
  const oidc = await startOidc(redirectUrl);
  onTestFinished(oidc.stop);
  const clock = { aheadMs: 0 };
  const now = (): number => Date.now() + clock.aheadMs;
  const embedded = await openEmbedded();
  const people = openPeople({
    issuer: oidc.issuer,
    audience: null,
    client: { ...CLIENT, redirectUrl },
    groupsClaim: "groups",
    roles: [["on-call", "operator"]],
    clockSkewSeconds: 30,
    session: { idleMs: 30 * 60_000, absoluteMs: 8 * 3_600_000 },
    now,
  });
  const access = openAccess({ reads: embedded.store.reads, now, noteUse: () => undefined, people });
  const service = await serve(embedded, { http: { console: built, now, access }, port });
  await service.append(...RECORDS);
  await until(async () => (await service.store.tail(await streamOf(service)))?.to === BigInt(RECORDS.length));
  const page = await chromium.open(`${service.url}/failures`);
  await says(page, "Sign in");
  await page.run("document.querySelector('a[href^=\"/auth/login\"]').click()");
  await until(
    async () => (await page.run("return document.forms[0]?.login !== undefined").catch(() => false)) === true,
  );
  await page.run("const [form] = document.forms; form.login.value = 'ada'; form.querySelector('button').click();");
  await says(page, "What needs you");
  expect(await page.run("return document.cookie")).not.toContain("sigma_session");
  await page.go(`${service.url}/failures`);
  await says(page, "4 groups");
  const code = await page.run(
    "const group = (await (await fetch('/v1/failures/groups')).json()).groups[0].fingerprint; const csrf = (await (await fetch('/auth/session')).json()).csrf; return (await fetch('/v1/failures/groups/' + group, { method: 'PATCH', headers: { 'content-type': 'application/json', 'x-csrf-token': csrf }, body: JSON.stringify({ state: 'acknowledged', reason: 'seen' }) })).status",
  );
  expect(code).toBe(200);
  await page.go(`${service.url}/operator-log`);
  await says(page, "ada@example.test (subject ada)");
  clock.aheadMs = 31 * 60_000;
  await page.go(`${service.url}/failures`);
  await says(page, "Sign in");
});
