import { afterAll, beforeAll, expect, test } from "vitest";
import type { Console } from "../../src/http/console/routes.ts";
import { shipment, TOPIC } from "../embedded.ts";
import { post, startService, type Service } from "../http/service.ts";
import { shipmentVersions } from "../http/shipment-versions.ts";
import { startChromium, type Chromium } from "../servers/chromium.ts";
import { builtConsole, click, keepPicture, says } from "./opened.ts";

const SET = shipmentVersions(
  { status: "active", adds: { note: { type: "string", maxLength: 80 } } },
  { status: "draft", weight: { maximum: 20 } },
);

let chromium: Chromium;
let built: Console;
beforeAll(async () => {
  built = await builtConsole();
  chromium = await startChromium([]);
});
afterAll(async () => chromium.stop());

async function start(): Promise<Service> {
  const service = await startService({
    ingest: { contracts: () => SET },
    http: { contracts: () => SET, console: built, now: Date.now },
  });
  const send = async (producer: string, version: number, ...lines: readonly string[]): Promise<void> => {
    const headers = { "content-type": "application/x-ndjson", prefer: "wait=30", "sigma-producer": producer };
    await post(`${service.url}/v1/events/${TOPIC}`, lines.join("\n"), {
      ...headers,
      "sigma-contract": `shipment@${version}`,
    });
  };
  await send("svc-a", 1, shipment("a"), shipment("b", 99));
  await send("svc-b", 2, shipment("c"));
  return service;
}

test("a contract is compared with its next version, and a payload that shows the difference is tried", async () => {
  const { url } = await start();
  const page = await chromium.open(`${url}/contracts/shipment`);
  await says(page, "JSON Schema of shipment@2");
  await page.run(click("Diff"));
  await says(page, "Backward: can 3 take what 2 takes?");
  await says(page, "incompatible, and this payload shows it");
  await says(page, "3 refuses it; it is not live");
  await keepPicture(page, "contract-diff");
  await keepPicture(page, "contract-diff-390", 390, "dark");
  await page.run(
    `const from = document.querySelector("select[name=to]"); from.value = "2"; from.dispatchEvent(new Event("change", { bubbles: true }));`,
  );
  await says(page, "Backward: can 2 take what 1 takes?");
  await says(page, "compatible, proved for every payload");
  await says(page, "A closed object takes one more, optional property");
  await page.run(click("Try it under 1, which refuses it"));
  await says(page, "FAILED");
  expect(await page.run("return document.querySelector('textarea').value")).toContain('"note"');
  await says(page, "/note");
  // What is tried is in the address: whoever gets the link sees the same.
  await page.go(String(await page.run("return location.href")));
  await says(page, "/note");
  expect(page.errors).toEqual([]);
});

test("a migration says who is behind", async () => {
  const { url } = await start();
  const page = await chromium.open(`${url}/contracts/shipment/migration?since=2020-01-01T00:00:00Z`);
  await says(page, "67%: 2 records of 1 producer");
  const chosen = await page.run(`const select = document.querySelector("select[name=since]");
    const words = document.createElement("canvas").getContext("2d"); words.font = getComputedStyle(select).font;
    const [own] = select.selectedOptions;
    return [select.labels[0].firstChild.textContent, [...select.options].map(({ text }) => text), own.text,
      words.measureText(own.text).width < select.clientWidth];`);
  const time = "2020-01-01T00:00:00Z";
  const spans = ["24 hours ago", "7 days ago", "30 days ago", time];
  expect(chosen).toEqual(["Count records since", spans, time, true]);
  await keepPicture(page, "contract-migration");
  await keepPicture(page, "contract-migration-390", 390, "dark");
  const rows = await page.run("return [...document.querySelectorAll('tbody tr')].map(({ innerText }) => innerText)");
  expect((rows as string[]).map((row) => row.split(/\s+/).filter((word) => /^[a-z]/.test(word)))).toEqual([
    expect.arrayContaining(["svc-a", "behind"]) as string[],
    expect.arrayContaining(["svc-b", "moved"]) as string[],
  ]);
  expect(page.errors).toEqual([]);
});

test("the records of the past are judged by a draft, and those that would fail are a click away", async () => {
  const { url } = await start();
  const page = await chromium.open(`${url}/contracts/shipment/what-if`);
  await says(page, "3 draft");
  await page.run(`const { from } = document.querySelector("form.action").elements; from.value = "2020-01-01";
    from.dispatchEvent(new Event("input", { bubbles: true }));`);
  await page.run(click("Judge again"));
  await says(page, "3 records judged again, 1 that passed would fail");
  await says(page, "By producer");
  await keepPicture(page, "contract-what-if");
  await keepPicture(page, "contract-what-if-390", 390, "dark");
  await page.run(click(`${TOPIC}/0@1`));
  await says(page, "PASSED");
  expect(await page.run("return location.pathname")).toBe(`/r/kafka/${TOPIC}/0/1`);
  await page.run("history.back()");
  await says(page, "1 that passed would fail");
  expect(page.errors).toEqual([]);
});
