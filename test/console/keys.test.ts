import { afterAll, beforeAll, expect, test } from "vitest";
import type { Console } from "../../src/http/console/routes.ts";
import { openAccess } from "../../src/access/access.ts";
import { openEmbedded, shipment } from "../embedded.ts";
import { serve } from "../http/service.ts";
import { until } from "../patience.ts";
import { startChromium, type Chromium, type Page } from "../servers/chromium.ts";
import { builtConsole, click, keepPicture, says } from "./opened.ts";

let chromium: Chromium;
let built: Console;
beforeAll(async () => {
  built = await builtConsole();
  chromium = await startChromium([]);
});
afterAll(async () => chromium.stop());

/** Fills the form that is open, and sends it. */
async function send(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  await until(async () => (await page.run("return document.querySelector('main form.action') !== null")) === true);
  await page.run(`const form = document.querySelector("main form.action");
    for (const [name, text] of Object.entries(${JSON.stringify(fields)})) {
      form.elements[name].value = text;
      form.elements[name].dispatchEvent(new Event("input", { bubbles: true }));
    }
    form.requestSubmit();`);
}

/** The key that the page shows. @throws when it shows none. */
async function shownKey(page: Page): Promise<string> {
  await says(page, "This key is shown once.");
  return String(await page.run("return document.querySelector('section[role=status] code').innerText"));
}

/** What the next Copy puts into the clipboard, which no page has without a person's leave. */
async function copied(page: Page): Promise<unknown> {
  return page.run(`let text = null;
    Object.defineProperty(navigator, "clipboard", { configurable: true, value: { writeText: async (given) => { text = given; } } });
    document.querySelector("section[role=status] button").click();
    return text;`);
}

async function row(page: Page, name: string): Promise<string> {
  return String(
    await page.run(
      `return [...document.querySelectorAll("tbody tr")].filter((one) => one.cells[0].innerText === ${JSON.stringify(name)}).map((one) => one.innerText).join(" | ")`,
    ),
  );
}

const says401 = async (url: string, key: string): Promise<boolean> =>
  (await fetch(`${url}/v1/contracts`, { headers: { authorization: `Bearer ${key}` } })).status === 401;

test("an admin makes the first key, rotates another and revokes it: each is shown once, can be copied, and is gone after a reload", async () => {
  const embedded = await openEmbedded();
  const access = openAccess({ reads: embedded.store.reads, now: Date.now, noteUse: () => undefined });
  const service = await serve(embedded, { http: { console: built, now: Date.now, access } });
  await service.append(shipment("a"));
  const page = await chromium.open(`${service.url}/keys`);
  await says(page, "There are no keys");
  await page.run(click("New key"));
  await send(page, { name: "ada", role: "admin", actor: "ada", reason: "the first one" });
  const admin = await shownKey(page);
  expect(await copied(page)).toBe(admin);
  await page.run(click("Use it in this page"));
  await says(page, "You are ada, with the role admin, by a key.");
  await page.run(click("It is kept"));
  expect(await page.run("return document.body.innerText")).not.toContain(admin);

  await page.run(click("New key"));
  await send(page, { name: "grafana", role: "viewer", reason: "dashboards" });
  const old = await shownKey(page);
  const other = await chromium.open(`${service.url}/failures`);
  await says(other, "API key");
  await other.run(
    `const form = document.querySelector("main form.action"); form.elements.key.value = ${JSON.stringify(old)}; form.requestSubmit();`,
  );
  await says(other, "0 groups");

  await page.run("document.querySelector('button[aria-label=\"Rotate grafana\"]').click()");
  await send(page, { overlap: "1h", reason: "a month is over" });
  await says(page, "The key ");
  await until(async () => (await shownKey(page)) !== old);
  const rotated = await shownKey(page);
  expect(await copied(page)).toBe(rotated);
  await keepPicture(page, "key-made");
  expect([await says401(service.url, old), await says401(service.url, rotated)]).toEqual([false, false]);

  await page.go(`${service.url}/keys`);
  await says(page, "API key");
  await page.run(
    `const form = document.querySelector("main form.action"); form.elements.key.value = ${JSON.stringify(admin)}; form.requestSubmit();`,
  );
  await says(page, "grafana");
  const text = String(await page.run("return document.documentElement.outerHTML"));
  expect([admin, old, rotated].filter((key) => text.includes(key))).toEqual([]);

  // The older of the two, which the other page goes on with.
  await page.run("[...document.querySelectorAll('button[aria-label=\"Revoke grafana\"]')].at(-1).click()");
  await says(page, "is refused within a second, for good");
  await send(page, { name: "grafana", reason: "it leaked" });
  await until(async () => (await row(page, "grafana")).includes("revoked"));
  await until(async () => says401(service.url, old));
  expect(await says401(service.url, rotated)).toBe(false);
  // That page asks again by itself.
  await says(other, "API key");
  expect(await other.run("return document.querySelector('main table') === null")).toBe(true);
  const log = await service.store.reads.operatorLog(0, 10);
  expect(log.map(({ action, reason }) => [action, reason])).toEqual([
    ["key-new", "the first one"],
    ["key-new", "dashboards"],
    ["key-rotate", "a month is over"],
    ["key-revoke", "it leaked"],
  ]);
});
