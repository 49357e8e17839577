import { describe, expect, test } from "vitest";
import { createWhatIfRuns } from "../../../src/rejudge/what-if/runs.ts";
import { shipment, TOPIC } from "../../embedded.ts";
import { until } from "../../patience.ts";
import { get, post, startService, type Service } from "../service.ts";
import { shipmentVersions } from "../shipment-versions.ts";

const SET = shipmentVersions({ status: "draft", weight: { maximum: 20 } });

async function start(http = {}): Promise<Service> {
  const service = await startService({
    ingest: { contracts: () => SET },
    http: { contracts: () => SET, now: Date.now, ...http },
  });
  const lines = [shipment("a"), shipment("b", 15), shipment("c", 99), shipment("d", -1)];
  const headers = { "content-type": "application/x-ndjson", prefer: "wait=30", "sigma-producer": "svc-a" };
  await post(`${service.url}/v1/events/${TOPIC}`, lines.join("\n"), headers);
  return service;
}

const begin = async (url: string, body: object) => post(`${url}/v1/what-ifs`, JSON.stringify(body));

describe("what-ifs", () => {
  test("a draft judges what was decided, and the answer leads to the records that would fail", async () => {
    const { url, store } = await start();
    const begun = await begin(url, { subject: "shipment", version: 2, from: "2020-01-01" });
    expect([begun.status, begun.body["state"]]).toEqual([202, "running"]);
    const path = String(begun.headers.get("location"));
    expect(path).toBe(`/v1/what-ifs/${String(begun.body["id"])}`);
    await until(async () => (await get(`${url}${path}`)).body["state"] === "done");
    const { body } = await get(`${url}${path}`);
    expect(body).toMatchObject({ records: 4, newlyFailing: 1, limited: false, trouble: null, from: "2020-01-01" });
    expect(body["report"]).toMatchObject({
      flips: {
        counts: { passToPass: 2, passToFail: 1, failToFailSame: 1 },
        examples: { passToFail: [`${TOPIC}/0@2`] },
        producers: [{ name: "svc-a", counts: { passToFail: 1 } }],
      },
      coverage: { decided: 4, redecided: 4 },
    });
    const { body: list } = await get(`${url}/v1/what-ifs`);
    expect(list["whatIfs"]).toMatchObject([{ id: body["id"], state: "done" }]);
    expect(list["whatIfs"]).not.toMatchObject([{ report: expect.anything() as unknown }]);
    // Nothing is stored.
    expect(await store.reads.tally()).toMatchObject({ validated: 3 });
    expect(await store.reads.operatorLog(0, 10)).toEqual([]);
  });

  test("one runs at a time, and a cancelled one ends", async () => {
    const { promise: reached, resolve: onReached } = Promise.withResolvers<void>();
    const judge = async (_: unknown, signal: AbortSignal): Promise<never> => {
      onReached();
      return new Promise((_done, ended) => signal.addEventListener("abort", () => ended(new Error("stopped"))));
    };
    const { url } = await start({ whatIfs: createWhatIfRuns({ judge, newId: () => "0f3c9a5be1d2", now: Date.now }) });
    const one = { subject: "shipment", version: 2 };
    expect((await begin(url, one)).status).toBe(202);
    await reached;
    const second = await begin(url, one);
    expect([second.status, second.body["code"]]).toEqual([409, "what-if-running"]);
    const path = `${url}/v1/what-ifs/0f3c9a5be1d2`;
    expect((await fetch(`${path}/cancel`, { method: "POST" })).status).toBe(202);
    await until(async () => (await get(path)).body["state"] === "cancelled");
    expect((await begin(url, one)).status).toBe(202);
  });

  test.each([
    [{ subject: "shipment", version: 9 }, 404, "unknown-contract"],
    [{ subject: "shipment", version: 2, from: "yesterday" }, 400, "bad-parameter"],
    [{ subject: "shipment", version: 2, records: 10_000_001 }, 400, "bad-parameter"],
    [{ subject: "shipment", version: 2, colour: "red" }, 400, "bad-parameter"],
    [{ subject: "shipment" }, 400, "bad-parameter"],
  ])("%j is refused", async (body, status, code) => {
    const { url } = await startService({ http: { contracts: () => SET } });
    const answer = await begin(url, body);
    expect([answer.status, answer.body["code"]]).toEqual([status, code]);
  });

  test("one that nobody began is not known", async () => {
    const { url } = await startService();
    expect((await get(`${url}/v1/what-ifs/000000000000`)).body["code"]).toBe("unknown-what-if");
    const cancelled = await fetch(`${url}/v1/what-ifs/000000000000/cancel`, { method: "POST" });
    expect(cancelled.status).toBe(404);
  });
});
