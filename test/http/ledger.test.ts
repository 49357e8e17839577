import { createHash } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { createAnchorNotes } from "../../src/gateway/anchor-notes.ts";
import { canonicalText } from "../../src/json/canonical.ts";
import type { JsonValue } from "../../src/json/json.ts";
import { shipment, TOPIC } from "../embedded.ts";
import { until } from "../patience.ts";
import { get, startService, type Service } from "./service.ts";

type View = Readonly<Record<string, JsonValue>>;

/** Three entries of records: the first five, three more, and one. */
async function withEntries(more: Parameters<typeof startService>[0] = {}): Promise<Service & { readonly id: string }> {
  const service = await startService(more);
  const [{ id } = { id: "" }] = await service.log.streams();
  const settle = async (...texts: readonly string[]): Promise<void> => {
    const before = (await service.store.tail(id))?.to ?? 0n;
    await service.append(...texts);
    await until(async () => (await service.store.tail(id))?.to === before + BigInt(texts.length));
  };
  await settle(shipment("a"), shipment("b", -1), "{", shipment("a"), shipment("c"));
  await settle(shipment("d"), shipment("a", 99));
  await settle(shipment("e"));
  return { ...service, id };
}

async function pageOf(
  url: string,
  name: "entries" | "streams",
): Promise<{ rows: readonly View[]; next: string | null }> {
  const { body } = await get(url);
  return { rows: body[name] as readonly View[], next: body["next"] as string | null };
}

describe("GET /v1/ledger", () => {
  test("lists the streams with the heads of their chains, in pages", async () => {
    const { url, store, id } = await withEntries();
    const tail = await store.tail(id);
    expect(await pageOf(`${url}/v1/ledger`, "streams")).toEqual({
      rows: [
        {
          number: 1,
          stream: id,
          topic: TOPIC,
          partition: 0,
          plan: null,
          entries: (tail?.seq ?? 0) + 1,
          settledTo: 8,
          hash: tail?.hash,
          engine: tail?.engine,
          newestAt: "2023-11-14T22:13:20.000Z",
        },
      ],
      next: null,
    });
    await store.streamNote({ stream: `redrive/${"0".repeat(12)}/1`, topic: TOPIC, partition: 0 });
    const first = await pageOf(`${url}/v1/ledger?limit=1`, "streams");
    expect(first.rows.map(({ plan, entries, hash }) => [plan, entries, hash])).toEqual([["0".repeat(12), 0, null]]);
    const second = await pageOf(`${url}/v1/ledger?limit=1&cursor=${first.next}`, "streams");
    expect([second.rows.map(({ stream }) => stream), second.next]).toEqual([[id], null]);
  });
});

describe("GET /v1/ledger/entries", () => {
  test("gives every entry once, from either end, and each has the hash that anybody can compute from it", async () => {
    const { url, id } = await withEntries();
    const of = `${url}/v1/ledger/entries?stream=${encodeURIComponent(id)}`;
    const walk = async (order: string): Promise<readonly View[]> => {
      const all: View[] = [];
      for (let cursor: string | null = ""; cursor !== null;) {
        const page = await pageOf(`${of}&order=${order}&limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`, "entries");
        all.push(...page.rows);
        cursor = page.next;
      }
      return all;
    };
    const [newest, oldest] = [await walk("newest"), await walk("oldest")];
    expect(newest.toReversed()).toEqual(oldest);
    expect(oldest.map(({ seq }) => seq)).toEqual(oldest.map((_, index) => index));
    expect(oldest.map(({ prevHash }) => prevHash)).toEqual([
      "0".repeat(64),
      ...oldest.slice(0, -1).map(({ hash }) => hash),
    ]);
    for (const { hash, passed: _passed, failed: _failed, from, to, newestMs, ...rest } of oldest) {
      const hashed = { ...rest, from: String(from), to: String(to), newestMs: String(newestMs) };
      expect(createHash("sha256").update(canonicalText(hashed)).digest("hex")).toBe(hash);
    }
    const sums = (name: string): number => oldest.reduce((sum, one) => sum + Number(one[name]), 0);
    expect([sums("count"), sums("passed"), sums("failed")]).toEqual([8, 6, 2]);
  });

  test("a stream that there is not is no list without entries", async () => {
    const { url } = await startService();
    expect((await get(`${url}/v1/ledger/entries?stream=none`)).body["code"]).toBe("unknown-stream");
    expect((await get(`${url}/v1/ledger/entries`)).body["code"]).toBe("bad-parameter");
  });
});

