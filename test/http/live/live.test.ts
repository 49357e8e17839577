import { randomBytes } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import { createEventReader } from "../../../console/src/api/event-stream.ts";
import { openAccess } from "../../../src/access/access.ts";
import { makeApiKey, revokeApiKey } from "../../../src/access/change-keys.ts";
import { createRedaction } from "../../../src/failures/redact.ts";
import { createLive, LIVE } from "../../../src/http/live/live.ts";
import { openEmbedded, shipment, TOPIC, type Embedded } from "../../embedded.ts";
import { until } from "../../patience.ts";
import { feedLive } from "../feed-live.ts";
import { buildApp, get, serve, type Service } from "../service.ts";

type Row = Readonly<Record<string, unknown>>;
type Frame = { readonly matched: number; readonly shown: number; readonly decided: Row; readonly rows: readonly Row[] };
type Seen = { readonly event: string; readonly id: string; readonly data: Row };

const EVERY_MS = 10;
const NOBODY = { resumed: false, everyMs: LIVE.everyMs, rows: LIVE.rows };

async function start(more: NonNullable<Parameters<typeof serve>[1]>["http"] = {}, on?: Embedded): Promise<Service> {
  const live = createLive({ now: Date.now, everyMs: EVERY_MS });
  const embedded = on ?? (await openEmbedded());
  return serve(embedded, { ingest: feedLive(live, embedded), http: { live, now: Date.now, ...more } });
}

/** Reads the events of an address in the background. */
async function watch(url: string, headers: Readonly<Record<string, string>> = {}) {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const response = await fetch(url, { headers, signal: stop.signal });
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream; charset=utf-8"]);
  const seen: Seen[] = [];
  const read = createEventReader();
  const state = { isOver: false };
  const reading = async (): Promise<void> => {
    for await (const chunk of response.body ?? [])
      for (const { data, ...event } of read(Buffer.from(chunk).toString()))
        seen.push({ ...event, data: JSON.parse(data) as Row });
  };
  void reading().then(
    () => (state.isOver = true),
    () => (state.isOver = true),
  );
  const frames = (): readonly Frame[] =>
    seen.flatMap(({ event, data }) => (event === "frame" ? [data as unknown as Frame] : []));
  const rows = (): readonly Row[] => frames().flatMap((one) => one.rows);
  await until(() => seen.length > 0);
  return { seen, frames, rows, stop: () => stop.abort(), isOver: () => state.isOver };
}

const ACCESS = { now: Date.now, noteUse: () => undefined };
const OPERATOR = { actor: "ann", at: "2026-11-29T00:00:00.000Z", reason: "for the tests" };

async function keyOf({ store }: Embedded, subjects: readonly string[] = []) {
  const wanted = { name: "page", roles: ["viewer" as const], topics: [], subjects, endsMs: null };
  return makeApiKey(store, wanted, OPERATOR, randomBytes);
}

