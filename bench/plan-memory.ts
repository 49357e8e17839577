import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EVERY_FAILURE } from "../test/failures/redrive/redriving.ts";
import { makePlan } from "../src/failures/redrive/make-plan.ts";
import { openSqliteStore } from "../src/store/sqlite/store.ts";
import type { FailurePlace } from "../src/store/redrives.ts";
import { readArguments, wholeNumber } from "./arguments.ts";
import { shipmentContracts } from "./contracts.ts";

// node --heap-growing-percent=100 --external-memory-accounted-in-global-limit --no-allocation-site-pretenuring --max-semi-space-size=16 bench/plan-memory.ts [failures] [every]
// (the flags of the program: bin/heap.js)
// Resident memory of this process while it plans the redrive of ten million failures of six streams, each tenth record of which
// failed. The places of failures come from a generator and no record is in the evidence, so that what is measured is the plan: the
// offsets, what the dry run remembers, the digest, the pages (which a real store takes). Target: 300 MB.

const [COUNT, STEP] = readArguments(wholeNumber(10_000_000), wholeNumber(10));
const EVERY = BigInt(STEP);
const STREAMS = 6;
const PAGE = 5_000;

const directory = mkdtempSync(join(tmpdir(), "sigma-bench-"));
const path = join(directory, "store.db");
const store = openSqliteStore({ path, collections: ["shipments"], busyTimeoutMs: 1_000 });
const numbers: number[] = [];
for (let partition = 0; partition < STREAMS; partition += 1) {
  const note = await store.streamNote({ stream: `cluster/shipments/${partition}`, topic: "shipments", partition });
  numbers.push(note.number);
}
const set = shipmentContracts("shipments");
await store.putContractSet(set.digest, set.text);
let peak = 0;
const look = (): void => {
  peak = Math.max(peak, process.memoryUsage.rss());
};
look();
const before = peak;
const started = performance.now();
const plan = await makePlan(
  { store: { ...store, reads: { ...store.reads, failurePlaces: places } }, contracts: () => set },
  {
    id: "0123456789ab",
    selection: EVERY_FAILURE,
    toVersion: null,
    operator: { actor: "bench", at: "2026-01-01T00:00:00.000Z", reason: "to measure" },
  },
  { signal: new AbortController().signal, onProgress: look, pace: async () => look() },
);
look();
if ("code" in plan) throw new Error(plan.message);
const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
const seconds = ((performance.now() - started) / 1_000).toFixed(0);
process.stdout.write(`${plan.count} offsets, digest ${plan.digest.slice(0, 12)}, in ${seconds} s\n`);
process.stdout.write(
  `resident ${mb(before)} before, at most ${mb(Math.max(peak, process.resourceUsage().maxRSS * 1_024))}\n`,
);
await store.close();
rmSync(directory, { recursive: true, force: true });

async function* places(): AsyncGenerator<readonly FailurePlace[]> {
  for (let first = 0; first < COUNT; first += PAGE)
    yield Array.from({ length: Math.min(PAGE, COUNT - first) }, (_, at): FailurePlace => {
      const n = first + at;
      return { stream: numbers[n % STREAMS] ?? 0, offset: BigInt(Math.floor(n / STREAMS)) * EVERY };
    });
}
