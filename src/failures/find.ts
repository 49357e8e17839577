import { placeText } from "../core/origin.ts";
import type { FailureRecord } from "../store/failures.ts";
import type { StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import { holdsRedriven } from "./redriven.ts";
import { isNamed, type NamedPosition } from "./failure-id.ts";
import type { Redaction } from "./redact.ts";
import { SAMPLE_MAX, sampleOf, type GroupSample } from "./group-sample.ts";

type Reads = Pick<StoreReads, "failureCollections" | "failurePage" | "failureRecord" | "failuresFrom" | "streamNotes">;

/**
 * The failures that a person names. An id without a stream number means every stream of its topic and partition, of which the newest
 * of a log comes first, and redrives last. A position at which nothing failed may be that at which a record arrived that a router moved.
 */
export async function failuresAt(reads: Reads, position: NamedPosition): Promise<readonly FailureRecord[]> {
  const streams = (await reads.streamNotes()).filter((note) => isNamed(position, note));
  const found: FailureRecord[] = [];
  const rank = (note: StreamNote): number => Number(holdsRedriven(note));
  for (const stream of streams.toSorted((a, b) => rank(a) - rank(b) || b.number - a.number)) {
    for (const collection of await reads.failureCollections()) {
      const failure = await reads.failureRecord(collection, stream, position.offset);
      if (failure !== null) found.push(failure);
    }
  }
  if (found.length > 0 || position.stream !== null) return found;
  return failuresFrom(reads, position);
}

/** The failures of a record that arrived at a position and was moved to a lane, the newest stream of a log first. */
async function failuresFrom(reads: Reads, position: NamedPosition): Promise<readonly FailureRecord[]> {
  const found: FailureRecord[] = [];
  for (const collection of await reads.failureCollections())
    for (const { stream, offset } of await reads.failuresFrom(collection, placeText(position))) {
      const failure = await reads.failureRecord(collection, stream, offset);
      if (failure !== null) found.push(failure);
    }
  const rank = (note: StreamNote): number => Number(holdsRedriven(note));
  return found.toSorted((a, b) => rank(a.stream) - rank(b.stream) || b.stream.number - a.stream.number);
}

/** The newest failures of a group, and what they have in common. @param max how many are read. */
export async function newestOf(
  reads: Pick<StoreReads, "failureCollections" | "failurePage">,
  fingerprint: string,
  redaction: Redaction,
  max: number = SAMPLE_MAX,
): Promise<{ readonly newest: readonly FailureRecord[]; readonly sample: GroupSample }> {
  const newest: FailureRecord[] = [];
  const query = { fromMs: null, toMs: null, after: null, limit: max, withPayload: false } as const;
  for (const collection of await reads.failureCollections())
    newest.push(...(await reads.failurePage(collection, { ...query, along: { kind: "group", fingerprint } })));
  const latest = newest.toSorted((a, b) => (a.atMs > b.atMs ? -1 : a.atMs < b.atMs ? 1 : 0)).slice(0, max);
  return { newest: latest, sample: sampleOf(latest, redaction) };
}
