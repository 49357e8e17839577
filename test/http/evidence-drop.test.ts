import { describe, expect, test } from "vitest";
import type { Lookup } from "../../src/gateway/lookup.ts";
import { openEmbedded, shipment, TOPIC } from "../embedded.ts";
import { get, post, serve, startService, type Service } from "./service.ts";

const EVENTS = `/v1/events/${TOPIC}`;
const WAIT = { prefer: "wait=30" };

async function dropping(): Promise<Service> {
  return startService({ ingest: { evidence: "drop" } });
}

describe("with evidence: drop", () => {
  test("a position is told as long as it is in the last entry, and then said to be dropped, for good", async () => {
    const { url } = await dropping();
    await post(`${url}${EVENTS}`, shipment("A"), WAIT);
    expect(await get(`${url}/v1/decisions/${TOPIC}/0/0`)).toMatchObject({ status: 200, body: { status: "PASSED" } });
    expect(await get(`${url}/v1/decisions/${TOPIC}/0/0/raw`)).toMatchObject({ status: 200, text: shipment("A") });
    await post(`${url}${EVENTS}`, "{broken", WAIT);
    await post(`${url}${EVENTS}`, shipment("B"), WAIT);
    for (const [offset, outcome] of [
      [0, "PASSED"],
      [1, "FAILED"],
    ] as const) {
      for (const what of ["", "/raw"]) {
        expect(await get(`${url}/v1/decisions/${TOPIC}/0/${offset}${what}`)).toMatchObject({
          status: 404,
          body: { code: "evidence-dropped", final: true, detail: expect.stringContaining(outcome) as string },
        });
      }
    }
    expect(await get(`${url}/v1/decisions/${TOPIC}/0/2`)).toMatchObject({ status: 200 });
  });

  test("a client that waits for what is forgotten meanwhile gets its positions at once", async () => {
    const embedded = await openEmbedded();
    let asked = 0;
    const lookup: Lookup = {
      rows: async (...range) => {
        asked += 1;
        return embedded.lookup.rows(...range);
      },
    };
    const { url } = await serve(embedded, { ingest: { evidence: "drop" }, http: { lookup } });
    // More than one entry: of the first ones nothing is known any more when the last is applied.
    const lines = Array.from({ length: 12 }, (_, n) => shipment(`S-${n}`)).join("\n");
    const headers = { "content-type": "application/x-ndjson", ...WAIT };
    const answer = await post(`${url}${EVENTS}`, lines, headers);
    expect(answer).toMatchObject({ status: 202, body: { count: 12, ranges: [{ from: 0, to: 12 }] } });
    expect(asked).toBe(1);
  });
});
