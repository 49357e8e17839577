import type { LedgerEntry } from "../ledger/entry.ts";
import type { GoneFailures, GroupCounter } from "../store/groups.ts";
import { goneOf, type FloorBook } from "../operator/floors.ts";
import type { StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import type { Finding } from "./finding.ts";

/**
 * Compares the counters of failures with the stored failures and with those that retention took, stream by stream.
 * @param tails the last entry of each stream that the audit saw.
 */
export async function checkGroups(
  reads: Pick<StoreReads, "groupCounters" | "storedGroups">,
  notes: ReadonlyMap<string, StreamNote>,
  tails: ReadonlyMap<string, LedgerEntry>,
  floors: FloorBook,
  tailMayBeIncomplete: boolean,
): Promise<readonly Finding[]> {
  const counters = Map.groupBy(await reads.groupCounters(), ({ stream }) => stream);
  const findings: Finding[] = [];
  for (const [stream, tail] of tails) {
    const note = notes.get(stream);
    // What was taken beyond the entries that the audit saw is no matter of theirs.
    if (note === undefined || floors.all().some((floor) => floor.stream === stream && floor.seq > tail.seq)) continue;
    const own = counters.get(note.number) ?? [];
    findings.push(...(await checkStream(reads, note, tail, own, goneOf(floors, stream), tailMayBeIncomplete)));
  }
  return findings;
}

/**
 * Compares the counters of a stream's failures with its stored failures.
 *
 * A counter that has counted the tail must equal the stored failures of all entries; one that has not must equal those below the tail:
 * its owner may have crashed before it counted, and the next one counts it. A counter beyond the tail belongs to a gateway that went on meanwhile.
 * @param tail the last entry that the audit saw.
 * @param counters the counters of the stream, read after that entry.
 */
async function checkStream(
  reads: Pick<StoreReads, "storedGroups">,
  note: StreamNote,
  tail: LedgerEntry,
  counters: readonly GroupCounter[],
  { below, removed }: GoneFailures,
  tailMayBeIncomplete: boolean,
): Promise<readonly Finding[]> {
  const all = await reads.storedGroups(note, tail.to, below);
  const before = await reads.storedGroups(note, tail.from, below);
  const known = new Map(counters.map((counter) => [counter.fingerprint, counter]));
  const findings: Finding[] = [];
  for (const fingerprint of new Set([...known.keys(), ...all.keys(), ...removed.keys()])) {
    const counter = known.get(fingerprint);
    if (counter !== undefined && counter.seq > tail.seq) continue;
    const hasCountedTail = counter?.seq === tail.seq;
    const gone = removed.get(fingerprint) ?? 0;
    const stored = ((hasCountedTail ? all : before).get(fingerprint) ?? 0) + gone;
    const counted = counter?.count ?? 0;
    // The owner of the tail counts its failures while it stores them.
    const mayLack = tailMayBeIncomplete && counter?.seq === tail.seq;
    if (counted === stored || (mayLack && counted > stored)) continue;
    const went = gone === 0 ? "" : `, ${gone} of which retention took`;
    const message = `group ${fingerprint} counts ${counted} failures, and ${stored} are stored${went}`;
    findings.push({ code: "GROUPS", stream: note.stream, seq: null, offset: null, message });
  }
  return findings;
}
