import { describe, expect, test } from "vitest";
import { createSightings, createTrafficNotes, type Sighting } from "../../src/traffic/sightings.ts";
import { decideRecord } from "../../src/gateway/decided.ts";
import type { SourceRecord } from "../../src/core/record.ts";
import { openEmbedded, shipment, shipmentContracts, TOPIC } from "../embedded.ts";

function record(offset: number, producer: string | null, text = shipment(`S-${offset}`)): SourceRecord {
  return {
    position: { stream: "s", topic: TOPIC, partition: 0, offset: BigInt(offset) },
    timestampMs: 1,
    key: null,
    headers: producer === null ? [] : [["sigma-producer", Buffer.from(producer)]],
    value: Buffer.from(text),
  };
}

const CONTRACTS = shipmentContracts();

function seen(records: readonly SourceRecord[]): readonly Sighting[] {
  const sightings = createSightings();
  for (const one of records) sightings.see(decideRecord(one, CONTRACTS, () => null));
  return sightings.all();
}

describe("who sends which version", () => {
  test("is counted by version and producer, failures too, with the first position", () => {
    const records = [record(1, "a"), record(2, null), record(3, "a", "{}"), record(4, "b")];
    const unresolved = { ...record(5, "a"), headers: [["sigma-contract", Buffer.from("shipment@9")]] as const };
    expect(
      seen([...records, unresolved]).map(({ contract, producer, count, position }) => [
        `${contract.subject}@${contract.version}`,
        producer,
        count,
        position.offset,
      ]),
    ).toEqual([
      ["shipment@1", "a", 2, 1n],
      ["shipment@1", "", 1, 2n],
      ["shipment@1", "b", 1, 4n],
    ]);
  });

  test("a producer is noted at once, then once a minute", () => {
    let nowMs = 1_000;
    const notes = createTrafficNotes(() => nowMs);
    const sightings = seen([record(1, "a")]);
    expect(notes(sightings)).toEqual([
      { subject: "shipment", version: 1, producer: "a", firstMs: 1_000, lastMs: 1_000 },
    ]);
    nowMs += 59_999;
    expect(notes(sightings)).toEqual([]);
    expect(notes(seen([record(2, "b")])).map(({ producer }) => producer)).toEqual(["b"]);
    nowMs += 1;
    expect(notes(sightings)).toHaveLength(1);
  });

  test("names without end become others", () => {
    const notes = createTrafficNotes(() => 0);
    const names = Array.from({ length: 3_000 }, (_, index) => record(index, `p-${index}`));
    const found = names.flatMap((one) => notes(seen([one])));
    expect(found).toHaveLength(1_001);
    expect(found.at(-1)?.producer).toBe("(others)");
    expect(seen(names)).toHaveLength(1_001);
  });

  test("a gateway tells of each batch after it is stored", async () => {
    const embedded = await openEmbedded();
    await embedded.append(shipment("A"), shipment("B"), "{}");
    const told: number[] = [];
    await embedded.settle({
      observeBatch: () => {
        let end = 0n;
        return {
          see: ({ position }) => void (end = position.offset + 1n),
          stored: async () => void told.push((await embedded.rows(0n, end)).length),
        };
      },
    });
    expect(told).toEqual([3]);
  });
});
