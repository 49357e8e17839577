import { expect, test } from "vitest";
import { judgeInThread, openWhatIfs } from "../../src/app/what-if.ts";
import { contentsOf } from "../../src/core/contents.ts";
import { candidateFrom } from "../../src/rejudge/candidate.ts";
import type { WhatIfRequest } from "../../src/rejudge/what-if/runs.ts";
import { openEmbedded, shipment, temporaryDirectory } from "../embedded.ts";
import { shipmentVersions } from "../http/shipment-versions.ts";
import { PATIENCE_MS, until } from "../patience.ts";

/** A version whose weight is limited, and one whose pattern takes exponential time for the destination of a record. */
const SET = shipmentVersions(
  { status: "draft", weight: { maximum: 20 } },
  { status: "draft", adds: { destination: { type: "string", pattern: "^(([a-zA-Z])+)+(?=!)!$" } } },
);

function request(version: number): WhatIfRequest {
  const candidate = candidateFrom(contentsOf(SET), "shipment", version);
  if (candidate === null) throw new Error("there is no candidate");
  const range = { from: null, to: null };
  return { question: { candidate, of: null, range, examplesMax: 5 }, from: null, to: null, recordsMax: 1_000_000 };
}

async function store(): Promise<{ readonly dataDir: string; readonly mongodbUri: null }> {
  const embedded = await openEmbedded();
  const slow = `{"shipment_id":"slow","weight_kg":1,"destination":"${"a".repeat(60)}","priority":2}`;
  await embedded.append(shipment("a"), shipment("b", 99), slow);
  await embedded.settle();
  return { dataDir: embedded.directory, mongodbUri: null };
}

test("a thread judges what the store holds, while the store is in use", async () => {
  const runs = openWhatIfs(await store(), () => 0);
  const run = runs.start(request(2));
  await until(() => runs.get(run?.id ?? "")?.state === "done");
  expect(runs.get(run?.id ?? "")).toMatchObject({ records: 3, newlyFailing: 1, trouble: null });
  await runs.close();
});

test("a pattern that runs away ends the thread, and nothing else", async () => {
  const limits = { silentMs: 3_000, stopMs: 100, heapMib: 256 };
  const where = await store();
  const judge = judgeInThread(where, limits);
  const patient = judgeInThread(where, { ...limits, silentMs: PATIENCE_MS });
  await expect(judge(request(3), new AbortController().signal, () => undefined)).rejects.toMatchObject({
    code: "what-if-stuck",
  });
  expect(await patient(request(2), new AbortController().signal, () => undefined)).toMatchObject({
    subject: "shipment",
  });
});

test("a thread that is told to stop reports of what it has read", async () => {
  const judge = judgeInThread(await store(), { silentMs: PATIENCE_MS, stopMs: PATIENCE_MS, heapMib: 256 });
  const stopping = new AbortController();
  const stopped = judge(request(2), stopping.signal, () => undefined);
  stopping.abort();
  const { coverage } = await stopped;
  expect([0, 3]).toContain(coverage.decided);
});

test("a store that cannot be opened is said so", async () => {
  const judge = judgeInThread(
    { dataDir: temporaryDirectory(), mongodbUri: null },
    { silentMs: PATIENCE_MS, stopMs: 100, heapMib: 256 },
  );
  await expect(judge(request(2), new AbortController().signal, () => undefined)).rejects.toMatchObject({
    name: "Unavailable",
  });
});
