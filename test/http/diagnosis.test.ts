import { describe, expect, test } from "vitest";
import { createDiagnosisQueue, type QueueDeps } from "../../src/diagnosis/queue.ts";
import { noteOf, NOTICE, type Diagnosis } from "../../src/diagnosis/diagnosis.ts";
import { ADVICE } from "../diagnosis/model-server.ts";
import { openEmbedded, shipment, TOPIC } from "../embedded.ts";
import { until } from "../patience.ts";
import { get, post, serve, type Service } from "./service.ts";

const WAIT = { prefer: "wait=30" };
const ABOUT = { at: "2026-11-29T08:00:00.000Z", model: "m", promptDigest: "d".repeat(64), durationMs: 7 };
const NOBODY = "0".repeat(32);

type Asking = Service & { readonly fingerprint: string; readonly path: string };

/** A gateway with one failure, whose model answers as it is told to. */
async function asking(diagnose: QueueDeps["diagnose"] | null, changes: Partial<QueueDeps> = {}): Promise<Asking> {
  const embedded = await openEmbedded();
  const { store } = embedded;
  const queue =
    diagnose === null
      ? null
      : createDiagnosisQueue({
          diagnose,
          adviceSince: store.reads.adviceSince,
          dailyCap: 100,
          report: () => undefined,
          now: Date.now,
          sleep: async (_, signal) => new Promise((done) => signal.addEventListener("abort", () => done())),
          ...changes,
        });
  const service = await serve(embedded, { http: queue === null ? {} : { diagnosis: queue } });
  await post(`${service.url}/v1/events/${TOPIC}`, shipment("A", 2_000), WAIT);
  const [counter] = await store.reads.groupCounters();
  const fingerprint = counter?.fingerprint ?? "";
  return { ...service, fingerprint, path: `${service.url}/v1/failures/groups/${fingerprint}` };
}

async function ask(path: string) {
  const response = await fetch(`${path}/diagnosis`, { method: "POST" });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe("the diagnosis of a group over HTTP", () => {
  test("is none at first, waits when it is asked for, and is shown with the group as advice", async () => {
    const gate = Promise.withResolvers<void>();
    const service = await asking(async (fingerprint) => {
      await gate.promise;
      const diagnosis: Diagnosis = { fingerprint, ...ABOUT, outcome: "advised", advice: ADVICE };
      await service.store.putAdvice(noteOf(diagnosis));
      return { kind: "diagnosed", diagnosis };
    });
    const { path, fingerprint } = service;
    const before = await get(`${path}/diagnosis`);
    expect(before.body).toEqual({ fingerprint, state: "none", advice: null, trouble: null });
    expect((await get(path)).body["advice"]).toBeNull();
    const asked = await ask(path);
    expect([asked.status, asked.body["state"]]).toEqual([202, expect.stringMatching(/^(waiting|asking)$/) as string]);
    gate.resolve();
    await until(async () => (await get(`${path}/diagnosis`)).body["state"] === "advised");
    const view = { notice: NOTICE, ...ADVICE, ...ABOUT };
    expect((await get(`${path}/diagnosis`)).body).toEqual({
      fingerprint,
      state: "advised",
      advice: view,
      trouble: null,
    });
    expect((await get(path)).body["advice"]).toEqual(view);
  });

  test("says why a question failed", async () => {
    const { path, store, fingerprint } = await asking(null);
    const trouble = { code: "timeout", message: "too slow", remedy: "wait" } as const;
    await store.putAdvice(noteOf({ fingerprint, ...ABOUT, outcome: "failed", ...trouble }));
    const { at, model } = ABOUT;
    expect((await get(`${path}/diagnosis`)).body).toEqual({
      fingerprint,
      state: "failed",
      advice: null,
      trouble: { ...trouble, at, model },
    });
  });

  test("is refused with a code where it cannot be asked for", async () => {
    const off = await asking(null);
    expect(await ask(off.path)).toMatchObject({ status: 409, body: { code: "diagnosis-off" } });
    const capped = await asking(async () => ({ kind: "nothing" }), { dailyCap: 0 });
    expect(await ask(capped.path)).toMatchObject({ status: 429, body: { code: "diagnosis-capped" } });
    for (const { url } of [off, capped]) {
      expect((await get(`${url}/v1/failures/groups/${NOBODY}/diagnosis`)).body["code"]).toBe("unknown-group");
      expect(await ask(`${url}/v1/failures/groups/${NOBODY}`)).toMatchObject({ status: 404 });
      expect((await get(`${url}/v1/failures/groups/x/diagnosis`)).status).toBe(400);
    }
  });

  test("is refused while the server counts as away", async () => {
    const trouble = { code: "unreachable", message: "no", remedy: "wait" } as const;
    const { path } = await asking(
      async (fingerprint) => ({
        kind: "diagnosed",
        diagnosis: { fingerprint, ...ABOUT, outcome: "failed", ...trouble },
      }),
      { sleep: async () => new Promise(setImmediate), now: clock() },
    );
    await ask(path);
    await until(async () => (await ask(path)).status === 503);
    expect(await ask(path)).toMatchObject({ status: 503, body: { code: "diagnosis-away" } });
  });
});

/** A clock on which an hour is over whenever it is looked at. */
function clock(): () => number {
  let nowMs = Date.now();
  return () => (nowMs += 3_600_000);
}
