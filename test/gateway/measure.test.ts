import { describe, expect, test } from "vitest";
import { Unavailable } from "../../src/core/unavailable.ts";
import { compileContractSet } from "../../src/core/compile.ts";
import { DEFAULT_LIMITS, sealContractSet } from "../../src/core/contract-set.ts";
import type { BatchMeasures, GatewayEvent } from "../../src/gateway/event.ts";
import type { Clock, IngestDeps } from "../../src/gateway/ingest-deps.ts";
import type { Store } from "../../src/store/store.ts";
import { parcelVersion } from "../rejudge/history.ts";
import { openEmbedded, shipment, TOPIC, type Embedded } from "../embedded.ts";

/** A clock that goes on by a millisecond whenever it is read; its Unix time is 2.5 s after the embedded log's. */
function tickingClock(): Clock {
  let ms = 0;
  return { monotonicMs: () => (ms += 1), nowMs: () => 1_700_000_002_500 };
}

function measuresIn(events: readonly GatewayEvent[]): readonly BatchMeasures[] {
  return events.flatMap((event) => {
    if (event.kind !== "batch-settled" && event.kind !== "tail-redone") return [];
    return event.measures === null ? [] : [event.measures];
  });
}

async function measured(embedded: Embedded, changes: Partial<IngestDeps> = {}): Promise<readonly BatchMeasures[]> {
  const from = embedded.events.length;
  await embedded.settle({ clock: tickingClock(), limits: { ...embedded.deps.limits, recordsMax: 500 }, ...changes });
  return measuresIn(embedded.events.slice(from));
}

describe("measureBatch()", () => {
  test("counts every record once, by version, outcome and code", async () => {
    const embedded = await openEmbedded();
    await embedded.append(
      shipment("A"),
      shipment("B"),
      shipment("A"),
      shipment("A", 3),
      "{",
      "{",
      shipment("C", 2_000),
    );
    const [batch] = await measured(embedded);
    const of = { subject: "shipment", version: 1 };
    expect(batch?.decisions).toEqual([
      { ...of, outcome: "passed", code: null, count: 2 },
      { ...of, outcome: "duplicate", code: null, count: 1 },
      { ...of, outcome: "failed", code: "malformed-not-json", count: 2 },
      { ...of, outcome: "failed", code: "rule", count: 1 },
      { ...of, outcome: "failed", code: "conflict", count: 1 },
    ]);
    expect(batch?.isRedrive).toBe(false);
  });

  test("gives a duplicate to the version that it named, and a record of an unknown version to none", async () => {
    const embedded = await openEmbedded();
    const versions = [1, 2, 3].map((version) => parcelVersion(version, { status: "active", maximum: 100 }));
    const set = compileContractSet(
      sealContractSet({
        limits: DEFAULT_LIMITS,
        contracts: [{ subject: "parcel", collection: "shipments", versionField: null, versions }],
        bindings: [{ topic: TOPIC, subject: "parcel", defaultVersion: 1 }],
      }),
    );
    const parcel = (id: string, version: number): { readonly id: string; readonly version: number } => ({
      id,
      version,
    });
    const sent = [
      parcel("A", 1),
      parcel("B", 2),
      parcel("C", 3),
      parcel("B", 2),
      parcel("A", 1),
      parcel("B", 3),
      parcel("B", 9),
    ];
    await embedded.log.append(
      TOPIC,
      sent.map(({ id, version }) => ({
        key: null,
        headers: [["sigma-contract", Buffer.from(`parcel@${version}`)]] as const,
        value: Buffer.from(`{"id":"${id}","kg":1}`),
        partition: null,
      })),
    );
    const [batch] = await measured(embedded, { contracts: () => set });
    const counts = batch?.decisions.map(({ version, outcome, count }) => `${outcome}@${version}: ${count}`);
    expect(counts?.toSorted()).toEqual([
      "duplicate@1: 1",
      "duplicate@2: 1",
      "duplicate@3: 1",
      "failed@null: 1",
      "passed@1: 1",
      "passed@2: 1",
      "passed@3: 1",
    ]);
  });

  test("gives the times of all records in runs, and the time at which the batch was durable", async () => {
    const embedded = await openEmbedded();
    await embedded.append(shipment("A"), shipment("B"));
    const [batch] = await measured(embedded);
    expect(batch?.produced).toEqual({ ms: [1_700_000_000_000], counts: [2] });
    expect(batch?.durableAtMs).toBe(1_700_000_002_500);
  });

  test("times every n-th decision, at most 64 of a batch, and every stage", async () => {
    const embedded = await openEmbedded();
    await embedded.append(...Array.from({ length: 130 }, (_, index) => shipment(`S${index}`)));
    const [batch] = await measured(embedded);
    expect(batch?.decideMs.every).toBe(3);
    expect([43, 44]).toContain(batch?.decideMs.timed.length);
    const { decide, ...others } = batch?.stagesMs ?? { decide: 0 };
    // The ticking clock was read twice for each timed decision, and once at the end of each stage.
    expect(decide).toBe(2 * (batch?.decideMs.timed.length ?? 0) + 1);
    expect(others).toEqual({
      fetch: 1,
      turn: 1,
      queue: 1,
      ledger: 1,
      documents: expect.any(Number) as number,
      after: 1,
    });
    expect(batch?.bytes.evidence).toBeGreaterThan(batch?.bytes.packed ?? 0);
  });

  test("a batch that became durable by a redo is measured once, by the process that decided it", async () => {
    const embedded = await openEmbedded();
    const { store } = embedded;
    let isAcknowledged = false;
    const unit: Store["unit"] = async (work) => {
      const done = await store.unit(work);
      if (isAcknowledged) return done;
      isAcknowledged = true;
      throw new Unavailable("STORE_UNREACHABLE", "the answer was lost", "wait");
    };
    await embedded.append(shipment("A"), shipment("B"), "{");
    const batches = await measured(embedded, { store: { ...store, unit } });
    const redone = embedded.events.find(({ kind }) => kind === "tail-redone");
    expect(redone).toMatchObject({ count: 3, measures: { decisions: [{ count: 2 }, { count: 1 }] } });
    expect(batches).toHaveLength(1);
    const again = await measured(embedded);
    expect(again).toEqual([]);
  });
});
