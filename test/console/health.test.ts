import { expect, test } from "vitest";
import { shipment, TOPIC } from "../embedded.ts";
import { post, startService } from "../http/service.ts";
import { startChromium } from "../servers/chromium.ts";
import { builtConsole, click, keepPicture, says } from "./opened.ts";

test("a halted stream says what to do, its runbook is a click away, and settings say where they come from", async () => {
  const service = await startService({
    ingest: { breaker: { failedRatioMax: null, consecutiveMax: 2, window: 100 } },
    http: {
      console: await builtConsole(),
      now: Date.now,
      settings: [
        { key: "http.port", value: "8123", origin: "sigma.yaml:2:3", description: "Port" },
        { key: "data.dir", value: ".sigma/data", origin: "default", description: "Directory" },
      ],
    },
  });
  const lines = Array.from({ length: 8 }, (_, n) => shipment(`s${n}`, -1));
  await post(`${service.url}/v1/events/${TOPIC}`, lines.join("\n"), { "content-type": "application/x-ndjson" });
  const chromium = await startChromium([]);
  try {
    const page = await chromium.open(`${service.url}/health`);
    await says(page, "halted");
    await says(page, "BREAKER_OPEN");
    await says(page, "sigma.yaml:2:3");
    await says(page, "1 setting with the default");
    await keepPicture(page, "health");
    await keepPicture(page, "health-390", 390, "dark");
    await page.run(click("Runbook"));
    await says(page, "Too many records fail");
    await says(page, "sigma streams resume sigma-aetl.shipments/0");
    await keepPicture(page, "runbook");
    await page.go(`${service.url}/runbooks/README`);
    await says(page, "The log lost its last records");
    await page.run(click("The disk is full"));
    await says(page, "LOG_FULL");
    expect(page.errors.filter((error) => !error.includes("503"))).toEqual([]);
  } finally {
    await chromium.stop();
  }
});
