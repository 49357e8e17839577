import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { readConsole } from "../../src/app/console-files.ts";
import { createLive } from "../../src/http/live/live.ts";
import type { Console } from "../../src/http/console/routes.ts";
import { attendRedrives } from "../../src/failures/redrive/attend.ts";
import { runDeps } from "../failures/redrive/redriving.ts";
import { openEmbedded, shipment, shipmentContracts, TOPIC } from "../embedded.ts";
import { feedLive } from "../http/feed-live.ts";
import { serve, type Service } from "../http/service.ts";
import { until } from "../patience.ts";
import { startChromium, type Chromium, type Page } from "../servers/chromium.ts";
import { attackOf } from "./attacks.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const AXE = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
/** Names a folder for pictures of every page; nothing is kept without it. */
const PICTURES = process.env["CONSOLE_PICTURES"];

let chromium: Chromium;
let built: Console;
beforeAll(async () => {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/console.ts"], { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) throw new Error(`Cannot build the console: ${stderr}`);
  const found = await readConsole(join(ROOT, "dist/console"));
  if (found === null) throw new Error("Cannot read the console that was built");
  built = found;
  chromium = await startChromium([]);
});
afterAll(async () => chromium.stop());

async function start(...records: readonly string[]): Promise<Service> {
  const live = createLive({ now: Date.now });
  const embedded = await openEmbedded();
  const service = await serve(embedded, {
    ingest: feedLive(live, embedded),
    http: { console: built, now: Date.now, live },
  });
  if (records.length > 0) {
    await service.append(...records);
    await until(async () => (await service.store.tail(await streamOf(service)))?.to === BigInt(records.length));
  }
  return service;
}

async function streamOf({ log }: Service): Promise<string> {
  const [stream] = await log.streams();
  return stream?.id ?? "";
}

/** Waits until the page says something. */
async function says(page: Page, text: string): Promise<void> {
  await until(async () => String(await page.run("return document.body.innerText")).includes(text));
}

const RECORDS = [shipment("a"), shipment("b", -1), "{", shipment("c", 5_000), shipment("a"), shipment("a", 99)];

/** Every page with what it says once it has asked, over a store with records and over an empty one. */
const PAGES: readonly (readonly [path: string, full: string, empty: string])[] = [
  ["/", "What needs you", "No record failed in the last 24 hours"],
  ["/live", "No record that passes this filter", "No record that passes this filter"],
  ["/failures", "4 groups", "0 groups"],
  ["/failures/all", `${TOPIC}/0@2`, "No failure passes this filter"],
  ["/redrives", "No record was sent again", "No record was sent again"],
  ["/ledger", `${TOPIC}/0`, "No head was written"],
  [`/ledger/proof?topic=${TOPIC}&offset=1`, "It holds", "No entry of the ledger covers"],
  ["/objectives", "No objective is set", "No objective is set"],
  ["/operator-log", "Nobody did anything yet", "Nobody did anything yet"],
  ["/contracts", "shipment", "shipment"],
  ["/contracts/shipment", "JSON Schema of shipment@1", "None in the last 7 days"],
  ["/keys", "There are no keys", "There are no keys"],
  ["/playground", "FAILED", "FAILED"],
  ["/health", "running", "For programs"],
  [`/r/kafka/${TOPIC}/0/1`, "must be > 0", "Ask again"],
  ["/nothing/here", "No such page", "No such page"],
];

describe("every page of the console", () => {
  test.each(["full", "empty"] as const)("is accessible and has no error, over a store that is %s", async (kind) => {
    const service = await start(...(kind === "full" ? RECORDS : []));
    const page = await chromium.open(service.url);
    for (const [path, full, empty] of PAGES.filter(([at]) => at !== "/nothing/here")) {
      for (const [width, scheme] of [
        [1280, "light"],
        [768, "dark"],
        [390, "light"],
        [390, "dark"],
      ] as const) {
        await page.show(width, scheme);
        await page.go(`${service.url}${path}`);
        await says(page, kind === "full" ? full : empty);
        const violations = await page.run(`${AXE}
          const { violations } = await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] });
          return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ": " + html));`);
        expect([path, width, scheme, violations]).toEqual([path, width, scheme, []]);
        const overflow = await page.run("return document.documentElement.scrollWidth - innerWidth");
        expect([path, width, Number(overflow) > 0]).toEqual([path, width, false]);
        await keepPicture(page, `${kind}${path.replaceAll("/", "-")}-${width}-${scheme}`);
      }
    }
    // The browser itself reports an answer of 404: the record that an empty store does not have.
    expect(page.errors.filter((error) => !error.includes("404"))).toEqual([]);
  });
});

