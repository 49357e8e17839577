import { describe, expect, test } from "vitest";
import { keepRetention } from "../../src/gateway/retention.ts";
import { openEmbedded, shipment, type Embedded } from "../embedded.ts";

const HOUR_MS = 3_600_000;
/** When test/embedded.ts appends. */
const APPENDED_MS = 1_700_000_000_000;

/** Looks once, so long after the records were appended. */
async function lookOnce({ log, deps }: Embedded, settledTo: bigint | null, afterMs: number): Promise<void> {
  const stop = new AbortController();
  const [stream] = await log.streams();
  const state = { stream: stream!, state: "running", settledTo, decidedTo: settledTo, trouble: null } as const;
  const sleep: typeof deps.sleep = async (ms) => {
    if (ms > 1_000) stop.abort();
  };
  const gateway = { streams: () => [state] };
  await keepRetention({ log, gateway, retentionMs: HOUR_MS, now: () => APPENDED_MS + afterMs, sleep }, stop.signal);
}

async function appended(count: number): Promise<Embedded> {
  const embedded = await openEmbedded();
  for (let index = 0; index < count; index += 1) await embedded.append(shipment(`S${index}`));
  return embedded;
}

async function bounds({ log }: Embedded): Promise<readonly [bigint, bigint]> {
  const [stream] = await log.streams();
  const { start, end } = await log.bounds(stream!);
  return [start, end];
}

describe("what is settled and old", () => {
  test("is forgotten, but for the last batch, which says where the stream ends", async () => {
    const embedded = await appended(200);
    await lookOnce(embedded, 200n, HOUR_MS + 1);
    expect(await bounds(embedded)).toEqual([199n, 200n]);
    await embedded.append(shipment("after"));
    expect(await bounds(embedded)).toEqual([199n, 201n]);
  });

  test("stays where it is not settled, or not old", async () => {
    const embedded = await appended(10);
    await lookOnce(embedded, null, 10 * HOUR_MS);
    await lookOnce(embedded, 10n, HOUR_MS);
    expect(await bounds(embedded)).toEqual([0n, 10n]);
    await lookOnce(embedded, 4n, HOUR_MS + 1);
    expect(await bounds(embedded)).toEqual([4n, 10n]);
  });

  test("a gateway goes on behind it, and everything can still be looked up, audited and repaired", async () => {
    const embedded = await appended(12);
    await embedded.settle();
    await lookOnce(embedded, 12n, HOUR_MS + 1);
    expect(await bounds(embedded)).toEqual([11n, 12n]);
    await embedded.append(shipment("S3"), shipment("later"));
    await embedded.settle();
    const report = await embedded.audit(true);
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({ records: 14, validated: 13, duplicates: 1, redecided: 14 });
    expect(report.comparedWithSource).toBeLessThan(14);
  });
});
