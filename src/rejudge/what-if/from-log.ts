import type { FetchLimits, Source, Stream } from "../../source/source.ts";
import type { Outcome } from "../../ledger/entry.ts";
import { decodeOutcomes } from "../../ledger/proof.ts";
import { judgedRecord, type JudgedRecord } from "./judged-records.ts";
import type { PastSets } from "./sets.ts";
import type { ReadWindow, Window } from "./windows.ts";

const FETCH: FetchLimits = { bytesMax: 8_388_608, recordsMax: 10_000, waitMs: 0 };

/** Reads the records of windows from the log instead of the evidence. */
export function openLogEvidence(
  source: Pick<Source, "streams" | "fetch" | "bounds">,
  sets: PastSets,
  signal: AbortSignal,
): ReadWindow {
  let streams: ReadonlyMap<string, Stream> | null = null;
  return async (window) => {
    streams ??= new Map((await source.streams()).map((stream) => [stream.id, stream]));
    const stream = streams.get(window.stream);
    if (stream === undefined) return { rows: [], notInLog: window.records, withoutEvidence: 0 };
    const { start, end } = await source.bounds(stream);
    const from = start > window.from ? start : window.from;
    const to = end < window.to ? end : window.to;
    const rows: JudgedRecord[] = [];
    const outcomes = outcomesOf(window);
    for (let next = from; next < to && !signal.aborted;) {
      const fetched = await source.fetch(stream, next, FETCH, signal, to);
      if (fetched.kind !== "records") break;
      for (const record of fetched.read()) {
        const outcome = outcomes.get(record.position.offset);
        if (outcome !== undefined) rows.push(judgedRecord(record, outcome, window.from, window, sets));
      }
      next = fetched.to;
    }
    return { rows, notInLog: signal.aborted ? 0 : window.records - rows.length, withoutEvidence: 0 };
  };
}

function outcomesOf({ entries }: Window): ReadonlyMap<bigint, Outcome> {
  const found = new Map<bigint, Outcome>();
  for (const { from, outcomes } of entries) {
    for (const { offset, outcome } of decodeOutcomes(from, outcomes)?.leaves ?? []) found.set(offset, outcome);
  }
  return found;
}