async function keepPicture(page: Page, name: string): Promise<void> {
  if (PICTURES === undefined) return;
  mkdirSync(PICTURES, { recursive: true });
  writeFileSync(join(PICTURES, `${name}.png`), await page.screenshot());
}

test("a person who uses the keyboard only gets from the overview to the bytes of a failure, and says what is done", async () => {
  const service = await start(...RECORDS);
  const page = await chromium.open(service.url);
  await says(page, "What needs you");
  await page.press("g");
  await page.press("f");
  await says(page, "4 groups");
  const isAt = async (text: string): Promise<boolean> =>
    String(await page.run("return document.activeElement?.innerText ?? ''")).includes(text);
  await until(async () => {
    await page.press("j");
    return isAt("/weight_kg: must be > 0");
  });
  await page.press("Enter");
  await says(page, "Among the newest 1");
  await until(async () => {
    await page.press("j");
    return isAt(`${TOPIC}/0@1`);
  });
  await page.press("Enter");
  await says(page, "The record, byte for byte");
  await until(async () => (await page.run("return document.querySelector('mark')?.innerText ?? ''")) === "1-1");
  await page.run("history.back()");
  await says(page, "Among the newest 1");
  await page.run(`const click = (name) => [...document.querySelectorAll("button")].find((b) => b.innerText.startsWith(name)).click();
    click("Acknowledge"); await new Promise((painted) => requestAnimationFrame(painted));
    const form = document.querySelector("form.action");
    form.elements.actor.value = "ann"; form.elements.reason.value = "asked the producer"; form.requestSubmit();`);
  await says(page, "asked the producer");
  const actions = await service.store.reads.operatorLog(0, 10);
  expect(actions.map(({ actor, reason }) => [actor, reason])).toEqual([
    ["ann via api from 127.0.0.1", "asked the producer"],
  ]);
  await page.press("?");
  await says(page, "Go to Playground");
  expect(page.errors).toEqual([]);
});

test("a bad deploy: an operator plans, runs and sees a redrive, and the record tells where it failed first", async () => {
  const embedded = await openEmbedded();
  await embedded.append(shipment("a", 50), shipment("b", 60));
  await embedded.settle({ contracts: () => shipmentContracts(10) });
  const service = await serve(embedded, { http: { console: built, now: Date.now } });
  const stopping = new AbortController();
  const attending = { ...runDeps(service.store, service.deps.contracts()), report: () => undefined };
  const ended = attendRedrives(attending, stopping.signal);
  onTestFinished(async () => {
    stopping.abort();
    await ended;
  });
  const page = await chromium.open(`${service.url}/failures`);
  await says(page, "1 group");
  await page.run("document.querySelector('tbody a').click()");
  await says(page, "Redrive all 2 failures");
  await page.run(act("Redrive all 2 failures", "Make the plan", { actor: "ann", reason: "the limit was wrong" }));
  await says(page, "2 would pass, 0 would fail");
  await page.run(act("Run 2 records", "Run 2 records", { actor: "ann", reason: "approved", expect: "1" }));
  await until(async () => (await page.run("return document.querySelector('form [role=alert]') !== null")) === true);
  await page.run(act(null, "Run 2 records", { expect: "2" }));
  await says(page, "2 stored, 0 duplicates");
  await says(page, "done");
  await page.go(`${service.url}/r/kafka/${TOPIC}/0/1`);
  await says(page, "Sent again by plan");
  await page.go(`${service.url}/operator-log`);
  await says(page, "the limit was wrong");
  await expectCalm(page);
  expect(await service.store.reads.tally()).toMatchObject({ validated: 2 });
});

/** Opens a form by its button, fills it, and sends it by the other. */
function act(opens: string | null, sends: string, fields: Readonly<Record<string, string>>): string {
  return `const button = (name) => [...document.querySelectorAll("main button")].findLast((one) => one.innerText.startsWith(name));
    if (${JSON.stringify(opens)} !== null) { button(${JSON.stringify(opens)}).click(); await new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))); }
    const form = document.querySelector("form.action");
    for (const [name, text] of Object.entries(${JSON.stringify(fields)})) form.elements[name].value = text;
    form.requestSubmit(button(${JSON.stringify(sends)}));`;
}

