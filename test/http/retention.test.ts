import { describe, expect, test } from "vitest";
import { openEmbedded, shipment } from "../embedded.ts";
import { planRetention } from "../../src/retain/plan.ts";
import { runRetention } from "../../src/retain/run.ts";
import { get, serve, startService } from "./service.ts";

const SIGNAL = new AbortController().signal;

describe("GET /v1/retention", () => {
  test("tells the terms, and what is gone of each stream", async () => {
    const terms = {
      failed: "90d",
      receipts: null,
      facts: null,
      factsCollections: [],
      evidence: "1y",
      collections: [{ collection: "orders", failed: null }],
    };
    const lastRun = { at: "2026-01-01T00:00:00.000Z", announced: 1, faults: [] };
    const embedded = await openEmbedded();
    await embedded.append(shipment("A"), "{broken");
    await embedded.settle();
    const { store } = embedded;
    const policy = (kind: string) => (kind === "failed" ? { ms: 0, says: "retention.failed 0d" } : null);
    const plan = await planRetention(store.reads, { policy, nowMs: Date.now(), signal: SIGNAL });
    const operator = { actor: "ops", at: "2026-02-01T00:00:00.000Z" };
    await runRetention(store, plan, { operator, signal: SIGNAL });
    const service = await serve(embedded, { http: { retention: () => ({ terms, everyHours: 24, lastRun }) } });
    const { body } = await get(`${service.url}/v1/retention`);
    expect(body).toMatchObject({ terms, everyHours: 24, lastRun });
    expect(body["floors"]).toMatchObject([
      {
        topic: "shipments",
        partition: 0,
        documents: "failed",
        collection: "shipments",
        beforeOffset: 2,
        removed: 1,
        ...operator,
        complete: true,
      },
    ]);
  });

  test("without settings everything is kept for ever", async () => {
    const service = await startService();
    expect((await get(`${service.url}/v1/retention`)).body).toEqual({
      terms: { failed: null, receipts: null, facts: null, factsCollections: [], evidence: null, collections: [] },
      everyHours: null,
      floors: [],
    });
  });
});
