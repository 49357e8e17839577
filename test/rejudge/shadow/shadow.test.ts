import { describe, expect, onTestFinished, test } from "vitest";
import type { ContractSet, ContractVersion } from "../../../src/core/contract-set.ts";
import { parseJson } from "../../../src/json/parse-json.ts";
import { decideRecord, type Decided } from "../../../src/gateway/decided.ts";
import { openShadow, type Shadow } from "../../../src/rejudge/shadow/shadow.ts";
import { SHADOW_LIMITS, type ShadowLimits, type ShadowSnapshot } from "../../../src/rejudge/shadow/thread.ts";
import { parcelSet, parcelVersion } from "../history.ts";
import { until } from "../../patience.ts";

const TOPIC = "parcels";
const V1 = parcelVersion(1, { status: "active" });
const V2 = parcelVersion(2, { maximum: 10 });
const SET = parcelSet(TOPIC, 1, [V1, V2]);
const LIMITS: ShadowLimits = { ...SHADOW_LIMITS, reportEveryMs: 10, restartFirstMs: 5, restartMaxMs: 20 };

function contractSet(...versions: readonly ContractVersion[]): ContractSet {
  return JSON.parse(parcelSet(TOPIC, 1, versions).text) as ContractSet;
}

/** Parcels of these weights, decided by version 1, from `offset` on. */
function decided(weights: readonly (number | string)[], offset = 0): readonly Decided[] {
  const records = weights.map((kg, index) => ({
    position: { stream: "c/t/0", topic: TOPIC, partition: 0, offset: BigInt(offset + index) },
    timestampMs: 0,
    key: null,
    headers: [["sigma-producer", Buffer.from(index % 2 === 0 ? "even" : "odd")] as const],
    value: Buffer.from(`{"id":"p${offset + index}","kg":${kg}}`),
  }));
  return records.map((record) => decideRecord(record, SET, () => null));
}

function open(limits: Partial<ShadowLimits> = {}, names = [2]): Shadow {
  const wanted = names.map((version) => ({ subject: "parcel", version }));
  const shadow = openShadow(wanted, contractSet(V1, V2), { ...LIMITS, ...limits });
  onTestFinished(async () => shadow.close());
  return shadow;
}

/** Looks until it is so; the thread tells every few milliseconds. */
async function told(shadow: Shadow, holds: (one: ShadowSnapshot) => boolean): Promise<ShadowSnapshot> {
  const found: ShadowSnapshot[] = [];
  await until(
    () => {
      const [snapshot] = shadow.snapshot();
      if (snapshot !== undefined && holds(snapshot)) found.push(snapshot);
      return found.length > 0;
    },
    () => `it never came to that: ${JSON.stringify(shadow.snapshot())}`,
  );
  return found[0] as ShadowSnapshot;
}

function offer(shadow: Shadow, batch: readonly Decided[], subject = "parcel"): void {
  shadow.offer({ stream: { topic: TOPIC, partition: 0 }, subject, decided: batch });
}

