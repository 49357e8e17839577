import { describe, expect, test } from "vitest";
import { BREAKER_OFF, createBreaker } from "../../src/gateway/breaker.ts";
import { startGateway } from "../../src/gateway/gateway.ts";
import { resumeStream } from "../../src/gateway/operate.ts";
import { openEmbedded, shipment, temporaryDirectory } from "../embedded.ts";

const OPERATOR = { actor: "ada", at: "2026-01-01T00:00:00.000Z", reason: "it is known" };

describe("createBreaker()", () => {
  test("is off unless a limit is set", () => {
    expect(createBreaker(BREAKER_OFF, 0).check(Array.from({ length: 10_000 }, () => true))).toBeNull();
  });

  test("counts failures in a row across batches, and one that passes begins anew", () => {
    const breaker = createBreaker({ failedRatioMax: null, consecutiveMax: 3, window: 100 }, 0);
    expect(breaker.check([true, true, false, true])).toBeNull();
    expect(breaker.check([true])).toBeNull();
    expect(breaker.check([true])).toBe("3 records in a row are FAILED");
  });

  test("takes the share of whole windows only, over the last records", () => {
    const breaker = createBreaker({ failedRatioMax: 0.5, consecutiveMax: null, window: 10 }, 0);
    expect(breaker.check([true, true, true, true, true, true])).toBeNull();
    expect(breaker.check([false, false, false])).toBeNull();
    expect(breaker.check([false])).toBe("6 of the last 10 records are FAILED");
    expect(createBreaker({ failedRatioMax: 0.6, consecutiveMax: null, window: 10 }, 0).check(SIX_OF_TEN)).toBeNull();
  });

  test("lets so many records through unjudged after it was resumed, and no more", () => {
    const breaker = createBreaker({ failedRatioMax: null, consecutiveMax: 2, window: 5 }, 5);
    expect(breaker.check([true, true, true, true, true, true])).toBeNull();
    expect(breaker.check([true])).toBe("2 records in a row are FAILED");
  });
});

const SIX_OF_TEN = Array.from({ length: 10 }, (_, index) => index < 6);

describe("a gateway with a breaker", () => {
  test("halts before it pours a bad deploy into failures, and goes on when an operator says so", async () => {
    const embedded = await openEmbedded();
    const { store, deps, log } = embedded;
    await embedded.append(shipment("A"), ...Array.from({ length: 9 }, () => "{"));
    const breaker = { failedRatioMax: null, consecutiveMax: 5, window: 100 };
    const gateway = await startGateway({ ...deps, breaker });
    await expect.poll(() => gateway.streams()[0]?.state).toBe("halted");
    expect(gateway.ready()).toBe(false);
    await expect.poll(async () => store.reads.halts()).toHaveLength(1);
    const [note] = await store.reads.halts();
    expect(note).toMatchObject({ code: "BREAKER_OPEN", partition: 0 });
    expect(note?.message).toMatch(/5 records in a row are FAILED; none of that batch is decided yet$/);
    // Batches of five: the second one is the first with five failures in a row.
    expect(await store.reads.tally()).toEqual({ validated: 1, failed: 4, receipts: 0 });

    const [stream] = await log.streams();
    await resumeStream(store, stream?.id ?? "", OPERATOR);
    await expect.poll(() => gateway.streams()[0]?.settledTo).toBe(10n);
    expect(gateway.ready()).toBe(true);
    expect(await store.reads.halts()).toEqual([]);
    await gateway.stop();
    expect(await store.reads.tally()).toEqual({ validated: 1, failed: 9, receipts: 0 });
    expect(await embedded.audit(true)).toMatchObject({ findingsTotal: 0, gaps: [] });
    expect(await store.reads.operatorLog(0, 10)).toMatchObject([{ seq: 0, action: "resume", ...OPERATOR }]);
  });

  test("what was done before a halt does not lift it, nor does an action on another stream", async () => {
    const embedded = await openEmbedded(temporaryDirectory());
    const { store, deps, log } = embedded;
    const [stream] = await log.streams();
    await resumeStream(store, stream?.id ?? "", OPERATOR);
    await embedded.append("{", "{");
    const breaker = { failedRatioMax: null, consecutiveMax: 1, window: 1 };
    let looks = 0;
    const sleep: typeof deps.sleep = async (ms, signal) => {
      looks += 1;
      return deps.sleep(ms, signal);
    };
    const gateway = await startGateway({ ...deps, breaker, sleep });
    await expect.poll(async () => store.reads.halts()).toHaveLength(1);
    await resumeStream(store, "another", OPERATOR);
    const before = looks;
    await expect.poll(() => looks).toBeGreaterThan(before + 2);
    expect(gateway.streams()[0]?.state).toBe("halted");
    await gateway.stop();
    expect(await store.reads.tally()).toEqual({ validated: 0, failed: 0, receipts: 0 });
  });
});
