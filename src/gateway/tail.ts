import { compileContractSet, type CompiledContractSet } from "../core/compile.ts";
import { openContractSet } from "../core/contract-set.ts";
import { ENGINE, type Decision, type Failed } from "../core/decide.ts";
import { fingerprint } from "../core/fingerprint.ts";
import { settleIntegers } from "../core/long-integers.ts";
import { parseValue } from "../core/payload.ts";
import type { SourceRecord } from "../core/record.ts";
import { resolveVersion } from "../core/resolve.ts";
import { framedSchemaId } from "../core/wire-format.ts";
import { readEvidence } from "../ledger/evidence.ts";
import { evidenceDigest, EVIDENCE_BYTES_MAX, unpackEvidence } from "../ledger/packed.ts";
import type { Stream } from "../source/source.ts";
import { decidedAs, decideRecord, outcomeOf, type Decided } from "../store/decided.ts";
import { passedRawOf, type LedgerEntry, type Outcome } from "../store/ledger.ts";
import { decodeOutcomes } from "../store/proof.ts";
import type { Store } from "../store/store.ts";
import { applyDraft, type Applied } from "./apply.ts";
import { draftBatch } from "./draft.ts";
import type { Halt } from "./event.ts";

export type Redone = Applied | { readonly kind: "halted"; readonly halt: Halt };

/**
 * P2: the last entry of a stream is the only one whose documents can be incomplete. Decides its own evidence again and applies
 * it again: nothing is fetched, so what became of the log since is no matter. The entry's own contract set decides, and the
 * outcomes it recorded stand whatever today's contracts or build would say.
 */
export async function redoTail(store: Store, stream: Stream, tail: LedgerEntry): Promise<Redone> {
  if (tail.kind !== "BATCH" || tail.count === 0) return nothing();
  const records = recordsOf(stream, tail, await store.evidenceOf(tail.stream, tail.seq));
  if (typeof records === "string") return halted("EVIDENCE_DAMAGED", stream, tail, records);
  const set = await loadContractSet(store, tail.contractSet);
  if (set === null)
    return halted("CONTRACT_SET_MISSING", stream, tail, `contract set ${tail.contractSet} cannot be read`);
  const recorded = outcomesOf(tail, records);
  if (recorded === null) return halted("EVIDENCE_DAMAGED", stream, tail, "its evidence is of other offsets");
  const decide = (record: SourceRecord, index: number): Decided =>
    pinDecision(record, decideRecord(record, set, store.refusalOf), recorded[index] ?? "F", tail, set);
  const draft = draftBatch(store, { ...stream, from: tail.from, to: tail.to, records }, passedRawOf(tail), decide);
  if (draft.proof.root !== tail.root) {
    return halted("DECISION_DIVERGED", stream, tail, "deciding the same records again gave other identities");
  }
  return applyDraft(store, collectionOf(set, stream.topic), draft);
}

/**
 * Completes what streams of before have decided, whose topic was made anew or whose log another one replaced: nobody takes them up
 * any more. What cannot be completed is left to the audit, which names it.
 */
export async function completeStreamsBefore(store: Store, { id, topic, partition }: Stream): Promise<void> {
  for (const before of await store.reads.streams()) {
    if (before === id || !before.endsWith(`/${partition}`)) continue;
    const tail = await store.tail(before);
    if (tail !== null) await redoTail(store, { id: before, topic, partition }, tail);
  }
}

/** The records of an entry, from its evidence; a sentence says what is wrong with it. */
function recordsOf(stream: Stream, tail: LedgerEntry, packed: Uint8Array | null): readonly SourceRecord[] | string {
  if (packed === null) return "its evidence is missing";
  const bytes = unpackEvidence(packed, EVIDENCE_BYTES_MAX);
  if (bytes === null || evidenceDigest(bytes) !== tail.evidence)
    return "its evidence does not have the digest it carries";
  const evidence = readEvidence(bytes, stream.id);
  if (typeof evidence === "string") return evidence;
  return evidence.topic === stream.topic && evidence.partition === stream.partition
    ? evidence.records
    : `its evidence is of ${evidence.topic}/${evidence.partition}`;
}

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

function halted(code: Halt["code"], stream: Stream, tail: LedgerEntry, state: string): Redone {
  const message = `Cannot redo entry ${tail.seq} of ${stream.topic}/${stream.partition} [${tail.from}, ${tail.to}): ${state}`;
  return {
    kind: "halted",
    halt: { code, message, remedy: "run `sigma audit`, then restore the store from a backup" },
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
