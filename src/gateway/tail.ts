import { compileContractSet, type CompiledContractSet } from "../core/compile.ts";
import { openContractSet } from "../core/contract-set.ts";
import { ENGINE, type Decision, type Failed } from "../core/decide.ts";
import { fingerprint } from "../core/fingerprint.ts";
import { settleIntegers } from "../core/long-integers.ts";
import { parseValue } from "../core/payload.ts";
import type { SourceRecord } from "../core/record.ts";
import { resolveVersion } from "../core/resolve.ts";
import { framedSchemaId } from "../core/wire-format.ts";
import type { FetchLimits, Source, Stream } from "../source/source.ts";
import { decidedAs, decideRecord, outcomeOf, type Decided } from "../store/decided.ts";
import { passedRawOf, type LedgerEntry, type Outcome } from "../store/ledger.ts";
import { decodeOutcomes } from "../store/proof.ts";
import type { Store } from "../store/store.ts";
import { applyDraft, type Applied } from "./apply.ts";
import { draftBatch } from "./draft.ts";
import type { Halt } from "./event.ts";

export type RedoDeps = {
  readonly source: Source;
  readonly store: Store;
  readonly limits: FetchLimits;
};

export type Redone = Applied | { readonly kind: "halted"; readonly halt: Halt } | { readonly kind: "stopped" };

/**
 * P2: the last entry of a stream is the only one whose documents can be incomplete. Reads its records again and applies
 * it again. The entry's own contract set decides, and the outcomes it recorded stand whatever today's contracts or
 * build would say.
 */
export async function redoTail(
  deps: RedoDeps,
  stream: Stream,
  tail: LedgerEntry,
  signal: AbortSignal,
): Promise<Redone> {
  if (tail.kind !== "BATCH") return nothing();
  const range = await fetchRange(deps, stream, tail, signal);
  if (range.kind === "stopped") return range;
  if (range.kind === "below-start") return complete(deps.store, tail, range.logStart);
  if (range.kind === "ended") return halted("LOG_TRUNCATED", stream, tail, `the log ends at offset ${range.logEnd}`);
  const set = await loadContractSet(deps.store, tail.contractSet);
  if (set === null)
    return halted("CONTRACT_SET_MISSING", stream, tail, `contract set ${tail.contractSet} cannot be read`);
  const recorded = outcomesOf(tail, range.records);
  if (recorded === null) return halted("SOURCE_DIVERGED", stream, tail, OTHER_RECORDS);
  const decide = (record: SourceRecord, index: number): Decided =>
    pinDecision(record, decideRecord(record, set, deps.store.refusalOf), recorded[index] ?? "F", tail, set);
  const draft = draftBatch(deps.store, { ...tail, records: range.records }, passedRawOf(tail), decide);
  if (draft.proof.rawRoot !== tail.rawRoot) return halted("SOURCE_DIVERGED", stream, tail, OTHER_RECORDS);
  if (draft.proof.root !== tail.root) {
    return halted("DECISION_DIVERGED", stream, tail, "deciding the same records again gave other identities");
  }
  return applyDraft(deps.store, collectionOf(set, stream.topic), draft);
}

const OTHER_RECORDS = "the log no longer holds the records the ledger speaks of";

/** The collection the decisions of a topic go to. */
export function collectionOf(set: CompiledContractSet, topic: string): string {
  const bound = set.byTopic.get(topic);
  if (bound === undefined)
    throw new Error(`Cannot settle topic "${topic}": contract set ${set.digest} does not bind it`);
  return bound.contract.collection;
}

/** Reads a contract set back from the store; null when it is missing or is not what its digest says. */
async function loadContractSet(store: Store, digest: string): Promise<CompiledContractSet | null> {
  const text = await store.contractSet(digest);
  const sealed = text === null ? null : openContractSet(digest, text);
  return sealed === null ? null : compileContractSet(sealed);
}

type Range =
  | { readonly kind: "records"; readonly records: readonly SourceRecord[] }
  | { readonly kind: "below-start"; readonly logStart: bigint }
  | { readonly kind: "ended"; readonly logEnd: bigint }
  | { readonly kind: "stopped" };

