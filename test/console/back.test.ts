import { expect, test } from "vitest";
import { shipment, TOPIC } from "../embedded.ts";
import { post, startService } from "../http/service.ts";
import { until } from "../patience.ts";
import { startChromium } from "../servers/chromium.ts";
import { builtConsole, says } from "./opened.ts";

test("whoever goes back, or loads the page again, is where they were", async () => {
  const service = await startService({ http: { console: await builtConsole(), now: Date.now } });
  const lines = Array.from({ length: 90 }, (_, n) => shipment(`s${n}`, -1));
  const headers = { "content-type": "application/x-ndjson", prefer: "wait=30" };
  await post(`${service.url}/v1/events/${TOPIC}`, lines.join("\n"), headers);
  const chromium = await startChromium([]);
  try {
    const page = await chromium.open(`${service.url}/failures/all`);
    await says(page, `${TOPIC}/0@0`);
    const isAt = async (place: number): Promise<boolean> => (await page.run("return scrollY")) === place;
    // A link followed in the frame of the scroll, as on a busy machine: no scroll event has come yet.
    await page.run("scrollTo(0, 1200); [...document.querySelectorAll('tbody a')][60].click()");
    await says(page, "The record, byte for byte");
    await until(async () => isAt(0));
    await page.run("history.back()");
    await says(page, `${TOPIC}/0@0`);
    await until(async () => isAt(1_200));
    await page.go(String(await page.run("return location.href")));
    await says(page, `${TOPIC}/0@0`);
    await until(async () => isAt(1_200));
    expect(page.errors).toEqual([]);
  } finally {
    await chromium.stop();
  }
});
