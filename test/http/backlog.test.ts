import { expect, test } from "vitest";
import { createPressure } from "../../src/gateway/pressure.ts";
import { openEmbedded } from "../embedded.ts";
import { serve } from "./service.ts";

const SHIPMENT = '{"shipment_id":"A","weight_kg":1.5,"destination":"Dublin","priority":2}';

test("an append that would let more records wait than may is refused with a time to come back, and is not in the log", async () => {
  const embedded = await openEmbedded();
  const streams = await embedded.log.streams();
  const [stream] = streams;
  if (stream === undefined) throw new Error("there is a stream");
  let [nowMs, settledTo] = [0, 0n];
  // Nothing is settled but what the test says: the store of this gateway is away.
  const of = createPressure({
    streams: () => streams.map((one) => ({ stream: one, state: "paused", settledTo, decidedTo: null, trouble: null })),
    source: embedded.log,
    now: () => (nowMs += 1_000),
    recordsMax: 2,
  });
  const { url } = await serve(embedded, { http: { backlog: { of, recordsMax: 2 } } });
  const append = async () => {
    const response = await fetch(`${url}/v1/events/${stream.topic}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: SHIPMENT,
    });
    const names = ["ratelimit", "ratelimit-policy", "retry-after"];
    return [response.status, ...names.map((name) => response.headers.get(name)), await response.json()] as const;
  };
  const policy = '"backlog";q=2';
  expect((await append()).slice(0, 4)).toEqual([202, '"backlog";r=2;t=0', policy, null]);
  expect((await append()).slice(0, 4)).toEqual([202, '"backlog";r=1;t=0', policy, null]);
  const refused = await append();
  expect(refused.slice(0, 4)).toEqual([503, '"backlog";r=0;t=60', policy, "60"]);
  expect(refused[4]).toMatchObject({ code: "backlogged", status: 503 });
  expect((await embedded.log.bounds(stream)).end).toBe(2n);
  settledTo = 1n;
  expect((await append()).slice(0, 4)).toEqual([202, '"backlog";r=1;t=0', policy, null]);
});
