import { expect, test } from "vitest";
import { createPressure, type PressureMax } from "../../src/gateway/pressure.ts";
import { openEmbedded } from "../embedded.ts";
import type { HttpDeps } from "../../src/http/deps.ts";
import { serve } from "./service.ts";

const SHIPMENT = '{"shipment_id":"A","weight_kg":1.5,"destination":"Dublin","priority":2}';

/** A topic whose store is away: nothing is settled but what the test says, and a second passes between two looks. */
async function backlogged(max: PressureMax, http: Partial<HttpDeps> = {}) {
  const embedded = await openEmbedded();
  const streams = await embedded.log.streams();
  const [stream] = streams;
  if (stream === undefined) throw new Error("there is a stream");
  let [nowMs, settledTo] = [0, 0n];
  const backlog = createPressure({
    streams: async () => streams.map((one) => ({ stream: one, settledTo })),
    source: embedded.log,
    now: () => (nowMs += 1_000),
    ...max,
  });
  const { url } = await serve(embedded, { http: { backlog, ...http } });
  const append = async () => {
    const response = await fetch(`${url}/v1/events/${stream.topic}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: SHIPMENT,
    });
    const names = ["ratelimit", "ratelimit-policy", "retry-after"];
    return [response.status, ...names.map((name) => response.headers.get(name)), await response.json()] as const;
  };
  const stored = async () => (await embedded.log.bounds(stream)).end;
  const change = (to: { readonly settledTo?: bigint; readonly laterMs?: number }) => {
    settledTo = to.settledTo ?? settledTo;
    nowMs += to.laterMs ?? 0;
  };
  return { append, stored, change };
}

test("an append that would let more records wait than may is refused with a time to come back, and is not in the log", async () => {
  const { append, stored, change } = await backlogged({ recordsMax: 2, ageMaxS: null });
  const policy = '"backlog";q=2';
  expect((await append()).slice(0, 4)).toEqual([202, '"backlog";r=2;t=0', policy, null]);
  expect((await append()).slice(0, 4)).toEqual([202, '"backlog";r=1;t=0', policy, null]);
  const refused = await append();
  expect(refused.slice(0, 4)).toEqual([503, '"backlog";r=0;t=60', policy, "60"]);
  expect(refused[4]).toMatchObject({ code: "backlogged", status: 503 });
  expect(await stored()).toBe(2n);
  change({ settledTo: 1n });
  expect((await append()).slice(0, 4)).toEqual([202, '"backlog";r=1;t=0', policy, null]);
});

test("an append behind records that have waited for too long is refused, until they are settled", async () => {
  const { append, stored, change } = await backlogged({ recordsMax: null, ageMaxS: 30 });
  const policy = '"backlog-age";q=30';
  expect((await append()).slice(0, 4)).toEqual([202, '"backlog-age";r=30;t=0', policy, null]);
  // The next look is the first that sees the record.
  expect((await append()).slice(0, 4)).toEqual([202, '"backlog-age";r=30;t=0', policy, null]);
  change({ laterMs: 60_000 });
  const refused = await append();
  expect(refused.slice(0, 4)).toEqual([503, '"backlog-age";r=0;t=60', policy, "60"]);
  expect(refused[4]).toMatchObject({ code: "backlogged", detail: expect.stringContaining("has waited for") as string });
  expect(await stored()).toBe(2n);
  change({ settledTo: 2n });
  expect((await append()).slice(0, 4)).toEqual([202, '"backlog-age";r=30;t=0', policy, null]);
});

test("every limit that an answer knows of stands in it, the tightest first", async () => {
  const quotas = { requests: 1, bytes: null, records: 10, topics: null, producers: null, groups: null };
  const { append } = await backlogged({ recordsMax: 4, ageMaxS: 600 }, { quotas, now: () => 1_700_000_000_000 });
  expect((await append()).slice(0, 3)).toEqual([
    202,
    '"requests";r=9;t=1, "records";r=99;t=1, "backlog";r=4;t=0, "backlog-age";r=600;t=0',
    '"requests";q=10;w=10, "records";q=100;w=10, "backlog";q=4, "backlog-age";q=600',
  ]);
  for (let count = 0; count < 2; count += 1) await append();
  expect((await append())[1]).toBe(
    '"backlog";r=1;t=0, "requests";r=6;t=4, "records";r=96;t=1, "backlog-age";r=598;t=0',
  );
  expect((await append()).slice(0, 2)).toEqual([
    503,
    '"backlog";r=0;t=60, "requests";r=5;t=5, "backlog-age";r=597;t=0',
  ]);
});