describe("GET /v1/live", () => {
  test("shows what is decided once it is stored: each record in a line, and how many there were of each kind", async () => {
    const service = await start();
    const { seen, frames, rows } = await watch(`${service.url}/v1/live`);
    expect(seen[0]).toEqual({ event: "hello", id: "", data: NOBODY });
    await service.append(shipment("a"), shipment("b", -1), shipment("a"));
    await until(() => rows().length === 3);
    expect(rows()[1]).toEqual({
      topic: TOPIC,
      partition: 0,
      offset: 1,
      at: "2023-11-14T22:13:20.000Z",
      verdict: "FAILED",
      contract: { subject: "shipment", version: 1 },
      producer: null,
      key: null,
      code: "schema",
      detail: "/weight_kg: must be > 0",
      fingerprint: expect.stringMatching(/^[0-9a-f]+$/) as string,
    });
    const sums = frames().reduce((sum, { decided }) => sum + Number(decided["decided"]), 0);
    const last = { passed: 0, failed: 0, duplicates: 0 };
    for (const { decided } of frames())
      for (const name of ["passed", "failed", "duplicates"] as const) last[name] += Number(decided[name]);
    expect([sums, last]).toEqual([3, { passed: 1, failed: 1, duplicates: 1 }]);
    expect(rows().map(({ offset, verdict, code }) => [offset, verdict, code])).toEqual([
      [0, "PASSED", null],
      [1, "FAILED", "schema"],
      [2, "PASSED", null],
    ]);
  });

  test("a record that passed and contradicts a fact is shown as what it became", async () => {
    const service = await start();
    const failed = await watch(`${service.url}/v1/live?verdict=FAILED`);
    const passed = await watch(`${service.url}/v1/live?verdict=PASSED`);
    await service.append(shipment("a"));
    await until(() => passed.rows().length === 1);
    await service.append(shipment("a", 99), shipment("b"));
    await until(() => passed.rows().length === 2 && failed.rows().length === 1);
    expect(failed.rows().map(({ offset, code }) => [offset, code])).toEqual([[1, "conflict"]]);
    expect(passed.rows().map(({ offset }) => offset)).toEqual([0, 2]);
    expect(passed.frames().reduce((sum, { matched }) => sum + matched, 0)).toBe(2);
  });

  test.each([
    ["verdict=FAILED", [1, 2]],
    ["code=malformed-not-json", [2]],
    ["contract=shipment@1", [0, 1, 2]],
    ["contract=shipment@2", []],
    ["contract=other", []],
    [`topic=${TOPIC}&partition=0&verdict=PASSED`, [0]],
    ["partition=1", []],
    ["producer=svc-a", []],
  ])("lets through what the filter %s names", async (query, offsets) => {
    const service = await start();
    const all = await watch(`${service.url}/v1/live`);
    const some = await watch(`${service.url}/v1/live?${query}`);
    await service.append(shipment("a"), shipment("b", -1), "{");
    await until(() => all.rows().length === 3 && some.frames().length > 0);
    expect(some.rows().map(({ offset }) => offset)).toEqual(offsets);
  });

  test("says no key and no value of what the settings redact", async () => {
    const embedded = await openEmbedded();
    const rules = { pointers: [{ subject: null, pointer: "/destination" }], classes: [] };
    const redaction = createRedaction(rules, embedded.deps.contracts);
    const hidden = await start({ redaction }, embedded);
    const { seen, rows } = await watch(`${hidden.url}/v1/live`);
    const value = Buffer.from(`{"shipment_id":"B","destination":{"ann@example.org":1}}`);
    await embedded.log.append(TOPIC, [{ key: Buffer.from("ann@example.org"), headers: [], value, partition: null }]);
    await until(() => rows().length === 1);
    expect(JSON.stringify(seen)).not.toContain("ann@example.org");
    expect(rows()[0]).toMatchObject({ key: null, verdict: "FAILED" });
  });

  test("shows the beginning of a key that is text", async () => {
    const service = await start();
    const { rows } = await watch(`${service.url}/v1/live`);
    const keys = [Buffer.from("lane-7"), Buffer.from("ü".repeat(60)), Buffer.from([0xff, 0])];
    const value = Buffer.from(shipment("a"));
    await service.log.append(
      TOPIC,
      keys.map((key) => ({ key, headers: [], value, partition: null })),
    );
    await until(() => rows().length === 3);
    expect(rows().map(({ key }) => key)).toEqual(["lane-7", `${"ü".repeat(32)} …`, null]);
  });

  test("who comes back with the id of the last frame is given what it missed, and told so; who comes too late begins", async () => {
    const service = await start();
    const first = await watch(`${service.url}/v1/live`);
    await service.append(shipment("a"));
    await until(() => first.rows().length === 1);
    const { id = "" } = first.seen.findLast(({ event }) => event === "frame") ?? {};
    first.stop();
    await until(async () => first.isOver());
    await service.append(shipment("b"));
    const back = await watch(`${service.url}/v1/live`, { "last-event-id": id });
    await until(() => back.rows().length === 1);
    expect(back.seen[0]?.data).toEqual({ ...NOBODY, resumed: true });
    expect(back.rows().map(({ offset }) => offset)).toEqual([1]);
    const stranger = await watch(`${service.url}/v1/live`, { "last-event-id": "1.0-7" });
    expect(stranger.seen[0]?.data).toEqual(NOBODY);
  });

  test("a server that closes ends every reader with a word, and waits for none", async () => {
    const embedded = await openEmbedded();
    const { app, gateway } = await buildApp(embedded, { http: { live: createLive({ now: Date.now }) } });
    const { seen, isOver } = await watch(`${await app.listen({ host: "127.0.0.1", port: 0 })}/v1/live`);
    await app.close();
    await gateway.stop();
    await until(() => isOver());
    expect(seen.at(-1)).toMatchObject({ event: "end", data: { why: "closing" } });
  });

  test("a server without anything to show says so at once", async () => {
    const embedded = await openEmbedded();
    const service = await serve(embedded);
    const { seen } = await watch(`${service.url}/v1/live`);
    expect(seen).toEqual([{ event: "end", id: "", data: { why: "off" } }]);
  });

  test("as many may read as are allowed; the next one is told to come later", async () => {
    const live = createLive({ now: Date.now });
    const service = await start({ live: { ...live, hasRoom: () => false } });
    expect((await get(`${service.url}/v1/live`)).body).toMatchObject({ status: 503, code: "too-many-readers" });
  });

  test("a parameter that is none, and one that is not as it must be, are problems", async () => {
    const service = await start();
    for (const query of ["text=secret", "verdict=maybe", "contract=a@b", "partition=-1"])
      expect([query, (await get(`${service.url}/v1/live?${query}`)).body["code"]]).toEqual([query, "bad-parameter"]);
  });

  test("who may read whose key was revoked is let go while it reads", async () => {
    const embedded = await openEmbedded();
    let nowMs = Date.now();
    const access = openAccess({ reads: embedded.store.reads, ...ACCESS, now: () => (nowMs += 1_000) });
    const { id, key } = await keyOf(embedded);
    const service = await start({ access, limits: { askAgainMs: EVERY_MS } }, embedded);
    const { seen, isOver } = await watch(`${service.url}/v1/live`, { authorization: `Bearer ${key}` });
    await revokeApiKey(embedded.store, id, OPERATOR);
    await until(() => isOver());
    expect(seen.at(-1)).toMatchObject({ event: "end", data: { why: "not-allowed" } });
  });

  test("a key for one contract sees that contract alone", async () => {
    const embedded = await openEmbedded();
    const { key } = await keyOf(embedded, ["shipment"]);
    const service = await start({ access: openAccess({ reads: embedded.store.reads, ...ACCESS }) }, embedded);
    const headers = { authorization: `Bearer ${key}` };
    for (const query of ["", "?contract=other", "?verdict=FAILED"])
      expect((await get(`${service.url}/v1/live${query}`, headers)).body["code"]).toBe("out-of-scope");
    await watch(`${service.url}/v1/live?contract=shipment`, headers);
    await watch(`${service.url}/v1/live?topic=${TOPIC}`, headers);
  });
});
