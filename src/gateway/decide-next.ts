import type { CompiledContractSet } from "../core/compiled.ts";
import type { Decision } from "../core/decide.ts";
import type { SourceRecord } from "../core/record.ts";
import { schemaIdsOf } from "../core/wire-format.ts";
import { packEvidence } from "../ledger/packed.ts";
import type { Fetched, OffsetRange, Stream } from "../source/source.ts";
import type { BatchTrace } from "./batch-trace.ts";
import { decidedElsewhere, decideRecords, type Decided } from "./decided.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { decideBatch, type DecideGroup, type FreshBatch } from "./decide-batch.ts";
import type { Halt } from "./event.ts";
import { UNBOUNDED, type Held } from "./in-flight.ts";
import { measureBatch, type BatchMeter, type Measuring } from "./measure.ts";
import { isRedrive } from "../ledger/redrive-stream.ts";
import type { IngestDeps, BatchObserver } from "./ingest-deps.ts";
import { settleWeight } from "./settle-limit.ts";

/** What comes next in a stream. */
export type Next =
  | ReadyBatch
  /** The source has no records yet, or the signal aborted. */
  | { readonly kind: "idle" }
  | { readonly kind: "halted"; readonly halt: Halt };

/**
 * A batch that is decided and not yet in the ledger. With MongoDB it holds bytes rather than records, except for the few rows in
 * `batch.repeats`.
 */
export type ReadyBatch = {
  readonly kind: "decided";
  readonly range: OffsetRange;
  /** The compressed evidence for its ledger entry; null when the batch has no records. */
  readonly packed: Uint8Array | null;
  readonly batch: FreshBatch;
  /** One element for each record in offset order: true when the record FAILED. */
  readonly verdicts: readonly boolean[];
  readonly collection: string;
  readonly set: CompiledContractSet;
  readonly observer: BatchObserver | undefined;
  readonly meter: BatchMeter;
  readonly trace: BatchTrace | undefined;
  /** Gives up the batch's turn and what it holds in flight. Call it when the batch is settled or discarded; calls after the first do nothing. */
  readonly endSettling: () => void;
};

type FetchedRecords = Extract<Fetched, { readonly kind: "records" }>;

type Where = { readonly stream: Stream; readonly note: StreamNote };

/**
 * Fetches and decides (P3) the batch that begins at `from`. It may run while the store writes the batch before, because it
 * does not depend on what that batch changes in the store. The fetched records are garbage once this function returns: with
 * MongoDB only bytes stay in memory while the batch waits for the store.
 * @param from first offset of the batch.
 */
export async function decideNext(deps: IngestDeps, where: Where, from: bigint, signal: AbortSignal): Promise<Next> {
  const held = (await deps.inFlight?.enter(where.stream.id, signal)) ?? UNBOUNDED;
  let next: Next | null = null;
  try {
    next = await fetchAndDecide(deps, where, from, held, signal);
    return next;
  } finally {
    if (next?.kind !== "decided") held.release();
  }
}

async function fetchAndDecide(
  deps: IngestDeps,
  where: Where,
  from: bigint,
  held: Held,
  signal: AbortSignal,
): Promise<Next> {
  const { stream } = where;
  const measuring = measureBatch(deps.clock);
  const recordsMax = deps.batchSize?.recordsMax() ?? deps.limits.recordsMax;
  const fetched = await deps.source.fetch(stream, from, { ...deps.limits, recordsMax }, signal);
  held.brought(fetched.kind === "records" ? fetched.bytes : 0);
  switch (fetched.kind) {
    case "empty":
      return { kind: "idle" };
    case "below-start":
      return { kind: "halted", halt: logHalt("LOG_START_PASSED", stream, from, `starts at ${fetched.logStart}`) };
    case "beyond-end":
      return { kind: "halted", halt: logHalt("LOG_TRUNCATED", stream, from, `ends at ${fetched.logEnd}`) };
    case "records":
      break;
  }
  measuring.lap("fetch");
  // The registry is asked before the settle limit is taken: a registry that hangs then delays its own stream only.
  const set = await setFor(deps, fetched.read);
  const elsewhere = (await deps.decideElsewhere?.(fetched.read(), set, signal)) ?? null;
  const endTurn = (await deps.settleLimit?.(settleWeight(fetched, deps.limits))) ?? ((): void => undefined);
  const endSettling = once(() => {
    endTurn();
    held.release();
  });
  let decided: ReadyBatch | null = null;
  try {
    // The signal aborted while the settle limit was waited for. Nothing of this batch is decided yet.
    if (signal.aborted) return { kind: "idle" };
    measuring.lap("turn");
    decided = { ...decideFetched(deps, where, fetched, set, elsewhere, measuring.of), endSettling };
    return decided;
  } finally {
    if (decided === null) endSettling();
  }
}

