import { decide, ENGINE } from "../core/decide.ts";
import { failureCode, isMalformedForAll } from "../core/failure.ts";
import type { Header, SourceRecord } from "../core/record.ts";
import { payloadBytes } from "../core/wire-format.ts";
import type { FetchLimits, Source, Stream } from "../source/source.ts";
import type { Outcome } from "../store/ledger.ts";
import { decodeOutcomes } from "../store/proof.ts";
import type { StoredEvidence } from "../store/store.ts";
import type { PastSets } from "./sets.ts";
import type { ReadEvidence, Window } from "./windows.ts";

const FETCH: FetchLimits = { bytesMax: 8_388_608, recordsMax: 10_000, waitMs: 0 };

/**
 * Reads evidence from the log. The ledger says which way a record was decided; the version, the code and the fingerprint
 * follow from deciding it with the contract set it was decided with. Where that gives another outcome than the ledger has
 * (another engine, a limit of the store), the ledger's stands, unexplained.
 */
export function openLogEvidence(
  source: Pick<Source, "streams" | "fetch" | "bounds">,
  sets: PastSets,
  signal: AbortSignal,
): ReadEvidence {
  let streams: ReadonlyMap<string, Stream> | null = null;
  return async (window) => {
    streams ??= new Map((await source.streams()).map((stream) => [stream.id, stream]));
    const stream = streams.get(window.stream);
    if (stream === undefined) return { rows: [], notInLog: window.records };
    const { start, end } = await source.bounds(stream);
    const from = start > window.from ? start : window.from;
    const to = end < window.to ? end : window.to;
    const rows: StoredEvidence[] = [];
    const outcomes = outcomesOf(window);
    for (let next = from; next < to && !signal.aborted;) {
      const fetched = await source.fetch(stream, next, FETCH, signal, to);
      if (fetched.kind !== "records") break;
      for (const record of fetched.read()) {
        const outcome = outcomes.get(record.position.offset);
        if (outcome !== undefined) rows.push(evidenceOf(record, outcome, window, sets));
      }
      next = fetched.to;
    }
    return { rows, notInLog: signal.aborted ? 0 : window.records - rows.length };
  };
}

function outcomesOf({ entries }: Window): ReadonlyMap<bigint, Outcome> {
  const found = new Map<bigint, Outcome>();
  for (const { from, outcomes } of entries) {
    for (const { offset, outcome } of decodeOutcomes(from, outcomes)?.leaves ?? []) found.set(offset, outcome);
  }
  return found;
}

function evidenceOf(
  { position, headers, value }: SourceRecord,
  outcome: Outcome,
  { from, engine, contractSet }: Window,
  sets: PastSets,
): StoredEvidence {
  const at = Number(position.offset - from);
  const set = engine === ENGINE ? sets.compiled(contractSet) : null;
  const decision = set === null ? null : decide({ topic: position.topic, headers, value }, set);
  const version = decision?.contract?.version ?? null;
  if (outcome === "P") {
    return { at, kind: "validated", version, code: null, fingerprint: null, headers, text: textOf(value, headers) };
  }
  if (decision?.status !== "FAILED") {
    // It passed its contract, and the store could not keep it; or nobody can say.
    const code = decision === null ? "unexplained" : "store-rejected";
    return { at, kind: "failed", version, code, fingerprint: null, headers, text: textOf(value, headers) };
  }
  const { fingerprint } = decision;
  const code = failureCode(decision.reason);
  const text = isMalformedForAll(code) ? null : textOf(value, headers);
  return { at, kind: "failed", version, code, fingerprint, headers, text };
}

function textOf(value: Uint8Array | null, headers: readonly Header[]): string | null {
  if (value === null) return null;
  const bytes = payloadBytes(value, headers);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
}
