import { decodeApplied, decodeOutcomes } from "../../ledger/proof.ts";
import { redriveStreamId } from "../../ledger/redrive-stream.ts";
import type { LedgerEntry } from "../../ledger/entry.ts";
import type { FailureTally } from "../../store/redrives.ts";
import type { StoreReads } from "../../store/store.ts";
import type { RedrivePlan } from "./plan.ts";
import { collectionsOf } from "./select.ts";

/** What became of a plan's records so far. It is stored nowhere: it follows from the ledgers of the run's streams. */
export type RedriveReport = {
  /** Number of the plan's records. */
  readonly planned: number;
  /** Offsets that the run is through with, decided or not. */
  readonly handled: number;
  /** Records that passed and are facts now. */
  readonly stored: number;
  /** Records that passed and repeat a stored fact. */
  readonly duplicates: number;
  /** Records that passed and whose identity a fact with other content has. */
  readonly conflicts: number;
  /** Records that failed again, without the conflicts. */
  readonly failed: number;
  /** Records that passed in the last entry, of which the ledger does not say yet what became of them. */
  readonly pending: number;
  /** Offsets whose record could not be read any more when the run came to them. */
  readonly unavailable: number;
  /** The failures of the run by group, conflicts included. */
  readonly groups: readonly FailureTally[];
};

export type ReportReads = Pick<StoreReads, "ledger" | "streamNotes" | "contractSets" | "failuresOf" | "redrivePage">;

const LEDGER_PAGE = 256;

/** Computes the report of a plan. */
export async function reportOf(reads: ReportReads, plan: RedrivePlan): Promise<RedriveReport> {
  const counts = { P: 0, S: 0, D: 0, C: 0, F: 0 };
  let [handled, pending] = [0, 0];
  for (const { number, stream, from } of plan.streams) {
    const id = redriveStreamId({ plan: plan.id, source: number });
    let last: LedgerEntry | null = null;
    for await (const entry of entriesOf(reads, id)) {
      if (last !== null)
        for (const { outcome } of decodeApplied(last.from, entry.applied)?.leaves ?? []) counts[outcome] += 1;
      last = entry;
    }
    if (last === null) continue;
    for (const { outcome } of decodeOutcomes(last.from, last.outcomes)?.leaves ?? []) {
      if (outcome === "F") counts.F += 1;
      else pending += 1;
    }
    handled += await offsetsBelow(reads, plan.id, stream, BigInt(from), last.to);
  }
  const { S: stored, D: duplicates, C: conflicts, F: failed } = counts;
  const unavailable = handled - stored - duplicates - conflicts - failed - pending;
  const groups = await groupsOf(reads, plan);
  return { planned: plan.count, handled, stored, duplicates, conflicts, failed, pending, unavailable, groups };
}

async function* entriesOf(reads: Pick<StoreReads, "ledger">, stream: string): AsyncGenerator<LedgerEntry> {
  for (let next = 0; ;) {
    const page = await reads.ledger(stream, next, LEDGER_PAGE);
    yield* page;
    if (page.length < LEDGER_PAGE) return;
    next += page.length;
  }
}

/** Number of a plan's offsets of one source stream below an offset. */
async function offsetsBelow(
  reads: Pick<StoreReads, "redrivePage">,
  plan: string,
  stream: string,
  from: bigint,
  below: bigint,
): Promise<number> {
  let count = 0;
  for (let next = from; next < below;) {
    const page = await reads.redrivePage(plan, stream, next);
    if (page === null) break;
    if (page.to <= below) count += page.count;
    else {
      let at = page.from;
      for (const [, letter, length] of page.runs.matchAll(/([R-])(\d{1,19})/g)) {
        const end = at + BigInt(length ?? 0);
        if (letter === "R" && at < below) count += Number((end < below ? end : below) - at);
        at = end;
      }
    }
    next = page.to;
  }
  return count;
}

async function groupsOf(reads: ReportReads, plan: RedrivePlan): Promise<readonly FailureTally[]> {
  const ids = new Set(plan.streams.map(({ number }) => redriveStreamId({ plan: plan.id, source: number })));
  const numbers = (await reads.streamNotes()).filter(({ stream }) => ids.has(stream)).map(({ number }) => number);
  if (numbers.length === 0) return [];
  const groups: FailureTally[] = [];
  for (const collection of await collectionsOf(reads)) groups.push(...(await reads.failuresOf(collection, numbers)));
  return groups.toSorted((a, b) => b.count - a.count);
}
