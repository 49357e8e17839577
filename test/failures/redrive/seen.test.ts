import { expect, test } from "vitest";
import { readRedrives, startRedrive } from "../../../src/failures/redrive/act.ts";
import { runRedrive } from "../../../src/failures/redrive/run.ts";
import { runnerSeen, SILENT_MS, type RunnerSeen } from "../../../src/failures/redrive/seen.ts";
import type { Store } from "../../../src/store/store.ts";
import { openEmbedded, shipment, shipmentContracts } from "../../embedded.ts";
import { made, OPERATOR, planOf, run, runDeps } from "./redriving.ts";

const LIVE = shipmentContracts(1_000);
const STARTED_MS = Date.parse(OPERATOR.at);

async function seen(store: Store, id: string, nowMs: number): Promise<RunnerSeen | null> {
  const standing = (await readRedrives(store.reads)).of(id);
  return standing === null ? null : runnerSeen(store.reads, standing, nowMs);
}

test("a plan whose runner was killed is run by nobody after a minute, and whoever runs it again takes it up", async () => {
  const { append, settle, store } = await openEmbedded();
  await append(shipment("a", 50), shipment("b", 50));
  await settle({ contracts: () => shipmentContracts(10) });
  const { id } = made(await planOf(store, LIVE));
  expect(await seen(store, id, STARTED_MS)).toBeNull();
  await startRedrive(store, id, OPERATOR, { by: "cli", rate: null });
  // It was just started, and has said nothing yet.
  expect(await seen(store, id, STARTED_MS + SILENT_MS)).toEqual({ at: null, isSilent: false });
  expect(await seen(store, id, STARTED_MS + SILENT_MS + 1)).toEqual({ at: null, isSilent: true });
  // It is killed behind its first word.
  const killed = new AbortController();
  const atMs = STARTED_MS + 5_000;
  const clock = { monotonicMs: () => 0, nowMs: () => atMs };
  const dying: Store = {
    ...store,
    noteRedriveSeen: async (...said) => {
      await store.noteRedriveSeen(...said);
      killed.abort();
    },
  };
  const options = { operator: () => OPERATOR, rate: null, signal: killed.signal };
  expect(await runRedrive(runDeps(dying, LIVE, { clock }), id, options)).toEqual({ kind: "interrupted" });
  const at = new Date(atMs).toISOString();
  expect(await seen(store, id, atMs + SILENT_MS)).toEqual({ at, isSilent: false });
  expect(await seen(store, id, atMs + SILENT_MS + 1)).toEqual({ at, isSilent: true });
  expect(await run(store, LIVE, { id })).toEqual({ kind: "done" });
  expect(await seen(store, id, atMs + 2 * SILENT_MS)).toBeNull();
  expect(await store.reads.tally()).toMatchObject({ validated: 2 });
});
