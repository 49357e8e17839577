import { planRetention } from "../../src/retain/plan.ts";
import { runRetention } from "../../src/retain/run.ts";
import { describe, expect, onTestFinished, test } from "vitest";
import { attendRedrives } from "../../src/failures/redrive/attend.ts";
import { runDeps } from "../failures/redrive/redriving.ts";
import { openEmbedded, shipment, shipmentContracts, TOPIC } from "../embedded.ts";
import { until } from "../patience.ts";
import { get, post, serve, type Service } from "./service.ts";

const STRICT = shipmentContracts(10);
const SAID = { actor: "ann", reason: "the limit was wrong" };
type Json = Readonly<Record<string, unknown>>;

/** Twelve records, of which ten failed by a limit that is a higher one now, and one by its shape. */
async function withFailures(isAttended = false): Promise<Service> {
  const embedded = await openEmbedded();
  await embedded.append(shipment("light", 5), "{");
  for (let index = 0; index < 10; index += 1) await embedded.append(shipment(`heavy-${index}`, 50));
  await embedded.settle({ contracts: () => STRICT });
  const service = await serve(embedded);
  if (isAttended) attend(service);
  return service;
}

/** What `sigma start` does beside the routes. */
function attend({ store, deps }: Service): void {
  const stopping = new AbortController();
  const attending = { ...runDeps(store, deps.contracts()), report: () => undefined };
  const ended = attendRedrives(attending, stopping.signal);
  onTestFinished(async () => {
    stopping.abort();
    await ended;
  });
}

const ask = async (url: string, body: unknown) => post(url, JSON.stringify(body));

async function planned({ url }: Service, select: Json = {}, more: Json = {}): Promise<Json> {
  const { status, body } = await ask(`${url}/v1/redrives`, { ...SAID, select, ...more });
  expect([status, body["code"]]).toEqual([201, undefined]);
  return body;
}

describe("POST /v1/redrives", () => {
  test("freezes what is selected, says what would become of it, and stores none of it", async () => {
    const service = await withFailures();
    const { status, headers, body } = await ask(`${service.url}/v1/redrives`, { ...SAID, select: {} });
    expect([status, headers.get("location")]).toEqual([201, `/v1/redrives/${String(body["id"])}`]);
    expect(body).toMatchObject({
      state: "planned",
      count: 11,
      actor: "ann via api from 127.0.0.1",
      run: null,
      dryRun: { passed: 10, failed: 1 },
    });
    expect(await service.store.reads.tally()).toEqual({ validated: 1, failed: 11, receipts: 0 });
  });

  test.each([
    [{ code: "rule" }, 10],
    [{ topic: TOPIC, partition: 0, from: 3, to: "6" }, 3],
    [{ all: true, topic: TOPIC, partition: 0, from: 0 }, 12],
    [{ since: "2000-01-01T00:00:00Z", code: "malformed-not-json" }, 1],
  ])("%j selects %i records", async (select, count) => {
    expect(await planned(await withFailures(), select)).toMatchObject({ count });
  });

  test.each([
    ["{", "not-json"],
    ["[]", "not-json"],
    [{}, "bad-parameter"],
    [{ ...SAID }, "bad-parameter"],
    [{ ...SAID, select: [] }, "bad-parameter"],
    [{ ...SAID, select: { from: -1 } }, "bad-parameter"],
    [{ ...SAID, select: { from: "x".repeat(5_000) } }, "bad-parameter"],
    [{ ...SAID, select: { partition: 1.5 } }, "bad-parameter"],
    [{ ...SAID, select: { group: "abc" } }, "bad-parameter"],
    [{ ...SAID, select: { since: {} } }, "bad-parameter"],
    [{ ...SAID, select: { all: "yes" } }, "bad-parameter"],
    [{ ...SAID, select: { all: true } }, "bad-parameter"],
    [{ ...SAID, select: { al: true } }, "bad-parameter"],
    [{ ...SAID, select: {}, toVersion: "2" }, "bad-parameter"],
    [{ ...SAID, select: {}, rat: 1 }, "bad-parameter"],
    [{ actor: " ", reason: "x", select: {} }, "bad-parameter"],
    [{ ...SAID, reason: "x".repeat(1_001), select: {} }, "bad-parameter"],
  ])("%j is refused", async (given, code) => {
    const { url } = await withFailures();
    const { status, body } = await post(
      `${url}/v1/redrives`,
      typeof given === "string" ? given : JSON.stringify(given),
    );
    expect([status, body["code"]]).toEqual([400, code]);
    expect((await get(`${url}/v1/redrives`)).body).toEqual({ redrives: [], next: null });
  });

  test.each([
    [{ select: { code: "none" } }, "nothing-selected"],
    [{ select: {}, toVersion: 9 }, "version-unfit"],
  ])("%j makes no plan", async (more, code) => {
    const { url } = await withFailures();
    const { status, body } = await ask(`${url}/v1/redrives`, { ...SAID, ...more });
    expect([status, body["code"]]).toEqual([409, code]);
  });

  test("makes one plan at a time", async () => {
    const { url } = await withFailures();
    const all = await Promise.all([1, 2, 3].map(async () => ask(`${url}/v1/redrives`, { ...SAID, select: {} })));
    expect(all.map(({ status }) => status)).toContain(201);
    for (const { status, body } of all) if (status !== 201) expect(body["code"]).toBe("planning");
  });
});

