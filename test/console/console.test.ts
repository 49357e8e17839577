import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openAccess } from "../../src/access/access.ts";
import { makeApiKey } from "../../src/access/change-keys.ts";
import { readConsole } from "../../src/app/console-files.ts";
import { createLive } from "../../src/http/live/live.ts";
import type { Console } from "../../src/http/console/routes.ts";
import { attendRedrives } from "../../src/failures/redrive/attend.ts";
import { runDeps } from "../failures/redrive/redriving.ts";
import { openEmbedded, shipment, shipmentContracts, TOPIC, type Embedded } from "../embedded.ts";
import { feedLive } from "../http/feed-live.ts";
import { serve, type Service } from "../http/service.ts";
import { until } from "../patience.ts";
import { startChromium, type Chromium, type Page } from "../servers/chromium.ts";
import { addresses } from "./addresses.ts";
import { attackOf } from "./attacks.ts";
import { AWAY, openFront, type Front } from "./front.ts";

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

async function start({
  records = [],
  embedded: given,
}: { readonly records?: readonly string[]; readonly embedded?: Embedded } = {}): Promise<Service> {
  const live = createLive({ now: Date.now });
  const embedded = given ?? (await openEmbedded());
  const access = openAccess({ reads: embedded.store.reads, now: Date.now, noteUse: () => undefined });
  const service = await serve(embedded, {
    ingest: feedLive(live, embedded),
    http: { console: built, now: Date.now, live, access },
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

/** What pages say over a store with records, and over an empty one. A page that is not named says its title at least. */
const SAYS: Readonly<Record<string, readonly [full: string, empty: string]>> = {
  "/": ["What needs you", "No record failed in the last 24 hours"],
  "/live": ["No record that passes this filter", "No record that passes this filter"],
  "/failures": ["4 groups", "0 groups"],
  "/failures/all": [`${TOPIC}/0@2`, "No failure passes this filter"],
  "/failures/g/:fingerprint": ["must be > 0", "Ask again"],
  "/r/kafka/:topic/:partition/:offset": ["must be > 0", "Ask again"],
  "/redrives": ["the limit was wrong", "No record was sent again"],
  "/redrives/:plan": ["the limit was wrong", "Ask again"],
  "/contracts": ["shipment", "shipment"],
  "/contracts/:subject": ["JSON Schema of shipment@1", "None in the last 7 days"],
  "/contracts/:subject/diff": ["so there is nothing to compare", "so there is nothing to compare"],
  "/contracts/:subject/migration": ["Nobody sent a record of shipment yet", "Nobody sent a record of shipment yet"],
  "/contracts/:subject/what-if": ["judged nothing again yet", "judged nothing again yet"],
  "/ledger": [`${TOPIC}/0`, "No head was written"],
  "/ledger/entries": ["BATCH", "INIT"],
  "/ledger/proof": ["It holds", "No entry of the ledger covers"],
  "/objectives": ["No objective is set", "No objective is set"],
  "/operator-log": ["the limit was wrong", "key-new"],
  "/keys": ["the stranger", "the stranger"],
  "/playground": ["FAILED", "FAILED"],
  "/health": ["running", "running"],
  "/runbooks/:name": ["Too many records fail", "Too many records fail"],
};
/** These ask for nothing that needs a role. */
const OPEN_TO_ALL = ["/runbooks/:name"];
/** These have something to show before they have an answer. */
const NEVER_WAITING = ["/live", "/playground", "/runbooks/:name"];

const SIZES = {
  full: [1280, 768, 390],
  empty: [1280, 768, 390],
  loading: [1280, 390],
  error: [1280, 390],
  forbidden: [1280, 390],
} as const;

/** A gateway that wants keys, behind a front that gives them; with records and a plan, or without. */
async function startBehind(
  isFull: boolean,
): Promise<{ readonly front: Front; readonly pages: ReturnType<typeof addresses> }> {
  const embedded = await openEmbedded();
  const keyOf = async (role: "admin" | "producer", name: string): Promise<string> => {
    const wanted = { name, roles: [role], topics: [TOPIC], subjects: [], endsMs: null };
    const operator = { actor: "ann", at: new Date().toISOString(), reason: "for the tests" };
    const all = role === "admin" ? { ...wanted, topics: [] } : wanted;
    return (await makeApiKey(embedded.store, all, operator, randomBytes)).key;
  };
  const [admin, stranger] = [await keyOf("admin", "ann"), await keyOf("producer", "the stranger")];
  const service = await start({ embedded, records: isFull ? RECORDS : [] });
  const values: Record<string, string> = {
    subject: "shipment",
    version: "1",
    topic: TOPIC,
    partition: "0",
    offset: "1",
    name: "breaker-open",
  };
  values["stream"] = await streamOf(service);
  values["fingerprint"] = "0".repeat(32);
  values["plan"] = "0".repeat(12);
  if (isFull) {
    const headers = { authorization: `Bearer ${admin}`, "content-type": "application/json" };
    const at = async (path: string, init = {}): Promise<Record<string, string>> =>
      (await (await fetch(`${service.url}${path}`, { headers, ...init })).json()) as Record<string, string>;
    const { fingerprint = "" } = await at(`/v1/decisions/${TOPIC}/0/1`);
    const body = JSON.stringify({ reason: "the limit was wrong", select: { group: fingerprint } });
    const { id = "" } = await at("/v1/redrives", { method: "POST", body });
    Object.assign(values, { fingerprint, plan: id });
  }
  return { front: await openFront(service.port, { admin, stranger }), pages: addresses(values) };
}

/** Waits until a page says what it has to say in a state. */
async function settles(page: Page, front: Front, path: string, state: keyof typeof SIZES): Promise<void> {
  const [full, empty] = SAYS[path] ?? ["", ""];
  const isOpen = OPEN_TO_ALL.includes(path);
  const words = {
    full,
    empty,
    loading: NEVER_WAITING.includes(path) ? "" : "Asking the gateway",
    error: isOpen ? "" : path === "/live" ? "the gateway does not answer" : AWAY,
    forbidden: isOpen ? "" : "needs the role",
  }[state];
  await says(page, words);
  await until(async () => {
    const isThere = await page.run("return document.querySelector('h1') !== null && document.title !== ''");
    return isThere === true && (state === "loading" || front.isIdle());
  });
}

/** What axe finds against WCAG 2.2 AA, and whether the page is wider than its window. */
async function faultsOf(page: Page): Promise<unknown> {
  return page.run(`if (window.axe === undefined) { ${AXE} }
    const { violations } = await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] });
    const wide = document.documentElement.scrollWidth > innerWidth ? ["wider than its window"] : [];
    return [...wide, ...violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ": " + html))];`);
}

describe("every page of the console, as the list of its routes names them", () => {
  test.each(["full", "empty", "loading", "error", "forbidden"] as const)(
    "is accessible in light and dark and at every width where it is %s, and says what it is",
    async (state) => {
      const { front, pages } = await startBehind(state !== "empty");
      const page = await chromium.open(`${front.url}/health`);
      front.turn(state === "empty" ? "full" : state);
      for (const [path, address] of pages) {
        await page.go(`${front.url}${address}`);
        for (const width of SIZES[state]) {
          for (const scheme of ["light", "dark"] as const) {
            await page.show(width, scheme);
            await settles(page, front, path, state);
            expect([path, width, scheme, await faultsOf(page)]).toEqual([path, width, scheme, []]);
            await keepPicture(page, `${state}${path.replaceAll(/[/:]+/g, "-")}-${width}-${scheme}`);
          }
        }
      }
      // The browser itself reports answers that are no success.
      expect(page.errors.filter((error) => !/status of (?:403|404|503)|ERR_EMPTY_RESPONSE/.test(error))).toEqual([]);
    },
  );

  test("is used by the keyboard alone: Tab reaches all that can be clicked, from the first link on, and shows where it is", async () => {
    const { front, pages } = await startBehind(true);
    const page = await chromium.open(`${front.url}/health`);
    await page.show(1280, "light");
    for (const [path, address] of pages) {
      await page.go(`${front.url}${address}`);
      await settles(page, front, path, "full");
      await page.run("document.activeElement?.blur(); window.reached = new Set(); window.unseen = [];");
      const count = Number(
        await page.run(`window.wanted = [...document.querySelectorAll("a[href], button:not(:disabled), input, select, textarea, summary, [tabindex='0']")]
        .filter((one) => one.checkVisibility() && one.closest("details:not([open]) > :not(summary)") === null); return wanted.length;`),
      );
      for (let pressed = 0; pressed < count + 2; pressed += 1) {
        await page.press("Tab");
        await page.run(`const at = document.activeElement; reached.add(at);
          if (at !== document.body && getComputedStyle(at).outlineStyle === "none") unseen.push(at.outerHTML.slice(0, 100));`);
      }
      const missed = await page.run(
        "return [...wanted.filter((one) => one.isConnected && !reached.has(one)), ...unseen].map((one) => one.outerHTML?.slice(0, 100) ?? one)",
      );
      expect([path, missed]).toEqual([path, []]);
    }
  });
});

async function keepPicture(page: Page, name: string): Promise<void> {
  if (PICTURES === undefined) return;
  mkdirSync(PICTURES, { recursive: true });
  writeFileSync(join(PICTURES, `${name}.png`), await page.screenshot());
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
  }
  expect(page.errors).toEqual([]);
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
