import type { ContractRef } from "../src/core/compiled.ts";
import type { FailureReason } from "../src/core/failure.ts";
import { fingerprint } from "../src/core/fingerprint.ts";
import { NOTHING_DECLARED } from "../src/schema/number-types.ts";
import type { GroupTally } from "../src/store/groups.ts";
import { HOUR_MS } from "../src/store/groups.ts";
import type { FailedRow, Store } from "../src/store/store.ts";
import type { StreamNote } from "../src/store/stream-note.ts";

// A store of many failures, as a gateway would have left it: documents and counters, without the ledger.

/** The collections that the failures are in. */
export const COLLECTIONS = ["shipments", "orders"] as const;
const GROUPS = 200;
const DAYS = 30;
/** All failures lie in the 30 days before it. */
export const END_MS = 1_764_000_000_000;
const SPAN_MS = DAYS * 24 * HOUR_MS;
const STREAMS = 6;
const BATCH = 10_000;
/** Insertions under way at a time; the server and this process work side by side. */
const WRITERS = 3;

type BenchGroup = {
  readonly fingerprint: string;
  readonly code: "schema" | "rule";
  readonly collection: (typeof COLLECTIONS)[number];
  readonly contract: ContractRef;
  readonly reason: FailureReason;
  readonly pointer: string | null;
};

/** 200 causes: each field of five versions; each tenth is a rule. */
export const BENCH_GROUPS: readonly BenchGroup[] = Array.from({ length: GROUPS }, (_, n): BenchGroup => {
  const [field, version] = [`field_${n % 40}`, (n % 5) + 1];
  const subject = n < GROUPS * 0.9 ? "shipment" : "order";
  const contract: ContractRef = { subject, version, digest: "d".repeat(64) };
  const message = `must be > 0 here, in ${field}`;
  const [keyword, schemaPath, pointer] = ["exclusiveMinimum", `/properties/${field}/exclusiveMinimum`, `/${field}`];
  const violation = { pointer, keyword, schemaPath, message, expected: "a number > 0", got: "a number" };
  const isRule = n % 10 === 0;
  const reason: FailureReason = isRule
    ? { kind: "rule", violations: [{ id: `rule-${n}`, message }] }
    : { kind: "schema", violations: [{ ...violation, bytes: [20, 30] }] };
  return {
    fingerprint: fingerprint(reason, contract),
    code: isRule ? "rule" : "schema",
    collection: subject === "shipment" ? "shipments" : "orders",
    contract,
    reason,
    pointer: isRule ? null : pointer,
  };
});

/** A number in [0, 1) that looks random and is the same in each run. */
function scatter(n: number): number {
  return (Math.imul(n + 1, 2_654_435_761) >>> 0) / 2 ** 32;
}

/** A few groups have most failures: the largest some 17 %, the smallest some 0.2 %. All last the whole 30 days. */
export function groupOf(n: number): BenchGroup {
  const group = BENCH_GROUPS[Math.floor(GROUPS * scatter(n) ** 3)];
  if (group === undefined) throw new Error("there is no such group");
  return group;
}

/** Timestamp of failure `n` of `count`; several of a stream may have one. */
export function timeOf(n: number, count: number): number {
  return END_MS - SPAN_MS + Math.floor((n / count) * SPAN_MS);
}

/** The sender of a failure: one of twenty, and of the first hundred failures one that was never seen again. */
function producerOf(n: number): string {
  return n < 100 ? "svc-rare" : `svc-${n % 20}`;
}

function rowOf(n: number, count: number, note: StreamNote): FailedRow {
  const { fingerprint: of, contract, reason } = groupOf(n);
  const shipment = `S-${String(n).padStart(9, "0")}`;
  const payload = { shipment_id: shipment, weight_kg: -(n % 900) - 0.5, destination: "Dublin", priority: 2 };
  const { stream, topic, partition } = note;
  const offset = BigInt(Math.floor(n / STREAMS));
  return {
    kind: "failed",
    id: `${stream}@${offset}`,
    position: { stream, topic, partition, offset },
    timestampMs: timeOf(n, count),
    key: null,
    headers: [],
    raw: Buffer.from(JSON.stringify(payload)),
    contract,
    declaredBy: "header",
    reason,
    fingerprint: of,
    producer: producerOf(n),
    machineId: null,
    parsed: { payload, numbers: NOTHING_DECLARED },
  };
}

/** The stream of each failure: failure `n` is in stream `n % 6`. */
export async function streamsIn(store: Store): Promise<readonly StreamNote[]> {
  const notes: StreamNote[] = [];
  for (let at = 0; at < STREAMS; at += 1) {
    const topic = at % 2 === 0 ? "shipments" : "orders";
    notes.push(await store.streamNote({ stream: `cluster/${topic}/${at}`, topic, partition: Math.floor(at / 2) }));
  }
  return notes;
}

/** Puts `count` failures and their counters into an empty store. */
export async function fillStore(store: Store, count: number, say: (done: number) => void): Promise<void> {
  const notes = await streamsIn(store);
  let next = 0;
  let done = 0;
  const write = async (): Promise<void> => {
    while (next < count) {
      const [from, to] = [next, Math.min(count, next + BATCH)];
      next = to;
      for (const [at, note] of notes.entries()) await insertOf(store, note, at, from, to, count);
      done += to - from;
      if (done % 1_000_000 < BATCH) say(done);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
  for (const [at, note] of notes.entries()) await store.countFailures(note, 1, talliesOf(at, count));
}

async function insertOf(
  store: Store,
  note: StreamNote,
  at: number,
  from: number,
  to: number,
  count: number,
): Promise<void> {
  const staged = new Map(COLLECTIONS.map((name) => [name, store.stageFailed(note)]));
  for (let n = from + ((at - (from % STREAMS) + STREAMS) % STREAMS); n < to; n += STREAMS)
    staged.get(groupOf(n).collection)?.add(rowOf(n, count, note));
  for (const [name, rows] of staged) {
    await store.insertFailed(name, rows);
    rows.release();
  }
}

function talliesOf(at: number, count: number): readonly GroupTally[] {
  type Open = { count: number; firstMs: number; lastMs: number; readonly hours: Map<number, number> };
  const open = new Map<BenchGroup, Open>();
  for (let n = at; n < count; n += STREAMS) {
    const [group, ms] = [groupOf(n), timeOf(n, count)];
    const tally = open.get(group) ?? { count: 0, firstMs: ms, lastMs: ms, hours: new Map<number, number>() };
    tally.count += 1;
    tally.lastMs = ms;
    const hour = Math.floor(ms / HOUR_MS);
    tally.hours.set(hour, (tally.hours.get(hour) ?? 0) + 1);
    open.set(group, tally);
  }
  return [...open].map(([{ fingerprint: of, code, contract }, tally]) => ({
    fingerprint: of,
    code,
    contract,
    ...tally,
  }));
}