describe("POST /v1/redrives/{plan}/run", () => {
  test("gives the plan to the gateways, which run it to its end", async () => {
    const service = await withFailures(true);
    const { id } = await planned(service);
    const path = `${service.url}/v1/redrives/${String(id)}`;
    const { status, body } = await ask(`${path}/run`, { ...SAID, expect: 11, rate: 500 });
    expect([status, body["state"], body["run"]]).toEqual([200, "running", { by: "gateway", rate: 500 }]);
    await until(async () => (await get(path)).body["state"] === "done");
    expect((await get(path)).body).toMatchObject({
      last: { action: "redrive-done", actor: "gateway" },
      report: { planned: 11, handled: 11, stored: 10, failed: 1, groups: [{ code: "malformed-not-json", count: 1 }] },
    });
    const again = await ask(`${path}/run`, { ...SAID, expect: 11 });
    expect([again.status, again.body["code"]]).toEqual([409, "plan-over"]);
    expect((await service.audit(true)).findings).toEqual([]);
  });

  test("is refused for another number of records, for none, and under other contracts", async () => {
    const embedded = await openEmbedded();
    await embedded.append(shipment("heavy", 50));
    await embedded.settle({ contracts: () => STRICT });
    let live = shipmentContracts(1_000);
    const service = await serve(embedded, { http: { contracts: () => live } });
    const { id } = await planned(service);
    const run = async (more: Json) => {
      const { status, body } = await ask(`${service.url}/v1/redrives/${String(id)}/run`, { ...SAID, ...more });
      return [status, body["code"]];
    };
    expect(await run({ expect: 2 })).toEqual([409, "unexpected-count"]);
    expect(await run({})).toEqual([400, "bad-parameter"]);
    expect(await run({ expect: 1, rate: 0 })).toEqual([400, "bad-parameter"]);
    live = shipmentContracts(2_000);
    expect(await run({ expect: 1 })).toEqual([409, "contracts-changed"]);
    expect((await get(`${service.url}/v1/redrives`)).body).toMatchObject({ redrives: [{ state: "planned" }] });
  });

  test("one plan of a contract runs at a time", async () => {
    const service = await withFailures();
    const [one, other] = [await planned(service), await planned(service)];
    const run = async ({ id }: Json) => ask(`${service.url}/v1/redrives/${String(id)}/run`, { ...SAID, expect: 11 });
    expect((await run(one)).status).toBe(200);
    const busy = await run(other);
    expect([busy.status, busy.body["code"]]).toEqual([409, "contract-busy"]);
  });
});