describe("GET /v1/ledger/proof", () => {
  const steps = (body: Readonly<Record<string, unknown>>): unknown =>
    (body["checks"] as readonly View[]).map(({ step, result }) => `${String(step)} ${String(result)}`);

  test("proves what the ledger says of a record: chain, evidence, decision, documents, and the seal of the next entry", async () => {
    const { url, id } = await withEntries();
    for (const [offset, outcome] of [
      [0, "PASSED"],
      [1, "FAILED"],
      [3, "PASSED"],
      [6, "PASSED"],
    ] as const) {
      const { body } = await get(`${url}/v1/ledger/proof?topic=${TOPIC}&partition=0&offset=${offset}`);
      expect(body).toMatchObject({
        stream: id,
        topic: TOPIC,
        partition: 0,
        offset,
        outcome,
        verified: true,
        findings: [],
      });
      expect(steps(body)).toEqual(["chain ok", "evidence ok", "decision ok", "documents ok", "sealed ok"]);
    }
    const last = await get(`${url}/v1/ledger/proof?stream=${encodeURIComponent(id)}&offset=7`);
    expect(steps(last.body)).toEqual(["chain ok", "evidence ok", "decision ok", "documents ok", "sealed skipped"]);
    expect(last.body).toMatchObject({
      behind: null,
      verified: true,
      head: { hash: (last.body["entry"] as View)["hash"] },
    });
  });

  test("says what is wrong where somebody changed a document, or an entry", async () => {
    const { url, directory } = await withEntries();
    const db = new DatabaseSync(join(directory, "store.db"));
    db.exec("DELETE FROM failed_shipments");
    const proof = async () => (await get(`${url}/v1/ledger/proof?topic=${TOPIC}&offset=1`)).body;
    const missing = await proof();
    expect([missing["verified"], steps(missing)]).toEqual([
      false,
      ["chain ok", "evidence ok", "decision ok", "documents wrong", "sealed ok"],
    ]);
    expect((missing["findings"] as readonly View[]).map(({ code, offset }) => [code, offset])).toEqual([
      ["ROW_MISSING", 1],
      ["ROW_MISSING", 2],
    ]);
    db.exec("UPDATE sigma_ledger SET prev_hash = root WHERE seq = 1");
    db.close();
    expect(steps(await proof())).toContain("chain wrong");
  });

  test("what is not kept is not looked at, and said to be so", async () => {
    const { url } = await withEntries({ ingest: { evidence: "drop" } });
    const { body } = await get(`${url}/v1/ledger/proof?topic=${TOPIC}&offset=1`);
    expect([body["verified"], body["outcome"], steps(body)]).toEqual([
      true,
      "FAILED",
      ["chain ok", "evidence skipped", "decision skipped", "documents skipped", "sealed skipped"],
    ]);
  });

  test("a position that no entry covers, and one of no stream, are not found", async () => {
    const { url } = await withEntries();
    const codeOf = async (query: string): Promise<unknown> =>
      (await get(`${url}/v1/ledger/proof?${query}`)).body["code"];
    expect(await codeOf(`topic=${TOPIC}&offset=8`)).toBe("no-entry");
    expect(await codeOf(`topic=${TOPIC}&partition=1&offset=0`)).toBe("unknown-stream");
    expect(await codeOf("stream=none&offset=0")).toBe("unknown-stream");
    expect(await codeOf("offset=0")).toBe("bad-parameter");
  });
});

describe("GET /v1/ledger/anchors", () => {
  test("says where heads are kept, when they were written last, and what is in the way", async () => {
    let nowMs = 1_700_000_000_000;
    const anchors = createAnchorNotes(() => nowMs);
    const verified = { kind: "verified", key: "ed25519:k", counter: 3, at: "2026-01-01T00:00:00.000Z" } as const;
    const unknown = { kind: "unknown", why: "the broker is away" } as const;
    const anchorSignature = async (place: string) => (place === "topic" ? unknown : verified);
    const { url } = await startService({ http: { anchors, anchorSignature } });
    expect((await get(`${url}/v1/ledger/anchors`)).body).toEqual({ places: [], fallen: [] });
    anchors.observe({ kind: "anchored", place: "/a/anchors", remark: null });
    nowMs += 1_000;
    const trouble = { code: "ANCHOR_FILE", message: "the disk is full", remedy: "make room" } as const;
    anchors.observe({ kind: "anchor-trouble", place: "/a/anchors", ...trouble });
    anchors.observe({ kind: "anchored", place: "topic", remark: "it is not compacted" });
    anchors.observe({ kind: "head-fell-behind", stream: "s", seq: 7 });
    expect((await get(`${url}/v1/ledger/anchors`)).body).toEqual({
      places: [
        { place: "/a/anchors", writtenAt: "2023-11-14T22:13:20.000Z", remark: null, trouble, signature: verified },
        {
          place: "topic",
          writtenAt: "2023-11-14T22:13:21.000Z",
          remark: "it is not compacted",
          trouble: null,
          signature: unknown,
        },
      ],
      fallen: [{ stream: "s", seq: 7 }],
    });
  });
});
