import { describe, expect, test } from "vitest";
import { TOPIC } from "../embedded.ts";
import { get, post, startService, type Service } from "./service.ts";

const shipment = (id: string) => ({ shipment_id: id, weight_kg: 1.5, destination: "Dublin", priority: 2 });
const WAIT = { prefer: "wait=30" };

/** Ten records, of which six fail in three groups. */
async function withFailures(): Promise<Service> {
  const service = await startService();
  const lines = [
    ...[1, 2, 3, 4].map((number) => JSON.stringify(shipment(`good-${number}`))),
    ...[1, 2, 3].map((number) => JSON.stringify({ ...shipment(`light-${number}`), weight_kg: -number })),
    JSON.stringify({ ...shipment("urgent"), priority: 9, destination: "Cork" }),
    JSON.stringify({ ...shipment("late"), priority: 8 }),
    "{",
  ];
  const headers = { "content-type": "application/x-ndjson", "sigma-producer": "svc-a", ...WAIT };
  await post(`${service.url}/v1/events/${TOPIC}`, lines.join("\n"), headers);
  return service;
}

type Failure = Readonly<Record<string, unknown>> & { readonly id: string; readonly fingerprint: string };

async function list(url: string, query = ""): Promise<readonly Failure[]> {
  const { body, status } = await get(`${url}/v1/failures${query}`);
  expect(status).toBe(200);
  return body["failures"] as readonly Failure[];
}