describe("a plan", () => {
  test("is paused, goes on, and is cancelled for good, and the operator log says by whom", async () => {
    const service = await withFailures();
    const path = `${service.url}/v1/redrives/${String((await planned(service))["id"])}`;
    const act = async (name: string, more: Json = {}) => {
      const { status, body } = await ask(`${path}/${name}`, { ...SAID, ...more });
      return status === 200 ? body["state"] : body["code"];
    };
    expect(await act("pause")).toBe("plan-not-running");
    expect(await act("run", { expect: 11 })).toBe("running");
    expect(await act("pause")).toBe("paused");
    expect(await act("pause")).toBe("paused");
    expect(await act("run", { expect: 11 })).toBe("running");
    expect(await act("cancel", { reason: "no more" })).toBe("cancelled");
    for (const name of ["cancel", "pause"]) expect(await act(name)).toBe("plan-over");
    expect(await act("run", { expect: 1 })).toBe("plan-over");
    const actions = await service.store.reads.operatorLog(0, 99);
    expect(actions.map(({ action, actor }) => [action, actor])).toEqual(
      ["redrive-plan", "redrive-run", "redrive-pause", "redrive-run", "redrive-cancel"].map((name) => [
        name,
        "ann via api from 127.0.0.1",
      ]),
    );
  });

  test("that there is none of is 404, whatever is asked of it", async () => {
    const { url } = await withFailures();
    const path = `${url}/v1/redrives/0123456789ab`;
    for (const answer of [
      await get(path),
      await ask(`${path}/run`, { ...SAID, expect: 1 }),
      await ask(`${path}/pause`, SAID),
      await ask(`${path}/cancel`, SAID),
    ])
      expect([answer.status, answer.body["code"]]).toEqual([404, "unknown-plan"]);
    expect((await get(`${url}/v1/redrives/nonsense`)).body["code"]).toBe("bad-parameter");
  });

  test("whose text was changed in the store is refused", async () => {
    const service = await withFailures();
    const { id } = await planned(service);
    const redrive = async (): Promise<string> => '{"count":1}';
    const store = { ...service.store, reads: { ...service.store.reads, redrive } };
    const other = await serve(service, { http: { redrives: { store, newId: () => "" } } });
    const path = `${other.url}/v1/redrives/${String(id)}`;
    expect((await get(path)).body["code"]).toBe("plan-damaged");
    expect((await ask(`${path}/run`, { ...SAID, expect: 11 })).body["code"]).toBe("plan-damaged");
  });
});

describe("GET /v1/redrives", () => {
  test("gives every plan once, newest first, in pages, and those of one state alone", async () => {
    const service = await withFailures();
    const ids = [];
    for (let made = 0; made < 5; made += 1) ids.unshift((await planned(service))["id"]);
    await ask(`${service.url}/v1/redrives/${String(ids[1])}/cancel`, SAID);
    const seen: unknown[] = [];
    for (let next: unknown = ""; next !== null;) {
      const { body } = await get(`${service.url}/v1/redrives?limit=2${next === "" ? "" : `&cursor=${String(next)}`}`);
      seen.push(...(body["redrives"] as Json[]).map(({ id }) => id));
      next = body["next"];
    }
    expect(seen).toEqual(ids);
    const { body } = await get(`${service.url}/v1/redrives?state=cancelled`);
    expect(body).toMatchObject({ redrives: [{ id: ids[1], last: { action: "redrive-cancel" } }], next: null });
    for (const query of ["limit=0", "cursor=ffffffffffff", "state=none", "other=1"])
      expect((await get(`${service.url}/v1/redrives?${query}`)).status).toBe(400);
  });
});

