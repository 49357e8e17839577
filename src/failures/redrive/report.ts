import { decodeApplied, decodeOutcomes } from "../../ledger/proof.ts";
import { redriveStreamId } from "../../ledger/redrive-stream.ts";
import type { LedgerEntry } from "../../ledger/entry.ts";
import type { RedrivePage } from "../../store/redrives.ts";
import type { StoreReads } from "../../store/store.ts";
import type { PlannedStream, RedrivePlan } from "./plan.ts";

/** The failures of a run with one fingerprint. `contract`: such as `shipment@1`; null when none judged. */
export type FailureTally = {
  readonly fingerprint: string;
  readonly code: string;
  readonly contract: string | null;
  readonly count: number;
};

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

export type ReportReads = Pick<StoreReads, "ledger" | "streamNotes" | "groupCounters" | "redrivePage">;

/** Reports of plans. */
export type Reports = {
  /** The report of a plan now. What it read of the ledger is not read again: the next report of the plan begins behind it. */
  readonly of: (plan: RedrivePlan) => Promise<RedriveReport>;
};

const LEDGER_PAGE = 256;
/** Plans whose reports go on from where they were: those that were asked for last. */
const PLANS_KEPT = 16;

/** Opens reports that somebody asks for again and again, such as a page that shows how far a run is. */
export function openReports(reads: ReportReads): Reports {
  const known = new Map<string, { readonly walks: readonly Walk[]; last: Promise<unknown> }>();
  return {
    of: async (plan) => {
      const one = known.get(plan.id) ?? { walks: plan.streams.map((stream) => beginOf(plan, stream)), last: DONE };
      known.delete(plan.id);
      known.set(plan.id, one);
      for (const id of known.keys()) if (known.size > PLANS_KEPT) known.delete(id);
      // One after another: two at a time would count what they read twice.
      const report = one.last.then(async () => reportFrom(reads, plan, one.walks));
      one.last = report.catch(() => undefined);
      return report;
    },
  };
}

const DONE = Promise.resolve();

/** Computes the report of a plan. */
export async function reportOf(reads: ReportReads, plan: RedrivePlan): Promise<RedriveReport> {
  return openReports(reads).of(plan);
}

/** How far a report has read a stream of the run, and what it counted. Entries and pages are never changed, so nothing is read twice. */
type Walk = {
  readonly id: string;
  readonly source: string;
  /** Of every entry before `last`: what the entry behind it says became of its records. */
  readonly counts: Record<"S" | "D" | "C" | "F", number>;
  last: LedgerEntry | null;
  /** Offset of the first page of the plan that reaches beyond `last`, and how many of the plan's offsets are in the pages before it. */
  nextPage: bigint;
  inPages: number;
};

function beginOf({ id: plan }: RedrivePlan, { number, stream, from }: PlannedStream): Walk {
  const id = redriveStreamId({ plan, source: number });
  const counts = { S: 0, D: 0, C: 0, F: 0 };
  return { id, source: stream, counts, last: null, nextPage: BigInt(from), inPages: 0 };
}

async function reportFrom(reads: ReportReads, plan: RedrivePlan, walks: readonly Walk[]): Promise<RedriveReport> {
  let [handled, pending] = [0, 0];
  const counts = { S: 0, D: 0, C: 0, F: 0 };
  for (const walk of walks) {
    await readOn(reads, walk);
    for (const outcome of ["S", "D", "C", "F"] as const) counts[outcome] += walk.counts[outcome];
    const { last } = walk;
    if (last === null) continue;
    for (const { outcome } of decodeOutcomes(last.from, last.outcomes)?.leaves ?? []) {
      if (outcome === "F") counts.F += 1;
      else pending += 1;
    }
    handled += await offsetsBelow(reads, plan.id, walk, last.to);
  }
  const { S: stored, D: duplicates, C: conflicts, F: failed } = counts;
  const unavailable = handled - stored - duplicates - conflicts - failed - pending;
  const groups = await groupsOf(reads, walks);
  return { planned: plan.count, handled, stored, duplicates, conflicts, failed, pending, unavailable, groups };
}

/** Reads the entries of a stream that came since. */
async function readOn(reads: Pick<StoreReads, "ledger">, walk: Walk): Promise<void> {
  for (;;) {
    const page = await reads.ledger(walk.id, walk.last === null ? 0 : walk.last.seq + 1, LEDGER_PAGE);
    for (const entry of page) {
      if (walk.last !== null)
        for (const { outcome } of decodeApplied(walk.last.from, entry.applied)?.leaves ?? []) walk.counts[outcome] += 1;
      walk.last = entry;
    }
    if (page.length < LEDGER_PAGE) return;
  }
}

/** Number of a plan's offsets of one source stream below an offset. */
async function offsetsBelow(
  reads: Pick<StoreReads, "redrivePage">,
  plan: string,
  walk: Walk,
  below: bigint,
): Promise<number> {
  while (walk.nextPage < below) {
    const page = await reads.redrivePage(plan, walk.source, walk.nextPage);
    if (page === null) break;
    if (page.to > below) return walk.inPages + within(page, below);
    walk.inPages += page.count;
    walk.nextPage = page.to;
  }
  return walk.inPages;
}

function within({ from, runs }: RedrivePage, below: bigint): number {
  let [count, at] = [0, from];
  for (const [, letter, length] of runs.matchAll(/([R-])(\d{1,19})/g)) {
    const end = at + BigInt(length ?? 0);
    if (letter === "R" && at < below) count += Number((end < below ? end : below) - at);
    at = end;
  }
  return count;
}

/** The failures of the run, as the counters of its streams have them. */
async function groupsOf(reads: ReportReads, walks: readonly Walk[]): Promise<readonly FailureTally[]> {
  const ids = new Set(walks.map(({ id }) => id));
  const own = (await reads.streamNotes()).filter(({ stream }) => ids.has(stream)).map(({ number }) => number);
  if (own.length === 0) return [];
  const groups = new Map<string, FailureTally>();
  for (const { fingerprint, stream, code, contract, count } of await reads.groupCounters()) {
    if (!own.includes(stream)) continue;
    const before = groups.get(fingerprint)?.count ?? 0;
    const by = contract === null ? null : `${contract.subject}@${contract.version}`;
    groups.set(fingerprint, { fingerprint, code, contract: by, count: before + count });
  }
  return [...groups.values()].toSorted((a, b) => b.count - a.count || (a.fingerprint < b.fingerprint ? -1 : 1));
}
