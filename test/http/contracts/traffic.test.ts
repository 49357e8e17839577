import { describe, expect, test } from "vitest";
import { shipment, TOPIC } from "../../embedded.ts";
import { get, post, startService } from "../service.ts";
import { shipmentVersions } from "../shipment-versions.ts";

const SET = shipmentVersions({ status: "active" });

describe("GET /v1/contracts/{subject}/traffic", () => {
  test("says who sends which version and how much, those who are behind first", async () => {
    const { url, store } = await startService({
      ingest: { contracts: () => SET },
      http: { contracts: () => SET, now: Date.now },
    });
    const send = async (producer: string, version: number, ...records: readonly string[]): Promise<void> => {
      const headers = {
        "content-type": "application/x-ndjson",
        prefer: "wait=30",
        "sigma-producer": producer,
        "sigma-contract": `shipment@${version}`,
      };
      await post(`${url}/v1/events/${TOPIC}`, records.join("\n"), headers);
    };
    await send("new", 2, shipment("a"), shipment("b"));
    await send("both", 1, shipment("c"));
    await send("both", 2, shipment("d"));
    await send("old", 1, shipment("e"), shipment("f", -1));
    const seenMs = Date.parse("2023-11-14T22:13:20Z");
    await store.noteTraffic([{ subject: "shipment", version: 1, producer: "gone", firstMs: seenMs, lastMs: seenMs }]);
    const { status, body } = await get(`${url}/v1/contracts/shipment/traffic?since=2000-01-01T00:00:00Z`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ subject: "shipment", preferred: 2, complete: true, records: 6 });
    expect(body["versions"]).toEqual([
      { version: 1, records: 3, failed: 1, producers: 2 },
      { version: 2, records: 3, failed: 0, producers: 2 },
    ]);
    const producers = body["producers"] as { producer: string; state: string; sent: readonly object[] }[];
    expect(producers.map(({ producer, state }) => [producer, state])).toEqual([
      ["old", "behind"],
      ["both", "moving"],
      ["new", "moved"],
      ["gone", "silent"],
    ]);
    expect(producers.at(-1)?.sent).toEqual([
      { version: 1, records: 0, failed: 0, first: "2023-11-14T22:13:20.000Z", last: "2023-11-14T22:13:20.000Z" },
    ]);
  });

  test.each([
    ["other/traffic", 404, "unknown-contract"],
    ["shipment/traffic?since=yesterday", 400, "bad-parameter"],
  ])("%s is refused", async (path, status, code) => {
    const { url } = await startService();
    const answer = await get(`${url}/v1/contracts/${path}`);
    expect([answer.status, answer.body["code"]]).toEqual([status, code]);
  });
});
