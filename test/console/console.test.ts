import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { Console } from "../../src/http/console/routes.ts";
import { attendRedrives } from "../../src/failures/redrive/attend.ts";
import { planRetention } from "../../src/retain/plan.ts";
import { runRetention } from "../../src/retain/run.ts";
import { runDeps } from "../failures/redrive/redriving.ts";
import { openEmbedded, shipment, shipmentContracts, TOPIC } from "../embedded.ts";
import { serve, type Service } from "../http/service.ts";
import { until } from "../patience.ts";
import { startChromium, type Chromium, type Page } from "../servers/chromium.ts";
import { attackOf } from "./attacks.ts";
import { RECORDS, startWith, streamOf } from "./behind.ts";
import { builtConsole, keepPicture, says } from "./opened.ts";

let chromium: Chromium;
let built: Console;
beforeAll(async () => {
  built = await builtConsole();
  chromium = await startChromium([]);
});
afterAll(async () => chromium.stop());

async function start(given: { readonly records?: readonly string[] } = {}): Promise<Service> {
  return startWith(built, given);
}

test("a person who uses the keyboard only gets from the overview to the bytes of a failure, and says what is done", async () => {
  const service = await start({ records: RECORDS });
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

  // What retention takes of it is said in its place, with the evidence there and without.
  const take = async (...kinds: readonly string[]): Promise<void> => {
    const policy = (kind: string) => (kinds.includes(kind) ? { ms: 0, says: `retention.${kind} 0d` } : null);
    const retention = await planRetention(service.store.reads, { policy, nowMs: Date.now(), signal: stopping.signal });
    const operator = { actor: "ops", at: "2026-02-01T00:00:00.000Z" };
    await runRetention(service.store, retention, { operator, signal: stopping.signal });
  };
  await take("failed");
  await page.go(`${service.url}/r/kafka/${TOPIC}/0/1`);
  await says(page, "failure taken by retention");
  await says(page, "retention.failed 0d");
  await embedded.append(shipment("c", 5), shipment("c", 5));
  await embedded.settle({ contracts: () => shipmentContracts(10) });
  await page.go(`${service.url}/r/kafka/${TOPIC}/0/3`);
  await says(page, `The fact with its id is the record at ${TOPIC}/0@2`);
  await take("facts");
  await page.go(`${service.url}/r/kafka/${TOPIC}/0/3`);
  await says(page, "fact taken by retention");
  await take("evidence");
  await page.go(`${service.url}/r/kafka/${TOPIC}/0/0`);
  await says(page, "evidence taken by retention");
  await says(page, "Sent again by plan");
  await expectCalm(page);
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
  // The chart is drawn, and says in words what it draws.
  const chart = async (): Promise<unknown> => page.run("return document.querySelector('.rate .drawn').ariaLabel");
  await until(async () => (await page.run("return document.querySelector('.rate canvas') !== null")) === true);
  await until(async () => !String(await chart()).endsWith("at most 0 decided"));
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

const TURNING = String.raw`/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/`;

test("nothing that a payload brings runs, wherever the page shows it", async () => {
  const attacks = Array.from({ length: 300 }, (_, index) => attackOf(index));
  const service = await start({ records: attacks });
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
    // A mark that turns the direction of text would turn what the page itself says behind it.
    expect([path, await page.run(`return ${TURNING}.test(document.title + document.body.textContent)`)]).toEqual([
      path,
      false,
    ]);
  }
  expect(page.errors).toEqual([]);
});

test("a record that passed shows its bytes too, and an address that is no page says so", async () => {
  const service = await start({ records: RECORDS });
  const page = await chromium.open(`${service.url}/r/kafka/${TOPIC}/0/0`);
  await says(page, "PASSED");
  await says(page, shipment("a"));
  await page.go(`${service.url}/failurez`);
  await says(page, "No such page");
  expect(page.errors.filter((error) => !error.includes("status of 404"))).toEqual([]);
});

test("a page goes on by itself when the gateway is back", async () => {
  const service = await start({ records: RECORDS });
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
