import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { acceptGap } from "../../src/gateway/operate.ts";
import type { Stream } from "../../src/source/source.ts";
import { openEmbedded, shipment, temporaryDirectory, TOPIC, type Embedded } from "../embedded.ts";

const OPERATOR = { actor: "ada", at: "2026-01-01T00:00:00Z", reason: "restored on Monday" };
const SKIPPED = 1_000n;

async function streamOf({ log }: Embedded): Promise<Stream> {
  const [stream] = await log.streams();
  if (stream === undefined) throw new Error("there is no stream");
  return stream;
}

async function close({ log, store }: Embedded): Promise<void> {
  await store.close();
  await log.close();
}

async function acknowledge(embedded: Embedded, ...ids: readonly string[]): Promise<void> {
  await embedded.append(...ids.map((id) => shipment(id)));
  const stream = await streamOf(embedded);
  const { end } = await embedded.log.bounds(stream);
  await embedded.store.noteLogEnds([{ stream: stream.id, topic: TOPIC, partition: 0, end }]);
}

/**
 * The log alone is put back from a backup that holds two records and goes on behind what it may lack, as `sigma restore` does
 * it; its store was elsewhere.
 */
async function restored(...since: readonly ("decided" | "acknowledged")[]): Promise<Embedded> {
  const directory = temporaryDirectory();
  const path = (name: string): string => join(directory, name);
  const before = await openEmbedded(directory);
  await acknowledge(before, "A", "B");
  await before.settle();
  await close(before);
  copyFileSync(path("log.db"), path("backup.db"));
  const embedded = await openEmbedded(directory);
  for (const [index, what] of since.entries()) {
    await acknowledge(embedded, `later ${index}`);
    if (what === "decided") await embedded.settle();
  }
  await close(embedded);
  for (const suffix of ["", "-wal", "-shm"]) rmSync(path(`log.db${suffix}`), { force: true });
  copyFileSync(path("backup.db"), path("log.db"));
  const back = await openEmbedded(directory);
  const stream = await streamOf(back);
  await back.log.skipTo(stream, (await back.log.bounds(stream)).end + SKIPPED);
  return back;
}

const troubleOf = async (embedded: Embedded) => (await embedded.settle()).streams()[0]?.trouble ?? null;

describe("a log that was put back alone from a backup", () => {
  test("lacks records that were acknowledged: the stream is halted until an operator records the loss", async () => {
    const embedded = await restored("acknowledged", "acknowledged");
    const stream = await streamOf(embedded);
    expect(await troubleOf(embedded)).toMatchObject({
      code: "LOG_TRUNCATED",
      message: expect.stringContaining("[2, 4)") as string,
    });
    expect((await embedded.audit(true)).findings).toMatchObject([
      { code: "SOURCE_TRUNCATED", offset: 2n, message: expect.stringContaining("[2, 4)") as string },
    ]);
    const source = embedded.log;
    const gap = await acceptGap({ store: embedded.store, source }, stream, OPERATOR);
    expect(gap).toEqual({ kind: "accepted", from: 2n, to: 4n });
    await embedded.append(shipment("C"));
    expect(await troubleOf(embedded)).toBeNull();
    expect(await embedded.audit(true)).toMatchObject({
      findings: [],
      records: 3,
      gaps: [{ stream: stream.id, from: 2n, to: 4n, note: OPERATOR.reason }],
    });
    expect(await acceptGap({ store: embedded.store, source }, stream, OPERATOR)).toMatchObject({
      kind: "nothing-lost",
    });
  });

  test("lacks records that are decided and stored: nothing is lost, and the stream goes on", async () => {
    const embedded = await restored("decided", "decided");
    await embedded.append(shipment("C"));
    expect(await troubleOf(embedded)).toBeNull();
    expect(await embedded.audit(true)).toMatchObject({ findings: [], gaps: [], records: 5, comparedWithSource: 3 });
  });

  test("lacks both: what was decided stays, and what was not stands in the way until it is recorded", async () => {
    const embedded = await restored("decided", "acknowledged");
    const stream = await streamOf(embedded);
    expect(await troubleOf(embedded)).toMatchObject({ code: "LOG_TRUNCATED" });
    const gap = await acceptGap({ store: embedded.store, source: embedded.log }, stream, OPERATOR);
    expect(gap).toEqual({ kind: "accepted", from: 3n, to: 4n });
    expect(await troubleOf(embedded)).toBeNull();
    expect((await embedded.audit(true)).findings).toEqual([]);
  });

  test("lacks nothing that was acknowledged: it goes on, also when it is broken off behind the offsets it skipped", async () => {
    const embedded = await restored();
    // Acknowledged after the restore, and not decided before a crash.
    await acknowledge(embedded, "C");
    expect(await troubleOf(embedded)).toBeNull();
    expect(await embedded.audit(true)).toMatchObject({ findings: [], records: 3 });
  });
});

describe("a log that lost its end before anything of a stream was decided", () => {
  test("is halted until an operator records the loss", async () => {
    const embedded = await openEmbedded();
    const stream = await streamOf(embedded);
    await embedded.store.noteLogEnds([{ stream: stream.id, topic: TOPIC, partition: 0, end: 3n }]);
    expect(await troubleOf(embedded)).toMatchObject({ code: "LOG_TRUNCATED" });
    const gap = await acceptGap({ store: embedded.store, source: embedded.log }, stream, OPERATOR);
    expect(gap).toEqual({ kind: "accepted", from: 0n, to: 3n });
    await embedded.append(shipment("A"));
    expect(await troubleOf(embedded)).toBeNull();
    expect(await embedded.audit(true)).toMatchObject({ findings: [], records: 1, gaps: [{ from: 0n, to: 3n }] });
  });
});