describe("a record that was sent again", () => {
  test("shows what it became, and the fact where it failed first", async () => {
    const service = await withFailures(true);
    const { url } = service;
    const { id } = await planned(service);
    await ask(`${url}/v1/redrives/${String(id)}/run`, { ...SAID, expect: 11 });
    await until(async () => (await get(`${url}/v1/redrives/${String(id)}`)).body["state"] === "done");

    const heavy = (await get(`${url}/v1/decisions/${TOPIC}/0/2`)).body;
    expect(heavy).toMatchObject({
      status: "FAILED",
      code: "rule",
      redrives: [{ plan: id, outcome: "stored", code: null }],
    });
    const [{ stream, factId } = {}] = heavy["redrives"] as Json[];
    const redriven = (await get(`${url}/v1/decisions/${TOPIC}/0/2?stream=${encodeURIComponent(String(stream))}`)).body;
    expect(redriven).toMatchObject({
      status: "PASSED",
      id: factId,
      firstFailed: { plan: id, stream: heavy["stream"], topic: TOPIC, partition: 0, offset: 2, code: "rule" },
    });
    const light = (await get(`${url}/v1/decisions/${TOPIC}/0/0`)).body;
    expect([light["redrives"], light["firstFailed"]]).toEqual([undefined, undefined]);

    // The failure of the log comes first; its id without the number of the stream means it.
    const broken = (await get(`${url}/v1/failures/${encodeURIComponent(`${TOPIC}/0@1`)}`)).body;
    const again = { plan: id, outcome: "failed", factId: null, code: "malformed-not-json", stream };
    expect(broken).toMatchObject({ stream: heavy["stream"], redrives: [again] });
    expect(broken["firstFailed"]).toBeUndefined();
    const second = (await get(`${url}/v1/failures/${encodeURIComponent(`${TOPIC}/0@1#2`)}`)).body;
    expect(second).toMatchObject({ stream, firstFailed: { plan: id, offset: 1, code: "malformed-not-json" } });
  });

  test("says when and by which term retention took the failure, the fact and the evidence", async () => {
    const service = await withFailures(true);
    const { url, store } = service;
    const { id } = await planned(service);
    await ask(`${url}/v1/redrives/${String(id)}/run`, { ...SAID, expect: 11 });
    await until(async () => (await get(`${url}/v1/redrives/${String(id)}`)).body["state"] === "done");
    const operator = { actor: "ops", at: "2026-02-01T00:00:00.000Z" };
    const take = async (...kinds: readonly string[]): Promise<void> => {
      const policy = (kind: string) => (kinds.includes(kind) ? { ms: 0, says: `retention.${kind} 0d` } : null);
      const signal = new AbortController().signal;
      const retention = await planRetention(store.reads, { policy, nowMs: Date.now() + 1_000, signal });
      await runRetention(store, retention, { operator, signal });
    };
    await take("failed");
    const failure = { what: "failure", ...operator, gone: true };
    const heavy = (await get(`${url}/v1/decisions/${TOPIC}/0/2`)).body;
    expect(heavy).toMatchObject({ status: "FAILED", taken: [failure], redrives: [{ plan: id, outcome: "stored" }] });
    const [{ stream } = {}] = heavy["redrives"] as Json[];
    const asked = `${url}/v1/decisions/${TOPIC}/0/2?stream=${encodeURIComponent(String(stream))}`;
    expect((await get(asked)).body).toMatchObject({
      status: "PASSED",
      firstFailed: { code: "rule", taken: [failure] },
    });
    const { status, body } = await get(`${url}/v1/failures/${encodeURIComponent(`${TOPIC}/0@2`)}`);
    expect(status).toBe(410);
    expect(body).toMatchObject({ code: "taken", taken: [failure], redrives: [{ plan: id, outcome: "stored" }] });
    expect(body["detail"]).toContain("failure taken by retention 2026-02-01T00:00:00.000Z by ops (retention.failed 0d");
    expect((await get(`${url}/v1/failures/${encodeURIComponent(`${TOPIC}/0@0`)}`)).body["code"]).toBe(
      "unknown-failure",
    );

    const again = await planned(service, { topic: TOPIC, partition: 0, from: 2, to: 3, all: true });
    await ask(`${url}/v1/redrives/${String(again["id"])}/run`, { ...SAID, expect: 1 });
    await until(async () => (await get(`${url}/v1/redrives/${String(again["id"])}`)).body["state"] === "done");
    await take("facts");
    const fact = { stream, topic: TOPIC, partition: 0, offset: 2, taken: [{ what: "fact", ...operator }] };
    const [, repeated = {}] = (await get(`${url}/v1/decisions/${TOPIC}/0/2`)).body["redrives"] as Json[];
    expect(repeated).toMatchObject({ plan: again["id"], outcome: "duplicate", fact });
    const receipt = `${url}/v1/decisions/${TOPIC}/0/2?stream=${encodeURIComponent(String(repeated["stream"]))}`;
    expect((await get(receipt)).body).toMatchObject({ status: "PASSED", duplicate: true, fact });
    await take("evidence");
    const gone = await get(asked);
    expect(gone.status).toBe(404);
    const taken = [{ what: "fact", ...operator }, { what: "evidence", ...operator }]; // prettier-ignore
    expect(gone.body).toMatchObject({ code: "evidence-dropped", taken, firstFailed: { taken: [failure, taken[1]] } });
    expect(gone.body["detail"]).toContain("(retention.evidence 0d");
  });
});
