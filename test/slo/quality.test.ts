import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { redriveStreamId } from "../../src/ledger/redrive-stream.ts";
import { openQualityCounts, type QualityReads } from "../../src/slo/quality.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import type { Store } from "../../src/store/store.ts";
import type { VolumeTally } from "../../src/store/volume.ts";
import { temporaryDirectory } from "../embedded.ts";
import { PATIENCE_MS } from "../patience.ts";

const HOUR = 24 * 20_000;
const HOUR_MS = 3_600_000;
const NOW_MS = HOUR * HOUR_MS + 5;
const DAY_MS = 24 * HOUR_MS;

function openStore(): Store {
  const path = join(temporaryDirectory(), "store.db");
  const store = openSqliteStore({ path, collections: ["orders"], busyTimeoutMs: PATIENCE_MS });
  onTestFinished(async () => store.close());
  return store;
}

function tally(kind: VolumeTally["kind"], count: number, changes: Partial<VolumeTally> = {}): VolumeTally {
  return { kind, subject: "order", version: 2, producer: "erp", isOthers: false, hour: HOUR, count, ...changes };
}

async function raise(store: Store, stream: string, seq: number, ...tallies: readonly VolumeTally[]): Promise<void> {
  await store.countVolume(await store.streamNote({ stream, topic: "orders", partition: 0 }), seq, tallies);
}

describe("quality by the ledger", () => {
  test("is of what became facts and what FAILED in live streams, within the window", async () => {
    const store = openStore();
    await raise(
      store,
      "c/t/0",
      1,
      tally("passed", 20),
      tally("passed", 4, { version: 1, producer: "crm" }),
      tally("failed", 3, { version: null, producer: null }),
      tally("duplicate", 5),
      tally("redelivery", 2),
      tally("conflict", 1),
      tally("passed", 100, { hour: HOUR + 1 }),
      tally("passed", 8, { hour: HOUR - 23 }),
      tally("failed", 100, { hour: HOUR - 24 }),
      tally("failed", 100, { hour: null }),
      tally("failed", 100, { subject: "invoice" }),
    );
    await raise(store, redriveStreamId({ plan: "0123456789ab", source: 1 }), 1, tally("failed", 7), tally("passed", 9));
    const quality = openQualityCounts(store.reads, async () => undefined);
    expect(await quality("order", DAY_MS, NOW_MS)).toEqual({ good: 24 - 8 + 8, bad: 4 });
    expect(await quality("none", DAY_MS, NOW_MS)).toEqual({ good: 0, bad: 0 });
  });

  test("asks for the last day each time, for older ones every ten minutes, and lets others have their turn between them", async () => {
    const store = openStore();
    const asked: [number, number][] = [];
    let rests = 0;
    const reads: QualityReads = {
      ...store.reads,
      volume: async (query) => {
        asked.push([query.fromHour - HOUR, query.toHour - HOUR]);
        return store.reads.volume(query);
      },
    };
    const quality = openQualityCounts(reads, async () => void (rests += 1));
    await raise(store, "c/t/0", 1, tally("passed", 1), tally("failed", 1, { hour: HOUR - 100 }));
    expect(await quality("order", 3.5 * DAY_MS, NOW_MS)).toEqual({ good: 1, bad: 0 });
    expect(await quality("order", 5 * DAY_MS, NOW_MS)).toEqual({ good: 1, bad: 1 });
    await raise(store, "c/t/0", 2, tally("passed", 2), tally("failed", 2, { hour: HOUR - 100 }));
    asked.length = 0;
    rests = 0;
    expect(await quality("order", 5 * DAY_MS, NOW_MS + 599_999)).toEqual({ good: 3, bad: 1 });
    expect(asked).toEqual([[-24, 1]]);
    expect(await quality("order", 5 * DAY_MS, NOW_MS + 600_000)).toEqual({ good: 3, bad: 3 });
    const days = [[-119, -96], [-96, -72], [-72, -48], [-48, -24]]; // prettier-ignore
    expect(asked).toEqual([[-24, 1], [-24, 1], ...days]);
    expect(rests).toBe(asked.length);
  });
});
