import { describe, expect, test } from "vitest";
import { TOPIC } from "../embedded.ts";
import { get, post, startService } from "./service.ts";

const shipment = (id: string, weight = 1.5) => ({
  shipment_id: id,
  weight_kg: weight,
  destination: "Dublin",
  priority: 2,
});

describe("GET /v1/volume", () => {
  test("says what became of the records of each producer", async () => {
    const { url } = await startService();
    const send = async (producer: string, ...records: readonly object[]): Promise<void> => {
      const headers = { "content-type": "application/x-ndjson", prefer: "wait=30", "sigma-producer": producer };
      await post(`${url}/v1/events/${TOPIC}`, records.map((record) => JSON.stringify(record)).join("\n"), headers);
    };
    await send("svc-a", shipment("a"), shipment("b"), shipment("bad", -1));
    await send("svc-b", shipment("a", 99), shipment("c"));
    const { status, body } = await get(`${url}/v1/volume?since=2000-01-01T00:00:00Z&by=day`);
    expect([status, body["by"], body["complete"], body["countedSince"]]).toEqual([200, "day", true, null]);
    const rest = { duplicate: 0, redelivery: 0, redriven: 0, replayed: 0 };
    expect(body["totals"]).toEqual({ ...rest, stored: 3, failed: 1, conflict: 1 });
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT00:00:00\.000Z$/) as unknown;
    const of = { time, subject: "shipment", version: 1, otherProducers: false, ...rest };
    expect(body["rows"]).toEqual([
      { ...of, producer: "svc-a", stored: 2, failed: 1, conflict: 0 },
      { ...of, producer: "svc-b", stored: 1, failed: 0, conflict: 1 },
    ]);
    const some = await get(`${url}/v1/volume?since=2000-01-01T00:00:00Z&kind=conflict`);
    expect(some.body["rows"]).toMatchObject([{ producer: "svc-b", stored: 0, conflict: 1 }]);
  });

  test.each([
    ["?since=yesterday", "since"],
    ["?kind=lost", "kind"],
    ["?by=week", "by"],
    ["?color=red", ""],
    [`?producer=${"p".repeat(3_000)}`, "producer"],
  ])("%s is refused", async (query, word) => {
    const { url } = await startService();
    const { status, body } = await get(`${url}/v1/volume${query}`);
    expect([status, body["code"]]).toEqual([400, "bad-parameter"]);
    expect(String(body["detail"])).toContain(word);
  });
});
