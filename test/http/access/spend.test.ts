import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { openAccess } from "../../../src/access/access.ts";
import { makeApiKey } from "../../../src/access/change-keys.ts";
import type { Quotas } from "../../../src/access/spending.ts";
import { openEmbedded, shipment, TOPIC } from "../../embedded.ts";
import { get, post, serve } from "../service.ts";

const NONE: Quotas = { requests: null, bytes: null, records: null, topics: null, producers: null, groups: null };
const EVENTS = `/v1/events/${TOPIC}`;
const NDJSON = { "content-type": "application/x-ndjson" };

/** A gateway whose clock the test sets. */
async function start(quotas: Partial<Quotas>, keys = 0) {
  const embedded = await openEmbedded();
  const clock = { ms: 1_700_000_000_000 };
  const now = () => clock.ms;
  const operator = { actor: "ann", at: new Date(clock.ms).toISOString(), reason: "for the tests" };
  const made: string[] = [];
  for (let count = 0; count < keys; count += 1) {
    const wanted = { name: `key ${count}`, roles: ["admin"], topics: [], subjects: [], endsMs: null } as const;
    made.push((await makeApiKey(embedded.store, wanted, operator, randomBytes)).key);
  }
  const access = openAccess({ reads: embedded.store.reads, now, noteUse: () => undefined });
  const service = await serve(embedded, { http: { access, now, quotas: { ...NONE, ...quotas } } });
  const stored = async (): Promise<bigint> => {
    const [stream] = await embedded.log.streams();
    return stream === undefined ? 0n : (await embedded.log.bounds(stream)).end;
  };
  return { ...service, clock, keys: made, stored };
}

test("each key has its requests; who has none left is told when there is more; probes are never limited", async () => {
  const { url, clock, keys } = await start({ requests: 1 }, 2);
  const ask = async (key = keys[0], path = "/v1/contracts") => get(`${url}${path}`, { authorization: `Bearer ${key}` });
  const first = await ask();
  expect([first.headers.get("ratelimit-policy"), first.headers.get("ratelimit")]).toEqual([
    '"requests";q=10;w=10',
    '"requests";r=9;t=1',
  ]);
  for (let count = 0; count < 9; count += 1) expect((await ask()).status).toBe(200);
  const refused = await ask();
  expect([refused.status, refused.headers.get("retry-after"), refused.headers.get("ratelimit")]).toEqual([
    429,
    "1",
    '"requests";r=0;t=10',
  ]);
  expect(refused.body).toMatchObject({ code: "over-limit", limit: "requests" });
  expect((await ask(keys[1])).status).toBe(200);
  expect((await ask(keys[0], "/registry/subjects")).body).toMatchObject({ error_code: 429 });
  for (const path of ["/livez", "/readyz", "/healthz"])
    expect([path, (await ask(keys[0], path)).headers.get("ratelimit")]).toEqual([path, null]);
  clock.ms += 1_000;
  expect((await ask()).status).toBe(200);
  const metrics = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${keys[1]}` } });
  expect(await metrics.text()).toContain('sigma_http_over_limit_total{limit="requests"} 2');
});

test("beyond its records or bytes an append is refused whole, and a stream of lines says what came before", async () => {
  const { url, clock, stored } = await start({ records: 100 });
  const lines = (count: number) => Array.from({ length: count }, (_, n) => `${shipment(`s${n}`)}\n`).join("");
  expect((await post(`${url}${EVENTS}`, lines(2_500), NDJSON)).status).toBe(429);
  const before = await stored();
  expect(before).toBe(1_000n);
  const refused = await post(`${url}${EVENTS}`, shipment("x"));
  expect([refused.status, refused.body["limit"], await stored()]).toEqual([429, "records", before]);
  clock.ms += 1_000;
  expect((await post(`${url}${EVENTS}`, shipment("x"))).status).toBe(202);
  const narrow = await start({ bytes: 1 });
  expect((await post(`${narrow.url}${EVENTS}`, shipment("a"))).status).toBe(202);
  expect((await post(`${narrow.url}${EVENTS}`, shipment("b"))).body).toMatchObject({ limit: "bytes" });
});

test("beyond the names of producers of a day an append is refused, and names that were seen go on", async () => {
  const { url, stored } = await start({ producers: 2 });
  const send = async (producer: string) =>
    (await post(`${url}${EVENTS}`, shipment(producer), { "sigma-producer": producer })).status;
  expect([await send("till-1"), await send("till-2"), await send("till-3"), await send("till-1")]).toEqual([
    202, 202, 429, 202,
  ]);
  expect(await stored()).toBe(3n);
});
