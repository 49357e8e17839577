import { describe, expect, test } from "vitest";
import { audit } from "../../src/audit/audit.ts";
import { correctFailure } from "../../src/failures/lineage/correct.ts";
import type { OperatorAction } from "../../src/ledger/operator-log.ts";
import { planRetention } from "../../src/retain/plan.ts";
import { runRetention } from "../../src/retain/run.ts";
import type { StoreReads } from "../../src/store/store.ts";
import { openEmbedded, shipment, type Embedded } from "../embedded.ts";

const SIGNAL = new AbortController().signal;
const OPERATOR = { actor: "ann", at: "2026-01-01T00:00:00.000Z" };

/** A failure at offset 1, corrected by a record at offset 3, all decided. */
async function corrected(): Promise<Embedded> {
  const embedded = await openEmbedded();
  const { store, log, lookup } = embedded;
  await embedded.append(shipment("A"), "{broken", shipment("B"));
  await embedded.settle();
  const [note] = await store.reads.streamNotes();
  if (note === undefined) throw new Error("no stream");
  const [failure] = await store.reads.failuresAt("shipments", note, [1n]);
  if (failure === undefined) throw new Error("no failure");
  const contracts = embedded.deps.contracts();
  const deps = { store, log, lookup, contracts, newId: () => "0123456789ab" };
  const operator = { ...OPERATOR, reason: "a brace was missing" };
  const done = await correctFailure(deps, failure, { bytes: Buffer.from(shipment("C")), ref: null, operator });
  expect(done).toMatchObject({ id: "0123456789ab", place: { offset: 3n } });
  await embedded.settle();
  return embedded;
}

/** What the audit says of corrections, when the operator log says something else. */
async function findings(
  { store }: Embedded,
  forge: (action: OperatorAction) => OperatorAction | null = (action) => action,
): Promise<readonly string[]> {
  const reads: StoreReads = {
    ...store.reads,
    operatorLog: async (...asked) => (await store.reads.operatorLog(...asked)).flatMap((one) => forge(one) ?? []),
  };
  const report = await audit(reads, { tailMayBeIncomplete: false, findingsMax: 20, signal: SIGNAL });
  return report.findings.flatMap(({ code, offset, message }) =>
    code === "CORRECTION" ? [`${offset ?? "-"} ${message}`] : [],
  );
}

function changed(action: OperatorAction["action"], from: string | RegExp, to: string) {
  return (one: OperatorAction): OperatorAction =>
    one.action === action ? { ...one, detail: one.detail.replace(from, to) } : one;
}

const OF = "correction 0123456789ab of shipments/0@1#1";

describe("the audit of corrections", () => {
  test("finds nothing in one as it was made, nor where retention took the bytes and the failure", async () => {
    const embedded = await corrected();
    expect((await embedded.audit(true)).findings).toEqual([]);
    const policy = () => ({ ms: 0, says: "nothing is kept" });
    const plan = await planRetention(embedded.store.reads, { policy, nowMs: Date.now() + 1_000, signal: SIGNAL });
    await runRetention(embedded.store, plan, { operator: OPERATOR, signal: SIGNAL });
    expect((await embedded.audit()).findings).toEqual([]);
    expect(await findings(embedded)).toEqual([]);
  });

  test("finds digests that are not those of the records", async () => {
    const embedded = await corrected();
    const other = "0".repeat(64);
    expect(await findings(embedded, changed("correct", /failed [0-9a-f]{64}/, `failed ${other}`))).toEqual([
      `1 ${OF}: the record that failed has another digest`,
    ]);
    expect(await findings(embedded, changed("correct", /corrected [0-9a-f]{64}/, `corrected ${other}`))).toEqual([
      `3 ${OF}: the record in its place has another digest`,
    ]);
    expect(await findings(embedded, changed("corrected", /@3$/, "@2"))).toEqual([
      `2 ${OF}: the record in its place has another digest`,
    ]);
  });

  test("finds one of a record that did not fail, and of a stream that there is not", async () => {
    const embedded = await corrected();
    const aimed = (target: string) => (one: OperatorAction) => (one.action === "correct" ? { ...one, target } : one);
    expect(await findings(embedded, aimed("shipments/0@2#1"))).toEqual([
      "2 correction 0123456789ab of shipments/0@2#1: its record did not fail",
    ]);
    expect(await findings(embedded, aimed("shipments/0@1#9"))).toEqual([
      "- correction 0123456789ab of shipments/0@1#9: there is no such stream",
    ]);
    expect(await findings(embedded, changed("corrected", / at .*@/, " at nowhere@"))).toEqual([
      `3 ${OF}: the record in its place is in no stream`,
    ]);
  });

  test("finds a record in the place of a failure that nobody announced", async () => {
    const embedded = await corrected();
    expect(await findings(embedded, (one) => (one.action === "correct" ? null : one))).toEqual([
      "- action 1 is about a correction that was not announced, or says no correction",
    ]);
    expect(await findings(embedded, changed("corrected", "correction", "something"))).toEqual([
      "- action 1 is about a correction that was not announced, or says no correction",
    ]);
  });
});
