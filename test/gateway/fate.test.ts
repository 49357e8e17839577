import { renameSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fateOf, type Fate } from "../../src/gateway/fate.ts";
import { acceptGap, acceptLog } from "../../src/gateway/operate.ts";
import type { Stream } from "../../src/source/source.ts";
import { openEmbedded, shipment, temporaryDirectory, TOPIC, type Embedded } from "../embedded.ts";

const OPERATOR = { actor: "ada", at: "2026-01-01T00:00:00Z", reason: "the disk is gone" };
const LOST = { kind: "lost", note: OPERATOR.reason };

async function streamOf({ log }: Embedded): Promise<Stream> {
  const [stream] = await log.streams();
  if (stream === undefined) throw new Error("there is no stream");
  return stream;
}

/** What is said of an offset for which no object was found, by a process that decides nothing itself. */
async function fate({ log, store }: Embedded, stream: Stream, offset: bigint): Promise<Fate> {
  const deps = { streamsNow: log.streams, source: log, gateway: { streams: () => [] }, tail: store.tail };
  return fateOf({ ...deps, reads: store.reads, rowAt: async () => null }, stream, offset);
}

/** One record is decided, and records up to an offset were acknowledged. */
async function acknowledgedTo(embedded: Embedded, end: bigint): Promise<Stream> {
  await embedded.append(shipment("A"));
  await embedded.settle();
  const stream = await streamOf(embedded);
  await embedded.store.noteLogEnds([{ stream: stream.id, topic: TOPIC, partition: 0, end }]);
  return stream;
}

describe("the fate of a record that an operator recorded as lost", () => {
  test("with the end of its log is that at once, and after a gateway went on behind it", async () => {
    const embedded = await openEmbedded();
    const stream = await acknowledgedTo(embedded, 4n);
    expect(await fate(embedded, stream, 2n)).toMatchObject({ kind: "outside" });
    await acceptGap({ store: embedded.store, source: embedded.log }, stream, OPERATOR);
    for (const offset of [1n, 2n, 3n]) expect(await fate(embedded, stream, offset)).toEqual(LOST);
    expect(await fate(embedded, stream, 4n)).toMatchObject({ kind: "outside" });
    await embedded.append(shipment("B"));
    await embedded.settle();
    for (const offset of [1n, 2n, 3n]) expect(await fate(embedded, stream, offset)).toEqual(LOST);
  });

  test("with a log that another one took the place of is that until it is accepted again", async () => {
    const directory = temporaryDirectory();
    const path = (name: string): string => join(directory, name);
    const before = await openEmbedded(directory);
    const stream = await acknowledgedTo(before, 2n);
    await before.append(shipment("B"));
    await before.store.close();
    await before.log.close();
    renameSync(path("log.db"), path("a.db"));
    const other = await openEmbedded(directory);
    await acceptLog({ store: other.store, source: other.log }, OPERATOR);
    await other.settle();
    expect(await fate(other, stream, 1n)).toEqual(LOST);
    expect(await fate(other, stream, 2n)).toMatchObject({ kind: "ended", final: true });
    await other.store.close();
    await other.log.close();
    renameSync(path("log.db"), path("b.db"));
    renameSync(path("a.db"), path("log.db"));
    const back = await openEmbedded(directory);
    await acceptLog({ store: back.store, source: back.log }, OPERATOR);
    expect(await fate(back, stream, 1n)).toEqual({ kind: "pending" });
  });
});