describe("a version that looks on", () => {
  test("judges copies of settled batches in its own thread, by producer and by cause", async () => {
    const shadow = open();
    const batch = decided([1, 20, 5, 30, 2_000]);
    const before = batch.map(({ raw }) => Buffer.from(raw ?? []).toString());
    offer(shadow, batch);
    const { flips, ...coverage } = await told(shadow, ({ judged }) => judged === 5);
    expect(coverage).toEqual({
      subject: "parcel",
      version: 2,
      digest: V2.digest,
      state: "running",
      seen: 5,
      judged: 5,
      dropped: 0,
      lost: 0,
      queued: 0,
      restarts: 0,
    });
    expect(flips.counts).toEqual({
      passToPass: 2,
      passToFail: 2,
      failToPass: 0,
      failToFailSame: 1,
      failToFailChanged: 0,
    });
    expect(flips.examples).toMatchObject({ passToFail: ["parcels/0@1", "parcels/0@3"] });
    expect(flips.producers.map(({ name, counts }) => [name, counts.passToFail])).toEqual([
      ["odd", 2],
      ["even", 0],
    ]);
    expect(flips.fingerprints[0]?.cause).toBe("schema maximum at /properties/kg/maximum");
    // The gateway's own bytes did not change hands.
    expect(batch.map(({ raw }) => Buffer.from(raw ?? []).toString())).toEqual(before);
  });

  test("is shown its own subject only", async () => {
    const shadow = open();
    offer(shadow, decided([1, 2]), "letter");
    offer(shadow, decided([1]));
    expect(await told(shadow, ({ judged }) => judged === 1)).toMatchObject({ seen: 1, judged: 1 });
  });

  test("drops what does not fit its queue, counts it, and never waits", async () => {
    const shadow = open({ queueRecordsMax: 3 });
    for (let n = 0; n < 10; n += 1) offer(shadow, decided([1, 20], 2 * n));
    expect(shadow.snapshot()[0]).toMatchObject({ seen: 20, dropped: 18, queued: 2 });
    const after = await told(shadow, ({ queued }) => queued === 0);
    expect(after).toMatchObject({ judged: 2, dropped: 18, lost: 0 });
    offer(shadow, decided([1], 20));
    expect(await told(shadow, ({ judged }) => judged === 3)).toMatchObject({ seen: 21, dropped: 18 });
  });

  test("bounds its queue by bytes as well", () => {
    const shadow = open({ queueBytesMax: 10 });
    offer(shadow, decided([1]));
    expect(shadow.snapshot()[0]).toMatchObject({ seen: 1, dropped: 1, queued: 0 });
  });

  test("whose thread ends begins anew, counts on, and owns up to what was lost", async () => {
    const shadow = open();
    offer(shadow, decided([1, 20]));
    await told(shadow, ({ judged }) => judged === 2);
    // A batch no gateway makes: it passed, it says, and is no JSON. The thread dies of it.
    offer(shadow, [withValue(Buffer.from("{"))]);
    expect(await told(shadow, ({ restarts }) => restarts === 1)).toMatchObject({ judged: 2, lost: 1, queued: 0 });
    await told(shadow, ({ state }) => state === "running");
    offer(shadow, decided([30], 3));
    const { flips, ...coverage } = await told(shadow, ({ judged }) => judged === 3);
    expect(coverage).toMatchObject({ seen: 4, judged: 3, lost: 1, dropped: 0, restarts: 1 });
    expect([flips.counts.passToPass, flips.counts.passToFail]).toEqual([1, 2]);
    expect(flips.examples.passToFail).toEqual(["parcels/0@1", "parcels/0@3"]);
  });

  test("whose thread runs out of memory leaves this process alone", async () => {
    const shadow = open({ heapMibMax: 20, valueBytesMax: 8_388_608 });
    offer(shadow, decided([1]));
    await told(shadow, ({ judged }) => judged === 1);
    offer(shadow, [withValue(Buffer.from(`[${"{},".repeat(1_000_000)}{}]`))]);
    expect(await told(shadow, ({ restarts }) => restarts === 1)).toMatchObject({ judged: 1, lost: 1 });
    await told(shadow, ({ state }) => state === "running");
    offer(shadow, decided([20], 2));
    expect(await told(shadow, ({ judged }) => judged === 2)).toMatchObject({ seen: 3, lost: 1, dropped: 0 });
  });

  test("does not touch values long enough to take its thread's memory in one step", async () => {
    const shadow = open();
    const long = withValue(Buffer.from(`"${"x".repeat(3_000_000)}"`));
    offer(shadow, [long, ...decided([1, 20], 1)]);
    expect(await told(shadow, ({ judged }) => judged === 2)).toMatchObject({ seen: 3, dropped: 1, lost: 0 });
  });

  test("goes on when the contracts change and it does not, begins anew when it does, and ends with its version", async () => {
    const shadow = open();
    offer(shadow, decided([1, 20]));
    await told(shadow, ({ judged }) => judged === 2);
    shadow.update(contractSet(V1, { ...V2, status: "active" }));
    expect(shadow.snapshot()[0]).toMatchObject({ digest: V2.digest, judged: 2 });
    const changed = parcelVersion(2, { maximum: 5 });
    shadow.update(contractSet(V1, changed));
    expect(shadow.snapshot()[0]).toMatchObject({ digest: changed.digest, seen: 0, judged: 0 });
    offer(shadow, decided([7]));
    expect((await told(shadow, ({ judged }) => judged === 1)).flips.counts.passToFail).toBe(1);
    shadow.update(contractSet(V1));
    expect(shadow.snapshot()).toEqual([]);
    shadow.update(contractSet(V1, V2));
    expect(shadow.snapshot()[0]).toMatchObject({ seen: 0, state: "running" });
  });

  test("may declare 64 bits, and then lets pass what was refused for its number", async () => {
    const long = parcelVersion(2, { kg: { type: "integer", format: "int64", maximum: 9_223_372_036_854_775_806n } });
    const shadow = openShadow(
      [{ subject: "parcel", version: 2 }],
      parseJson(parcelSet(TOPIC, 1, [V1, long]).text) as unknown as ContractSet,
      LIMITS,
    );
    onTestFinished(async () => shadow.close());
    offer(shadow, decided(["9007199254740993", "9223372036854775807", "9223372036854775809", "0.1234567890123456789"]));
    const { flips } = await told(shadow, ({ judged }) => judged === 4);
    expect(flips.counts).toMatchObject({ failToPass: 1, failToFailChanged: 1, failToFailSame: 2 });
  });

  test("does not keep the records of a view's larger buffer", async () => {
    const shadow = open();
    const large = Buffer.alloc(100_000, 0x20);
    const text = '{"id":"a","kg":20}';
    large.write(text, 500);
    offer(shadow, [withValue(large.subarray(500, 500 + text.length))]);
    expect((await told(shadow, ({ judged }) => judged === 1)).flips.counts.passToFail).toBe(1);
    expect(large.length).toBe(100_000);
  });
});

/** A record that passed, it says, with other bytes. */
function withValue(value: Buffer): Decided {
  const [one] = decided([1]);
  if (one === undefined) throw new Error("nothing was decided");
  return { ...one, raw: value };
}
