import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { startGateway } from "../../src/gateway/gateway.ts";
import { guardLog } from "../../src/gateway/guarded-log.ts";
import { acceptGap, acceptLog } from "../../src/gateway/operate.ts";
import { openEmbedded, shipment, temporaryDirectory, TOPIC, type Embedded } from "../embedded.ts";
import { until } from "../patience.ts";
import { get, post, serve, type Service } from "./service.ts";

const EVENTS = `/v1/events/${TOPIC}`;
const WAIT = { prefer: "wait=30" };
const OPERATOR = { actor: "ada", at: "2026-01-01T00:00:00Z", reason: "the disk is gone" };

/** Decides some records on a directory, and closes it. */
async function decideOn(directory: string, ...ids: readonly string[]): Promise<void> {
  const embedded = await openEmbedded(directory);
  await embedded.append(...ids.map((id) => shipment(id)));
  await embedded.settle();
  await closeAll(embedded);
}

async function closeAll({ log, store }: Embedded): Promise<void> {
  await store.close();
  await log.close();
}

/** The gateway on a directory, once its stream stands or runs. */
async function serveOn(directory: string): Promise<Service> {
  const service = await serve(await openEmbedded(directory));
  await until(() => service.gateway.streams().every(({ state }) => state !== "starting"));
  return service;
}

const stateOf = ({ gateway }: Service) => gateway.streams().map(({ state, trouble }) => [state, trouble?.code ?? null]);

describe("a log that is not the one that the store knows", () => {
  test("an older copy of the log: nothing is acknowledged at positions that are decided", async () => {
    const directory = temporaryDirectory();
    await decideOn(directory, "A", "B");
    copyFileSync(join(directory, "log.db"), join(directory, "older.db"));
    await decideOn(directory, "C", "D", "E");
    for (const suffix of ["", "-wal", "-shm"]) rmSync(join(directory, `log.db${suffix}`), { force: true });
    copyFileSync(join(directory, "older.db"), join(directory, "log.db"));
    const service = await serveOn(directory);
    expect(stateOf(service)).toEqual([["halted", "LOG_TRUNCATED"]]);
    for (const headers of [{}, WAIT]) {
      const answer = await post(`${service.url}${EVENTS}`, '{"shipment_id":""}', headers);
      expect([answer.status, answer.body]).toMatchObject([503, { code: "LOG_TRUNCATED" }]);
    }
    const lines = await post(`${service.url}${EVENTS}`, "{}\n{}\n", { "content-type": "application/x-ndjson" });
    expect([lines.status, lines.body]).toMatchObject([
      503,
      { code: "LOG_TRUNCATED", appended: 0, ranges: [], runbook: "docs/runbooks/log-truncated.md" },
    ]);
    const [stream] = await service.log.streams();
    if (stream === undefined) throw new Error("there is no stream");
    expect(await service.log.bounds(stream)).toEqual({ start: 0n, end: 2n });
    // What was decided is answered all the same.
    expect(await get(`${service.url}/v1/decisions/${TOPIC}/0/4`)).toMatchObject({ status: 200 });
  });

  test("a log that was lost: it begins when an operator says so, and then under another name", async () => {
    const directory = temporaryDirectory();
    await decideOn(directory, "A", "B");
    for (const suffix of ["", "-wal", "-shm"]) rmSync(join(directory, `log.db${suffix}`), { force: true });
    const service = await serveOn(directory);
    expect(stateOf(service)).toEqual([["halted", "LOG_REPLACED"]]);
    const refused = await post(`${service.url}${EVENTS}`, shipment("C"), WAIT);
    expect([refused.status, refused.body]).toMatchObject([
      503,
      { code: "LOG_REPLACED", detail: expect.stringContaining(`${TOPIC}/0, which is halted: `) as string },
    ]);
    const report = await service.audit(true);
    expect(report.findings).toMatchObject([{ code: "SOURCE_REPLACED" }]);
    // It may be put back, and would then be decided on.
    const [before] = await service.store.reads.streams();
    const ofBefore = `${service.url}/v1/decisions/${TOPIC}/0/7?stream=${encodeURIComponent(before ?? "")}`;
    expect((await get(ofBefore)).body).toMatchObject({ status: 404, code: "no-record", final: false });

    expect(await acceptLog({ store: service.store, source: service.log }, OPERATOR)).toMatchObject([
      { kind: "accepted" },
    ]);
    await until(() => stateOf(service).every(([state]) => state === "running"));
    const taken = await post(`${service.url}${EVENTS}`, shipment("C"), WAIT);
    expect(taken.body).toMatchObject({ decisions: [{ status: "PASSED", offset: 0 }] });
    expect((await get(ofBefore)).body).toMatchObject({ status: 404, code: "no-record", final: true });
    expect(await service.audit(true)).toMatchObject({ findings: [], records: 3 });
    expect(await service.store.reads.halts()).toEqual([]);
  });

  test("a log that lost what was acknowledged and not decided: an operator records the loss, and no position is given twice", async () => {
    const directory = temporaryDirectory();
    await decideOn(directory, "A", "B");
    const before = await openEmbedded(directory);
    const [stream] = await before.log.streams();
    if (stream === undefined) throw new Error("there is no stream");
    await before.store.noteLogEnds([{ stream: stream.id, topic: TOPIC, partition: 0, end: 5n }]);
    await closeAll(before);
    const service = await serveOn(directory);
    expect(stateOf(service)).toEqual([["halted", "LOG_TRUNCATED"]]);
    expect(await service.audit(true)).toMatchObject({ findings: [{ code: "SOURCE_TRUNCATED", offset: 2n }] });
    const refused = await post(`${service.url}${EVENTS}`, shipment("F"), WAIT);
    expect([refused.status, refused.body]).toMatchObject([503, { code: "LOG_TRUNCATED" }]);

    const gap = await acceptGap({ store: service.store, source: service.log }, stream, OPERATOR);
    expect(gap).toEqual({ kind: "accepted", from: 2n, to: 5n });
    await until(() => stateOf(service).every(([state]) => state === "running"));
    const taken = await post(`${service.url}${EVENTS}`, shipment("F"), WAIT);
    expect(taken.body).toMatchObject({ decisions: [{ status: "PASSED", offset: 5 }] });
    expect(await get(`${service.url}/v1/decisions/${TOPIC}/0/3`)).toMatchObject({
      status: 404,
      body: { code: "record-lost", final: true, detail: expect.stringContaining(OPERATOR.reason) as string },
    });
    expect(await service.audit(true)).toMatchObject({
      findings: [],
      records: 3,
      gaps: [{ stream: stream.id, from: 2n, to: 5n, note: OPERATOR.reason }],
    });
    const again = await acceptGap({ store: service.store, source: service.log }, stream, OPERATOR);
    expect(again).toMatchObject({ kind: "nothing-lost" });
  });
});

