import { describe, expect, test } from "vitest";
import { audit } from "../../../src/audit/audit.ts";
import { compileContractSet } from "../../../src/core/compile.ts";
import { sealContractSet, versionDigest } from "../../../src/core/contract-set.ts";
import { startGateway } from "../../../src/gateway/gateway.ts";
import { refusalOf } from "../../../src/store/mongodb/refusal.ts";
import { openEmbedded, TOPIC } from "../../embedded.ts";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { testDatabase } from "./database.ts";

const LIMITS = { bytesMax: 16_000_000, depthMax: 64 };

function listContracts() {
  const list = { type: "array", items: { type: "integer" } };
  const map = { type: "object", additionalProperties: { type: "object", additionalProperties: false } };
  const schema = { type: "object", properties: { id: { type: "string" }, list, map }, required: ["id", "list"] };
  const content = { version: 1, schema, rules: [], identity: ["/id"] };
  const version = { ...content, status: "active" as const, digest: versionDigest("list", content) };
  const contract = { subject: "list", collection: "orders", versionField: null, versions: [version] };
  const bindings = [{ topic: TOPIC, subject: "list", defaultVersion: 1 }];
  return compileContractSet(sealContractSet({ limits: LIMITS, contracts: [contract], bindings }));
}

function listText(id: string, count: number): string {
  return `{"id":"${id}","list":[${"1,".repeat(count - 1)}1]}`;
}

function refused(text: string): string | null {
  const value = Buffer.from(text);
  const position = { stream: "s", topic: TOPIC, partition: 0, offset: 0n };
  const record = { position, timestampMs: 0, key: null, headers: [], value };
  return refusalOf(record, JSON.parse(text) as { readonly id: string });
}

describe("what MongoDB could never keep", () => {
  test("is told by the size its document would have", () => {
    expect(refused(listText("a", 10))).toBeNull();
    expect(refused(listText("a", 700_000))).toBeNull();
    expect(refused(listText("a", 1_000_000))).toMatch(
      /^As a MongoDB document it would have \d{8} bytes, more than 16711680$/,
    );
    expect(refused(`{"id":"${"x".repeat(16_000_000)}"}`)).toBeNull();
    expect(refused(`{"id":"${"x".repeat(17_000_000)}"}`)).not.toBeNull();
  });

  const mongo = mongoForTests(1);

  test("is FAILED store-rejected with its bytes before the ledger, and never stops the stream", async () => {
    const database = await testDatabase(mongo.server());
    const store = await database.open();
    const embedded = await openEmbedded();
    const largest = listText("x".repeat(15_990_000), 3);
    await embedded.append(listText("a", 10), listText("b", 1_500_000), listText("c", 700_000), largest);
    const set = listContracts();
    const gateway = await startGateway({ ...embedded.deps, store, contracts: () => set });
    await expect.poll(() => gateway.streams()[0]?.settledTo).toBe(4n);
    await gateway.stop();
    const [stream] = await embedded.log.streams();
    const rows = await store.reads.rows(stream?.id ?? "", 0n, 4n);
    expect(rows.map((row) => (row.kind === "failed" ? row.reason.kind : row.kind))).toEqual([
      "validated",
      "store-rejected",
      "validated",
      "validated",
    ]);
    expect(rows[1]?.kind === "failed" && rows[1].raw?.length).toBe(listText("b", 1_500_000).length);
    const options = {
      source: embedded.log,
      tailMayBeIncomplete: false,
      findingsMax: 9,
      signal: new AbortController().signal,
    };
    expect(await audit(store.reads, options)).toMatchObject({ findings: [], records: 4, validated: 3, failed: 1 });
  }, 180_000);

  test("is no key, header or explanation, however long: what a batch brings is stored, and read back as it was", async () => {
    const database = await testDatabase(mongo.server());
    const store = await database.open();
    const embedded = await openEmbedded();
    const long = { key: Buffer.alloc(9_000_000, "k"), value: Buffer.alloc(11_000_000, "v") };
    const below = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`x${n}`, n]));
    const nested = JSON.stringify({ id: "n", list: [], map: { ["m".repeat(900_000)]: below } });
    const many = JSON.stringify({ id: "m", list: Array.from({ length: 30 }, () => "?") });
    const record = (text: string, changes: object = {}) => ({
      key: null,
      headers: [],
      value: Buffer.from(text),
      partition: null,
      ...changes,
    });
    const headers = [["h", long.value] as const, ["h", Buffer.from("2")] as const];
    await embedded.log.append(TOPIC, [
      record(listText("a", 3), { key: long.key, headers }),
      record("{", { key: long.key, headers }),
      record(nested),
      ...Array.from({ length: 3_000 }, () => record(many)),
    ]);
    const set = listContracts();
    const limits = { bytesMax: 100_000_000, recordsMax: 4_000, waitMs: 20 };
    const gateway = await startGateway({ ...embedded.deps, store, contracts: () => set, limits });
    await expect.poll(() => gateway.streams()[0]?.settledTo).toBe(3_003n);
    await gateway.stop();
    const [stream] = await embedded.log.streams();
    const rows = await store.reads.rows(stream?.id ?? "", 0n, 4n);
    expect(rows.map((row) => (row.kind === "failed" ? row.reason.kind : row.kind))).toEqual([
      "validated",
      "malformed",
      "schema",
      "schema",
    ]);
    for (const row of rows.slice(0, 2)) {
      if (row.kind === "unreadable") throw new Error(row.message);
      expect(Buffer.compare(row.key ?? Buffer.alloc(0), long.key)).toBe(0);
      expect(row.headers.map(([name, value]) => [name, value.length])).toEqual([
        ["h", 11_000_000],
        ["h", 1],
      ]);
    }
    const checked = await audit(store.reads, {
      source: embedded.log,
      tailMayBeIncomplete: false,
      findingsMax: 10,
      signal: new AbortController().signal,
    });
    expect(checked.findings).toEqual([]);
    await database.raw.collection<{ _id: string }>("sigma_raw").deleteOne({ _id: `${stream?.id}@1#e2` });
    expect((await store.reads.rows(stream?.id ?? "", 1n, 2n))[0]).toMatchObject({ kind: "unreadable" });
  }, 180_000);
});