function once(call: () => void): () => void {
  let called = false;
  return () => {
    if (called) return;
    called = true;
    call();
  };
}

/** Releases the resources of a batch that will not be settled. */
export function discard({ batch, trace, endSettling }: ReadyBatch): void {
  trace?.abandoned("discarded");
  batch.facts.release();
  batch.failed.release();
  endSettling();
}

/** P3 for a fetched batch, with one snapshot of the contract set. */
function decideFetched(
  deps: IngestDeps,
  { stream, note }: Where,
  { from, to, count, read }: FetchedRecords,
  set: CompiledContractSet,
  elsewhere: readonly Decision[] | null,
  meterOf: Measuring["of"],
): Omit<ReadyBatch, "endSettling"> {
  const { store } = deps;
  const bound = set.byTopic.get(stream.topic);
  if (bound === undefined)
    throw new Error(`Cannot settle topic "${stream.topic}": contract set ${set.digest} does not bind it`);
  const { collection, subject } = bound.contract;
  const records = read();
  const trace = deps.traceBatch?.(stream, { from, to }, records);
  const observer = deps.observeBatch?.(stream, subject, trace?.context ?? null);
  const meter = meterOf({ subject, from, isRedrive: isRedrive(stream.id) });
  const verdicts: boolean[] = [];
  const see = (row: Decided): void => {
    verdicts.push(row.kind === "failed");
    meter.see(row);
    observer?.see(row);
  };
  const decideHere: Decide = (group) => decideRecords(group, set, store.refusalOf);
  const decide = elsewhere === null ? meter.timed(decideHere, count) : takeFrom(elsewhere, decideHere, store.refusalOf);
  const batch = decideBatch(store, { stream: note, subject, from, to, records }, decide, see);
  const packed = batch.proof.count === 0 ? null : packEvidence(batch.evidence);
  meter.lap("decide");
  return { kind: "decided", range: { from, to }, packed, batch, verdicts, collection, set, observer, meter, trace };
}

type Decide = DecideGroup<SourceRecord, Decided>;

/** The rows of records that another process decided. What is asked for again is decided here. */
function takeFrom(
  decisions: readonly Decision[],
  decideHere: Decide,
  refusalOf: IngestDeps["store"]["refusalOf"],
): Decide {
  let next = 0;
  return (records, first) => {
    const end = first + records.length;
    if (first !== next || end > decisions.length) return decideHere(records, first);
    next = end;
    return records.map((record, index) => decidedElsewhere(record, decisions[first + index] as Decision, refusalOf));
  };
}

/** The live contract set, after the registry was asked about every schema id of the batch that the set did not know. */
async function setFor(deps: IngestDeps, read: FetchedRecords["read"]): Promise<CompiledContractSet> {
  const set = deps.contracts();
  if (deps.learnSchemaIds === undefined) return set;
  const unknown = new Set(
    read()
      .flatMap(schemaIdsOf)
      .filter((id) => !set.schemaIds.has(id)),
  );
  if (unknown.size === 0) return set;
  await deps.learnSchemaIds([...unknown]);
  return deps.contracts();
}

function logHalt(code: "LOG_START_PASSED" | "LOG_TRUNCATED", stream: Stream, position: bigint, state: string): Halt {
  return {
    code,
    message: `Cannot read ${stream.topic}/${stream.partition} on from offset ${position}: its log ${state}`,
    remedy:
      code === "LOG_START_PASSED"
        ? "restore the log, or record the loss with `sigma streams accept-gap`"
        : "the log lost records that were already decided; restore it, or begin a new topic",
  };
}