/** Refused requests are answers that the page shows; the browser reports them, and nothing else. */
async function expectCalm(page: Page): Promise<void> {
  expect(page.errors.filter((error) => !/status of (?:404|409)/.test(error))).toEqual([]);
}

test("the live view shows what is decided, stops and goes on, and asks for nothing while nobody sees it", async () => {
  const service = await start();
  const page = await chromium.open(`${service.url}/live`);
  await says(page, "✓ live");
  await service.append(shipment("a"), shipment("b", -1));
  await says(page, `${TOPIC}/0@1`);
  await says(page, "must be > 0");
  await page.press("s");
  await says(page, "stopped");
  await service.append(shipment("c"));
  await until(async () => (await service.store.tail(await streamOf(service)))?.to === 3n);
  const rows = async (): Promise<unknown> =>
    page.run("return [...document.querySelectorAll('tbody tr > :first-child')].map((one) => one.innerText)");
  expect(await rows()).toEqual([`${TOPIC}/0@1`, `${TOPIC}/0@0`]);
  await page.press("s");
  await says(page, "✓ live");
  await service.append(shipment("d", -4));
  await says(page, `${TOPIC}/0@3`);
  await page.run(`const change = (name, value) => Object.assign(document.querySelector(name), { value }).dispatchEvent(new Event("change", { bubbles: true }));
    change("select[name=verdict]", "FAILED");`);
  await says(page, "No record that passes this filter");
  await says(page, "✓ live");
  await service.append(shipment("e"), shipment("f", -2));
  await says(page, `${TOPIC}/0@5`);
  expect(await rows()).toEqual([`${TOPIC}/0@5`]);
  expect(await page.run("return location.search")).toBe("?verdict=FAILED");
  await page.run(`Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));`);
  await says(page, "paused while the page is not seen");
  await page.run(`delete document.visibilityState; document.dispatchEvent(new Event("visibilitychange"));`);
  await says(page, "✓ live");
  await keepPicture(page, "live-1280-light");
  expect(page.errors).toEqual([]);
});

test("nothing that a payload brings runs, wherever the page shows it", async () => {
  const attacks = Array.from({ length: 300 }, (_, index) => attackOf(index));
  const service = await start(...attacks);
  const page = await chromium.open(service.url);
  const { failures } = (await (await fetch(`${service.url}/v1/failures?limit=1000`)).json()) as {
    readonly failures: readonly { readonly offset: number; readonly fingerprint: string }[];
  };
  expect(failures).toHaveLength(attacks.length);
  const groups = [...new Set(failures.map(({ fingerprint }) => `/failures/g/${fingerprint}`))];
  const records = failures.filter((_, index) => index % 10 === 0).map(({ offset }) => `/r/kafka/${TOPIC}/0/${offset}`);
  for (const path of ["/", "/failures", "/failures/all", ...groups, ...records]) {
    await page.go(`${service.url}${path}`);
    await until(async () => (await page.run("return document.querySelector('table, pre, h2') !== null")) === true);
    expect([
      path,
      await page.run(
        "return window.attacked === undefined && document.querySelector('main script, main iframe, main img, main object, main style') === null",
      ),
    ]).toEqual([path, true]);
  }
  expect(page.errors).toEqual([]);
});

test("a page goes on by itself when the gateway is back", async () => {
  const service = await start(...RECORDS);
  const page = await chromium.open(`${service.url}/health`);
  await says(page, "running");
  service.server.closeAllConnections();
  await new Promise((closed) => service.server.close(closed));
  await says(page, "The gateway does not answer");
  await serve(service, { http: { console: built, now: Date.now }, port: service.port });
  await says(page, "running");
  await expect.poll(async () => page.run("return document.querySelector('[role=alert]') === null")).toBe(true);
});

test("the console is small, and its first page asks nobody else", async () => {
  const document = built.document.bytes.toString();
  const first = [...document.matchAll(/"(\/assets\/[^"]+\.js)"/g)].map(([, path = ""]) => path);
  expect(first.length).toBeGreaterThan(0);
  const packed = first.reduce((sum, path) => sum + gzipSync(built.files.get(path)?.bytes ?? "").length, 0);
  expect(packed).toBeLessThan(45 * 1024);
  expect([...built.files.values()].reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThan(1_000_000);
  const service = await start();
  const page = await chromium.open(service.url);
  await says(page, "Overview");
  const asked = await page.run(
    "return performance.getEntriesByType('resource').map(({ name }) => new URL(name).origin)",
  );
  expect(new Set(asked as string[])).toEqual(new Set([service.url]));
});