describe("a stream that is named", () => {
  test("is answered for its own partition only, whatever the log holds there", async () => {
    const directory = temporaryDirectory();
    await decideOn(directory, "A", "B");
    const service = await serveOn(directory);
    const [stream] = await service.log.streams();
    const named = `?stream=${encodeURIComponent(stream?.id ?? "")}`;
    for (const offset of [0, 1, 2, 99]) {
      const answer = await get(`${service.url}/v1/decisions/${TOPIC}/7/${offset}${named}`);
      expect(answer.body).toMatchObject({ status: 404, code: "unknown-stream" });
    }
    for (const odd of ["%00", "a%2Fb/0", "%F0%9F%98%80", "'%20or%201=1", "%2F0", `${stream?.id}%20`]) {
      const answer = await get(`${service.url}/v1/decisions/${TOPIC}/0/0?stream=${odd}`);
      expect([odd, answer.body]).toMatchObject([odd, { status: 404, code: "unknown-stream" }]);
    }
    const twice = await get(`${service.url}/v1/decisions/${TOPIC}/0/0${named}&stream=b`);
    expect(twice.body).toMatchObject({ status: 400 });
    for (const offset of ["9223372036854775807", "9223372036854775808", "-1", "1e3"]) {
      const answer = await get(`${service.url}/v1/decisions/${TOPIC}/0/${offset}`);
      expect([offset, answer.body]).toMatchObject([offset, { status: 400 }]);
    }
    expect((await get(`${service.url}/v1/decisions/${TOPIC}/0/999999999999999999`)).body).toMatchObject({
      final: false,
    });
  });
});

describe("a store that hangs", () => {
  test("holds up no append: what is acknowledged is decided once it answers again", async () => {
    const embedded = await openEmbedded();
    const reads = { ...embedded.store.reads, halts: async () => new Promise<never>(() => undefined) };
    const gateway = await startGateway(embedded.deps);
    onTestFinished(async () => gateway.stop());
    const log = guardLog(embedded.log, { gateway, reads, now: Date.now, sleep: delay });
    const record = { key: null, headers: [], value: Buffer.from(shipment("A")), partition: null };
    expect(await log.append(TOPIC, [record])).toHaveLength(1);
    expect(await log.append(TOPIC, [record])).toHaveLength(1);
  });
});
