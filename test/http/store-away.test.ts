import { expect, test } from "vitest";
import { openAccess } from "../../src/access/access.ts";
import { Unavailable } from "../../src/core/unavailable.ts";
import { shipment, TOPIC } from "../embedded.ts";
import { get, post, startService, type Service } from "./service.ts";

const EVENTS = `/v1/events/${TOPIC}`;
const MINUTE_MS = 60_000;

const away = async (): Promise<never> => {
  throw new Unavailable("STORE_UNREACHABLE", "no answer", "wait");
};

/** A gateway that knows of no key, and whose store is away since so long. */
async function startAway(sinceMs: number): Promise<Service> {
  let nowMs = 0;
  let isAway = false;
  const access = openAccess({
    reads: { operatorLog: async () => (isAway ? away() : []) },
    now: () => nowMs,
    noteUse: () => undefined,
  });
  await access.authenticate(null);
  isAway = true;
  nowMs += sinceMs;
  return startService({ http: { access, lookup: { rows: away } } });
}

test("a store that is away for minutes keeps nobody from appending, nor from asking for a verdict", async () => {
  const { url } = await startAway(5 * MINUTE_MS);
  expect(await post(`${url}${EVENTS}`, shipment("A"))).toMatchObject({ status: 202, body: { count: 1 } });
  expect(await post(`${url}/v1/validate/shipment`, shipment("A"))).toMatchObject({ status: 200 });
  expect(await post(`${url}/api/validate`, shipment("A"))).toMatchObject({ status: 200 });
  expect(await get(`${url}/v1/contracts`)).toMatchObject({ status: 200 });
  // What is for operators waits for the store.
  expect(await get(`${url}/v1/config`)).toMatchObject({ status: 503, body: { code: "STORE_UNREACHABLE" } });
});

test("who waits for decisions that the store cannot tell is answered where the records lie", async () => {
  const { url } = await startAway(0);
  const prefer = { prefer: "wait=1" };
  const one = await post(`${url}${EVENTS}`, shipment("A"), prefer);
  expect(one).toMatchObject({ status: 202, body: { count: 1, positions: [{ partition: 0, offset: 0 }] } });
  expect(one.headers.get("preference-applied")).toBe("wait=1");
  const lines = `${shipment("B")}\n${shipment("C")}\n`;
  const many = await post(`${url}${EVENTS}`, lines, { ...prefer, "content-type": "application/x-ndjson" });
  expect(many).toMatchObject({ status: 202, body: { count: 2, ranges: [{ from: 1, to: 3 }] } });
});