describe("GET /v1/failures", () => {
  test("gives every failure once, in pages that go on where the one before ended", async () => {
    const { url } = await withFailures();
    const all = await list(url);
    expect(all).toHaveLength(6);
    const ids: string[] = [];
    for (let next: unknown = ""; next !== null;) {
      const cursor = next === "" ? "" : `&cursor=${String(next)}`;
      const { body } = await get(`${url}/v1/failures?limit=2${cursor}`);
      ids.push(...(body["failures"] as readonly Failure[]).map(({ id }) => id));
      next = body["next"];
      // Failures that arrive meanwhile come before the first page.
      await post(`${url}/v1/events/${TOPIC}`, "[", { "content-type": "application/json", ...WAIT });
    }
    const firsts = ids.filter((id) => all.some((one) => one.id === id));
    expect(firsts).toEqual(all.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
  });

  test.each([
    ["?code=schema", 5],
    ["?code=malformed-not-json", 1],
    ["?contract=shipment", 6],
    ["?contract=shipment@1&pointer=/priority", 2],
    ["?pointer=/weight_kg", 3],
    ["?producer=svc-a", 6],
    ["?producer=svc-b", 0],
    ["?version=1", 6],
    ["?version=2", 0],
    ["?state=open", 6],
    ["?state=muted", 0],
    ["?field=/destination=Cork", 1],
    ["?field=/weight_kg=-2", 1],
    [`?topic=${TOPIC}&partition=0&offset=4`, 1],
    ["?topic=other", 0],
    ["?since=2000-01-01T00:00:00Z", 6],
    ["?until=2000-01-01T00:00:00Z", 0],
  ])("%s narrows to %i", async (query, count) => {
    const { url } = await withFailures();
    expect(await list(url, query)).toHaveLength(count);
  });

  test("shows payloads when they are asked for, and else none", async () => {
    const { url } = await withFailures();
    const [without] = await list(url, "?code=schema&limit=1");
    const [shown] = await list(url, "?code=schema&limit=1&payload=true");
    expect([without?.["payload"], shown?.["payload"]]).toMatchObject([undefined, { shipment_id: "late" }]);
  });

  test.each([
    ["?since=yesterday", "bad-parameter", "since"],
    ["?group=abc", "bad-parameter", "group"],
    ["?limit=0", "bad-parameter", "limit"],
    ["?limit=9999", "bad-parameter", "limit"],
    ["?color=red", "bad-parameter", ""],
    ["?field=destination", "bad-parameter", "field"],
    ["?cursor=abc", "foreign-cursor", ""],
  ])("%s is refused with %s", async (query, code, word) => {
    const { url } = await startService();
    const { status, body } = await get(`${url}/v1/failures${query}`);
    expect([status, body["code"], String(body["detail"])]).toEqual([400, code, expect.stringContaining(word)]);
  });

  test("a cursor of another query is refused", async () => {
    const { url } = await withFailures();
    const { body } = await get(`${url}/v1/failures?limit=1`);
    const other = await get(`${url}/v1/failures?limit=1&code=schema&cursor=${String(body["next"])}`);
    expect([other.status, other.body["code"]]).toEqual([400, "foreign-cursor"]);
  });
});

describe("GET /v1/failures/{id}", () => {
  test("shows one failure with its payload, and its exact bytes", async () => {
    const { url } = await withFailures();
    const [failure] = await list(url, "?code=malformed-not-json");
    const path = `${url}/v1/failures/${encodeURIComponent(failure?.id ?? "")}`;
    expect((await get(path)).body).toMatchObject({ id: `${TOPIC}/0@9#1`, producer: "svc-a", offset: 9 });
    expect(await (await fetch(`${path}/raw`)).text()).toBe("{");
    const short = await get(`${url}/v1/failures/${encodeURIComponent(`${TOPIC}/0@4`)}`);
    expect(short.body).toMatchObject({ pointers: ["/weight_kg"], payload: { shipment_id: "light-1" } });
  });

  test("a position that did not fail, and a text that is no position, are told apart", async () => {
    const { url } = await withFailures();
    const passed = await get(`${url}/v1/failures/${encodeURIComponent(`${TOPIC}/0@0`)}`);
    const strange = await get(`${url}/v1/failures/what`);
    expect([passed.status, passed.body["code"]]).toEqual([404, "unknown-failure"]);
    expect([strange.status, strange.body["code"]]).toEqual([400, "bad-parameter"]);
  });
});

describe("groups of failures", () => {
  test("are counted, and one says what its failures have in common", async () => {
    const { url } = await withFailures();
    const { body } = await get(`${url}/v1/failures/groups?sort=count`);
    const groups = body["groups"] as readonly Failure[];
    expect([body["total"], groups.map(({ count }) => count)]).toEqual([3, [3, 2, 1]]);
    const one = await get(`${url}/v1/failures/groups/${groups[0]?.fingerprint}`);
    expect(one.body).toMatchObject({
      count: 3,
      state: { kind: "open" },
      topics: [TOPIC],
      recipe: expect.stringContaining("`exclusiveMinimum` at /properties/weight_kg/exclusiveMinimum") as string,
      sample: { looked: 3, producers: [{ value: "svc-a", count: 3 }] },
    });
    expect(one.body["examples"]).toHaveLength(3);
    expect(one.body["trend"]).toEqual([{ hour: "2023-11-14T22:00:00.000Z", count: 3 }]);
  });

  test("are read in pages by the time of their first failure", async () => {
    const { url } = await withFailures();
    const found: string[] = [];
    for (let next: unknown = ""; next !== null;) {
      const { body } = await get(`${url}/v1/failures/groups?limit=1${next === "" ? "" : `&cursor=${String(next)}`}`);
      found.push(...(body["groups"] as readonly Failure[]).map(({ fingerprint }) => fingerprint));
      next = body["next"];
    }
    expect(new Set(found).size).toBe(3);
    expect(found).toHaveLength(3);
  });

  test("take a state, an owner and notes, which the operator log keeps and no evidence changes", async () => {
    const { url, store } = await withFailures();
    const { body } = await get(`${url}/v1/failures/groups?sort=count`);
    const { fingerprint } = (body["groups"] as readonly Failure[])[0] as Failure;
    const path = `${url}/v1/failures/groups/${fingerprint}`;
    const by = { actor: "ann", reason: "looking" };
    const muted = await patch(path, { ...by, state: "muted", threshold: 100, owner: "team-a" });
    expect([muted.status, muted.body]).toMatchObject([
      200,
      {
        state: {
          kind: "muted",
          threshold: 100,
          since: 0,
          set: { actor: "ann via api from 127.0.0.1", text: "looking" },
        },
        owner: "team-a",
      },
    ]);
    expect(await list(url, "?state=muted")).toHaveLength(3);
    await patch(path, { ...by, state: "muted", threshold: 3 });
    expect(await list(url, "?state=muted")).toHaveLength(0);
    await patch(path, { actor: "bob", reason: "asked the producer" });
    const fixed = await patch(path, { ...by, state: "fixed-in", version: 2 });
    expect(fixed.body["state"]).toMatchObject({ kind: "fixed-in", version: 2 });
    expect((await get(path)).body["notes"]).toMatchObject([
      { actor: "bob via api from 127.0.0.1", text: "asked the producer" },
    ]);
    const actions = (await store.reads.operatorLog(0, 99)).map(({ action }) => action);
    expect(actions).toEqual(["group-state", "group-owner", "group-state", "group-note", "group-state"]);
  });

  test.each([
    ["{", 400, "not-json"],
    ["[]", 400, "not-json"],
    [{ reason: "x" }, 400, "bad-parameter"],
    [{ actor: "a", reason: "x", state: "gone" }, 400, "bad-parameter"],
    [{ actor: "a", reason: "x", state: "muted" }, 400, "bad-parameter"],
    [{ actor: "a", reason: "x", state: "muted", until: "soon" }, 400, "bad-parameter"],
    [{ actor: "a", reason: "x", state: "fixed-in" }, 400, "bad-parameter"],
    [{ actor: "a", reason: "x", state: "open" }, 404, "unknown-group"],
  ])("a change such as %j is refused with %i %s", async (body, status, code) => {
    const { url, store } = await startService();
    const answer = await patch(`${url}/v1/failures/groups/${"0".repeat(32)}`, body);
    expect([answer.status, answer.body["code"]]).toEqual([status, code]);
    expect(await store.reads.operatorLog(0, 9)).toEqual([]);
  });
});

async function patch(url: string, body: unknown): Promise<{ status: number; body: Readonly<Record<string, unknown>> }> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const answer = await fetch(url, { method: "PATCH", headers: { "content-type": "application/json" }, body: text });
  return { status: answer.status, body: (await answer.json()) as Readonly<Record<string, unknown>> };
}
