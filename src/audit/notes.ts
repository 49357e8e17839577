import type { LedgerEntry } from "../ledger/entry.ts";
import { redriveOf } from "../ledger/redrive-stream.ts";
import type { StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import type { Finding, FindingCode } from "./finding.ts";

type Reads = Pick<StoreReads, "streamNotes" | "logEnds" | "halts" | "evidenceOfNoEntry">;

/** Most findings about evidence of no entry. */
const EVIDENCE_MAX = 100;

/**
 * Checks what the store notes of streams outside their ledgers: topic and partition, which are in the ids of streams and in their numbers, and
 * evidence, of which each entry has its own.
 */
export async function checkNotes(reads: Reads, tails: ReadonlyMap<string, LedgerEntry>): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const found = (code: FindingCode, stream: string, seq: number | null, message: string): void =>
    void findings.push({ code, stream, seq, offset: null, message });
  const notes = await reads.streamNotes();
  for (const note of notes) {
    const is = placeOf(note);
    const due = placeBefore(notes, note);
    if (due !== null && due !== is)
      found("STREAM_UNKNOWN", note.stream, null, `its number says ${is}, and it is of ${due}`);
  }
  const places = new Map(notes.map((note) => [note.stream, placeOf(note)]));
  for (const [what, noted] of [
    ["the end that is noted of its log", await reads.logEnds()],
    ["the halt that is noted of it", await reads.halts()],
  ] as const)
    for (const note of noted) {
      // A stream without a number has no entry yet.
      const due = places.get(note.stream) ?? placeBefore(notes, note);
      if (due !== null && due !== placeOf(note))
        found("STREAM_UNKNOWN", note.stream, null, `${what} says ${placeOf(note)}, and it is of ${due}`);
    }
  for (const { stream, seq } of await reads.evidenceOfNoEntry(EVIDENCE_MAX)) {
    const there = tails.get(stream)?.seq ?? -1;
    found(
      "EVIDENCE",
      stream,
      seq,
      seq > there ? "there is evidence of it, and no such entry" : "there is evidence of it, and it decided no record",
    );
  }
  return findings;
}

function placeOf({ topic, partition }: Pick<StreamNote, "topic" | "partition">): string {
  return `${topic}/${partition}`;
}

/** The place that the id of a stream names: its last part is the partition. */
function placeIn(stream: string, topic: string): string {
  return `${topic}/${stream.slice(stream.lastIndexOf("/") + 1)}`;
}

/** The place that a stream has to have: that of its source, where it is of redriven records. */
function placeBefore(
  notes: readonly StreamNote[],
  { stream, topic }: Pick<StreamNote, "stream" | "topic">,
): string | null {
  const source = redriveOf(stream)?.source;
  if (source === undefined) return placeIn(stream, topic);
  const note = notes.find(({ number }) => number === source);
  return note === undefined ? null : placeOf(note);
}
