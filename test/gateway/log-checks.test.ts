import { copyFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { startGateway, type Gateway } from "../../src/gateway/gateway.ts";
import { guardLog } from "../../src/gateway/guarded-log.ts";
import type { IngestDeps } from "../../src/gateway/ingest-deps.ts";
import { acceptGap } from "../../src/gateway/operate.ts";
import type { Source, Stream } from "../../src/source/source.ts";
import { openEmbedded, shipment, temporaryDirectory, TOPIC, type Embedded } from "../embedded.ts";
import { until } from "../patience.ts";

const OPERATOR = { actor: "ada", at: "2026-01-01T00:00:00Z", reason: "the disk is gone" };

async function streamOf({ log }: Embedded): Promise<Stream> {
  const [stream] = await log.streams();
  if (stream === undefined) throw new Error("there is no stream");
  return stream;
}

async function run({ deps }: Embedded, changes: Partial<IngestDeps> = {}): Promise<Gateway> {
  const gateway = await startGateway({ ...deps, ...changes });
  onTestFinished(gateway.stop);
  return gateway;
}

async function noteEnd({ store }: Embedded, { id, topic, partition }: Stream, end: bigint): Promise<void> {
  await store.noteLogEnds([{ stream: id, topic, partition, end }]);
}

/** Whoever asks for the end of the log is overtaken by an append, which the store knows of at once. */
function overtaken(embedded: Embedded): Source["bounds"] {
  return async (stream) => {
    const before = await embedded.log.bounds(stream);
    await embedded.append(shipment(`after ${before.end}`));
    await noteEnd(embedded, stream, before.end + 1n);
    return before;
  };
}

const stateOf = (gateway: Gateway) => gateway.streams()[0]?.state;

describe("a log that is in order", () => {
  test("is taken up while another process appends to it and says so", async () => {
    const embedded = await openEmbedded();
    await embedded.append(shipment("A"));
    await embedded.settle();
    const gateway = await run(embedded, { source: { ...embedded.log, bounds: overtaken(embedded) } });
    await until(() => stateOf(gateway) !== "starting");
    expect(gateway.streams()[0]).toMatchObject({ state: "running", trouble: null });
  });

  test("has no gap to accept, whoever appends to it meanwhile", async () => {
    const embedded = await openEmbedded();
    await embedded.append(shipment("A"));
    await embedded.settle();
    const source = { ...embedded.log, bounds: overtaken(embedded) };
    const outcome = await acceptGap({ store: embedded.store, source }, await streamOf(embedded), OPERATOR);
    expect(outcome).toMatchObject({ kind: "nothing-lost" });
    expect(await embedded.store.reads.operatorLog(0, 9)).toEqual([]);
  });

  test("is taken up again after another one was in its place, and no alarm of that one stays", async () => {
    const directory = temporaryDirectory();
    const before = await openEmbedded(directory);
    await before.append(shipment("A"));
    await before.settle();
    await before.log.close();
    renameSync(join(directory, "log.db"), join(directory, "kept.db"));
    const other = await openEmbedded(directory);
    expect((await other.settle()).streams()).toMatchObject([{ trouble: { code: "LOG_REPLACED" } }]);
    await other.log.close();
    rmSync(join(directory, "log.db"));
    copyFileSync(join(directory, "kept.db"), join(directory, "log.db"));
    const back = await openEmbedded(directory);
    await back.settle();
    expect(await back.store.reads.halts()).toEqual([]);
  });
});

describe("acceptGap()", () => {
  test("lets a gateway go on that looked while it was under way, and was halted again", async () => {
    const embedded = await openEmbedded();
    await embedded.append(shipment("A"));
    await embedded.settle();
    const stream = await streamOf(embedded);
    await noteEnd(embedded, stream, 5n);
    const halts = (): number => embedded.events.filter(({ kind }) => kind === "stream-halted").length;
    const gateway = await run(embedded);
    await until(() => halts() === 1);
    const skipTo: typeof embedded.log.skipTo = async (...range) => {
      await until(() => halts() === 2);
      await until(async () => (await embedded.store.reads.halts()).length === 1);
      await embedded.log.skipTo(...range);
    };
    await acceptGap({ store: embedded.store, source: { ...embedded.log, skipTo } }, stream, OPERATOR);
    await expect.poll(() => stateOf(gateway)).toBe("running");
  });
});

describe("what an operator does as soon as a halt is shown", () => {
  test("is seen, also when it is done before the gateway looks for it", async () => {
    const embedded = await openEmbedded();
    const { store, log, deps } = embedded;
    await embedded.append(shipment("A"));
    await embedded.settle();
    const stream = await streamOf(embedded);
    await noteEnd(embedded, stream, 5n);
    let acted: Promise<unknown> | null = null;
    const observe: IngestDeps["observe"] = (event) => {
      deps.observe(event);
      if (event.kind === "stream-halted") acted ??= acceptGap({ store, source: log }, stream, OPERATOR);
    };
    const operatorLog: typeof store.reads.operatorLog = async (...page) => {
      await acted;
      return store.reads.operatorLog(...page);
    };
    const gateway = await run(embedded, { observe, store: { ...store, reads: { ...store.reads, operatorLog } } });
    await expect.poll(() => stateOf(gateway)).toBe("running");
  });
});

describe("guardLog()", () => {
  test("appends while the store hangs: what it says of other gateways is not waited for", async () => {
    const embedded = await openEmbedded();
    const gateway = await run(embedded);
    const halts = async (): Promise<never> => new Promise(() => undefined);
    const log = guardLog(embedded.log, { gateway, reads: { halts }, now: Date.now, sleep: delay });
    const record = { key: null, headers: [], value: Buffer.from(shipment("A")), partition: null };
    const appended = [await log.append(TOPIC, [record]), await log.append(TOPIC, [record])];
    expect(appended.flat().map(({ offset }) => offset)).toEqual([0n, 1n]);
  });
});
