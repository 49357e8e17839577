import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { diagnoseGroup, diagnosisOf } from "../../src/diagnosis/diagnose.ts";
import type { DiagnosisEvent } from "../../src/diagnosis/event.ts";
import { createOllama } from "../../src/diagnosis/ollama.ts";
import { createDiagnosisQueue, type DiagnosisQueue } from "../../src/diagnosis/queue.ts";
import { NO_REDACTION } from "../../src/failures/redact.ts";
import { startGateway } from "../../src/gateway/gateway.ts";
import { openEmbedded, shipment, shipmentContracts, type Embedded } from "../embedded.ts";
import { PATIENCE_MS, until } from "../patience.ts";
import { advising, answering, flooding, part, startModelServer, status, type Behaviour } from "./model-server.ts";

const TEXTS = [shipment("A"), `{"shipment_id":"B","weight_kg":"1"}`, shipment("C", 2_000), "no JSON", shipment("A", 7)];

/** Decides the texts with a gateway whose failures a model is asked about, until nothing waits or `isEnough`. */
async function decideBeside(
  behaviour: Behaviour | null,
  isEnough: (events: readonly DiagnosisEvent[], queue: DiagnosisQueue) => boolean,
): Promise<{ readonly embedded: Embedded; readonly events: readonly DiagnosisEvent[] }> {
  const embedded = await openEmbedded();
  const { store, lookup, deps, log } = embedded;
  const server = behaviour === null ? null : await startModelServer(behaviour);
  const url = server?.url ?? "http://127.0.0.1:1";
  const events: DiagnosisEvent[] = [];
  const set = shipmentContracts();
  const diagnoser = createOllama({ url, model: "m", token: null, timeoutMs: PATIENCE_MS });
  const asking = { store, reads: store.reads, lookup, redaction: NO_REDACTION, contracts: () => set };
  const queue = createDiagnosisQueue({
    diagnose: async (...asked) =>
      diagnoseGroup({ ...asking, withExcerpt: true, promptMax: 8_192, diagnoser, now: Date.now }, ...asked),
    adviceSince: store.reads.adviceSince,
    dailyCap: 100,
    report: (event) => events.push(event),
    now: Date.now,
    sleep: async (_, signal) => new Promise((done) => signal.addEventListener("abort", () => done())),
  });
  await embedded.append(...TEXTS);
  const gateway = await startGateway({
    ...deps,
    observe: (event) => {
      if (event.kind === "batch-settled") queue.offer(event.groups.map(({ fingerprint }) => fingerprint));
    },
  });
  const [stream] = await log.streams();
  if (stream === undefined) throw new Error("there is no stream");
  await until(() => gateway.streams()[0]?.settledTo === BigInt(TEXTS.length));
  await until(() => isEnough(events, queue));
  await queue.close();
  await gateway.stop();
  return { embedded, events };
}

describe("a gateway decides the same", () => {
  const slow: Behaviour = (response) => void response.write(part("{"));
  test.each<readonly [string, Behaviour | null]>([
    ["a model that is not there", null],
    ["a model that never answers", () => undefined],
    ["a model that begins and does not go on", slow],
    ["a model that hangs up", (response) => void response.destroy()],
    ["a model that talks garbage", status(200, "garbage\n")],
    ["a model that floods", flooding("x".repeat(65_536))],
    ["a model that lies", answering('{"confidence_level":"certain"}')],
    ["a model that is unknown", status(404, '{"error":"model not found"}')],
    ["a model that advises", advising()],
  ])("beside %s", async (_, behaviour) => {
    const silent = behaviour === slow || behaviour?.length === 0;
    const { embedded } = await decideBeside(behaviour, (events) => silent || events.length > 0);
    const rows = await embedded.rows();
    expect(rows.map(({ kind }) => kind)).toEqual(["validated", "failed", "failed", "failed", "failed"]);
    expect((await embedded.audit(true)).findings).toEqual([]);
  });

  test("and each group is asked about once, after it is stored", async () => {
    const { embedded, events } = await decideBeside(advising(), (seen) => seen.length === 4);
    expect(events.map(({ kind }) => kind)).toEqual(Array.from({ length: 4 }, () => "diagnosis-done"));
    const { reads } = embedded.store;
    for (const { fingerprint } of await reads.groupCounters())
      expect(await diagnosisOf(reads, fingerprint)).toMatchObject({ outcome: "advised" });
  });
});

test("no part that decides knows of the diagnosis", () => {
  const parts = readFileSync(new URL("../architecture.ts", import.meta.url), "utf8");
  for (const name of ["core", "gateway", "store", "ledger", "audit"]) {
    const [, uses = ""] = new RegExp(`\\n  ${name}: \\{\\s*uses: \\[([^\\]]*)\\]`).exec(parts) ?? [];
    expect([name, uses.includes("diagnosis")]).toEqual([name, false]);
  }
});
