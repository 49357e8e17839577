import type { CompiledContractSet } from "../core/compiled.ts";
import type { SourceRecord } from "../core/record.ts";
import { schemaIdsOf } from "../core/wire-format.ts";
import { packEvidence } from "../ledger/packed.ts";
import type { Fetched, OffsetRange, Stream } from "../source/source.ts";
import { decideRecord, type Decided } from "./decided.ts";
import type { StreamNote } from "../store/store.ts";
import { decideBatch, type FreshBatch } from "./decide-batch.ts";
import type { Halt } from "./event.ts";
import type { IngestDeps, BatchObserver } from "./ingest-deps.ts";

/** What comes next in a stream. */
export type Next =
  | ReadyBatch
  /** Nothing, or no more is wanted. */
  | { readonly kind: "idle" }
  | { readonly kind: "halted"; readonly halt: Halt };

/** A batch that is decided, and stands in no entry yet. No record of it is an object any more, but for the few its batch keeps. */
export type ReadyBatch = {
  readonly kind: "decided";
  readonly range: OffsetRange;
  /** The evidence of its entry; null when it has no records. */
  readonly packed: Uint8Array | null;
  readonly batch: FreshBatch;
  /** Of each record in order, whether it FAILED. */
  readonly verdicts: readonly boolean[];
  readonly collection: string;
  readonly set: CompiledContractSet;
  readonly observer: BatchObserver | undefined;
  /** To be called once, when the batch is settled or is not to be. */
  readonly endSettling: () => void;
};

type Batch = Extract<Fetched, { readonly kind: "records" }>;

type Where = { readonly stream: Stream; readonly note: StreamNote };

/**
 * Fetch and P3. It depends on nothing that the batch before it does to the store, so that it may run meanwhile. Whoever waits for
 * what follows holds nothing of what was fetched: this function is over.
 * @param from first offset of the batch.
 */
export async function decideNext(deps: IngestDeps, where: Where, from: bigint, signal: AbortSignal): Promise<Next> {
  const { stream } = where;
  const fetched = await deps.source.fetch(stream, from, deps.limits, signal);
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
  // Asked before the turn: a registry that does not answer holds up its own stream only.
  const set = await setFor(deps, fetched.read);
  const endSettling = (await deps.settleLimit?.(fetched.count)) ?? ((): void => undefined);
  let decided: ReadyBatch | null = null;
  try {
    // Told to stop while it waited: nothing of this batch is decided yet.
    if (signal.aborted) return { kind: "idle" };
    decided = { ...decideFetched(deps, where, fetched, set), endSettling };
    return decided;
  } finally {
    if (decided === null) endSettling();
  }
}

/** Ends a batch that is not to be settled. */
export function discard({ batch, endSettling }: ReadyBatch): void {
  batch.facts.release();
  batch.failed.release();
  endSettling();
}

/** P3. */
function decideFetched(
  deps: IngestDeps,
  { stream, note }: Where,
  { from, to, read }: Batch,
  set: CompiledContractSet,
): Omit<ReadyBatch, "endSettling"> {
  const { store } = deps;
  const bound = set.byTopic.get(stream.topic);
  if (bound === undefined)
    throw new Error(`Cannot settle topic "${stream.topic}": contract set ${set.digest} does not bind it`);
  const observer = deps.observeBatch?.(stream, bound.contract.subject);
  const verdicts: boolean[] = [];
  const see = (row: Decided): void => {
    verdicts.push(row.kind === "failed");
    observer?.see(row);
  };
  const decide = (record: SourceRecord): Decided => decideRecord(record, set, store.refusalOf);
  const batch = decideBatch(store, { stream: note, from, to, records: read() }, decide, see);
  const packed = batch.proof.count === 0 ? null : packEvidence(batch.evidence);
  const { collection } = bound.contract;
  return { kind: "decided", range: { from, to }, packed, batch, verdicts, collection, set, observer };
}

/** The set in force, once it knows of every schema id in the batch what a registry says of it. */
async function setFor(deps: IngestDeps, read: Batch["read"]): Promise<CompiledContractSet> {
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