/** Exactly the records of an entry, however many fetches that takes. */
async function fetchRange(deps: RedoDeps, stream: Stream, tail: LedgerEntry, signal: AbortSignal): Promise<Range> {
  const records: SourceRecord[] = [];
  let next = tail.from;
  while (next < tail.to) {
    const fetched = await deps.source.fetch(stream, next, deps.limits, signal, tail.to);
    switch (fetched.kind) {
      case "records":
        records.push(...fetched.read());
        next = fetched.to;
        break;
      case "empty": {
        if (signal.aborted) return { kind: "stopped" };
        const { end } = await deps.source.bounds(stream);
        if (end < tail.to) return { kind: "ended", logEnd: end };
        break;
      }
      case "below-start":
        return fetched;
      case "beyond-end":
        return { kind: "ended", logEnd: fetched.logEnd };
    }
  }
  return { kind: "records", records };
}

/** The recorded outcome of each record; null when the records are not the ones recorded. */
function outcomesOf(tail: LedgerEntry, records: readonly SourceRecord[]): readonly Outcome[] | null {
  const recorded = decodeOutcomes(tail.from, tail.outcomes);
  if (recorded === null || recorded.leaves.length !== records.length) return null;
  const same = recorded.leaves.every(({ offset }, index) => records[index]?.position.offset === offset);
  return same ? recorded.leaves.map(({ outcome }) => outcome) : null;
}

/** Lays the recorded outcome over what deciding again gave. */
function pinDecision(
  record: SourceRecord,
  one: Decided,
  outcome: Outcome,
  tail: LedgerEntry,
  set: CompiledContractSet,
): Decided {
  if (outcomeOf(one) === outcome) return one;
  const then = outcome === "F" ? unexplained(tail) : passedThen(record, set);
  return then === null ? one : decidedAs(record, then);
}

function unexplained(tail: LedgerEntry): Failed {
  const message = `Decided FAILED by engine ${tail.engine}; engine ${ENGINE} cannot say why`;
  const reason = { kind: "unexplained", engine: tail.engine, message } as const;
  return { status: "FAILED", reason, contract: null, declaredBy: null, fingerprint: fingerprint(reason, null) };
}

/** The ledger says PASSED, today's build says FAILED: the identity needs neither schema nor rules. */
function passedThen(record: SourceRecord, set: CompiledContractSet): Decision | null {
  const bound = set.byTopic.get(record.position.topic);
  const parsed = parseValue(record.value, set.limits);
  if (bound === undefined || !parsed.ok) return null;
  const resolved = resolveVersion(bound, record.headers, framedSchemaId(record.value), parsed.payload);
  if (!resolved.ok) return null;
  const { ref, identity, machineId, numbers } = resolved.version;
  const settled = settleIntegers(parsed, numbers);
  if (!settled.ok) return null;
  const { payload } = settled;
  const fields = identity(payload);
  if ("missing" in fields) return null;
  const id = machineId(fields);
  const { declaredBy } = resolved;
  return { status: "PASSED", id, contract: ref, declaredBy, payload, numbers };
}

/** Retention passed the tail: it need not be redone when every one of its documents is there. */
async function complete(store: Store, tail: LedgerEntry, logStart: bigint): Promise<Redone> {
  const rows = await store.reads.rows(tail.stream, tail.from, tail.to);
  const there = new Set(rows.map((row) => row.position.offset));
  if (there.size === tail.count) return nothing();
  const halt: Halt = {
    code: "LOG_START_PASSED",
    message: `Cannot complete entry ${tail.seq} of ${tail.stream}: the log now starts at offset ${logStart}`,
    remedy: "restore the log from a backup: records of this entry are decided and not stored",
  };
  return { kind: "halted", halt };
}

function halted(code: Halt["code"], stream: Stream, tail: LedgerEntry, state: string): Redone {
  const message = `Cannot redo entry ${tail.seq} of ${stream.topic}/${stream.partition} [${tail.from}, ${tail.to}): ${state}`;
  return {
    kind: "halted",
    halt: { code, message, remedy: "run `sigma audit --source`; restore the log or the store" },
  };
}

function nothing(): Applied {
  return {
    kind: "applied",
    stored: 0,
    duplicates: 0,
    conflicts: 0,
    failures: new Map(),
    facts: () => [],
    failed: () => [],
  };
}
