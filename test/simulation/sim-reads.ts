import type { LedgerEntry } from "../../src/ledger/entry.ts";
import { positionId } from "../../src/core/record.ts";
import { isSamePosition } from "../../src/gateway/duplicate.ts";
import { isSamePlain } from "../plain.ts";
import { dayOf } from "../../src/store/groups.ts";
import type { Difference, FailedRow, Holder, PassedRow, StoreReads } from "../../src/store/store.ts";
import { holderOf, rowsOf, stageFacts, stageFailed } from "./sim-staged.ts";
import type { State } from "./sim-state.ts";

export function readsOf(state: () => State): StoreReads {
  const entries = (stream: string): readonly LedgerEntry[] =>
    [...state().ledger.values()].filter((entry) => entry.stream === stream).toSorted((a, b) => a.seq - b.seq);
  return {
    streams: async () => [...new Set([...state().ledger.values()].map((entry) => entry.stream))].toSorted(),
    ledger: async (stream, fromSeq, limit) =>
      entries(stream)
        .filter((entry) => entry.seq >= fromSeq)
        .slice(0, limit),
    entryAt: async (stream, offset) => entries(stream).find(({ from, to }) => from <= offset && offset < to) ?? null,
    evidenceAt: async (stream, seq) => state().evidence.get(`${stream}|${seq}`) ?? null,
    streamNotes: async () => [...state().streams.values()],
    holders: async (_, ids) => holders(state(), ids),
    stageFacts,
    stageFailed,
    refusalOf: () => null,
    compareFacts: async (_, facts) =>
      differences(rowsOf(facts), (row) => {
        const stored = state().validated.get(row.id);
        if (stored === undefined) return { kind: "missing" };
        return isSamePosition(stored.position, row.position)
          ? difference(stored, row)
          : { kind: "held", holder: holderOf(stored) };
      }),
    compareFailed: async (_, failed) =>
      differences(rowsOf(failed), (row) => difference(state().failed.get(row.id), row)),
    compareReceipts: async (_, receipts) =>
      differences(receipts, (receipt) => difference(state().receipts.get(positionId(receipt.position)), receipt)),
    failureAt: async (_, { stream, topic, partition }, offset) =>
      state().failed.get(positionId({ stream, topic, partition, offset })) ?? null,
    documentPlaces: async function* places() {
      const at = (kind: "validated" | "failed" | "receipt", id: string, position: PassedRow["position"]) => {
        const stream = state().streams.get(position.stream)?.number ?? null;
        return { kind, collection: "", id, stream, offset: position.offset };
      };
      yield [...state().validated.values()].map(({ id, position }) => at("validated", id, position));
      yield [...state().failed.values()].map(({ id, position }) => at("failed", id, position));
      yield [...state().receipts.values()].map(({ of, position }) => at("receipt", of, position));
    },
    // Nobody promised anything.
    objectiveCounts: async () => [],
    objectiveBegan: async () => null,
    // People look for failures elsewhere.
    failureCollections: async () => [],
    failurePage: async () => [],
    failuresAt: async () => [],
    failuresFrom: async () => [],
    failureRecord: async () => null,
    groupCounters: async () => [...state().groups.values()],
    groupHours: async (fromHour, fingerprint) =>
      [...state().days.values()]
        .filter((one) => fingerprint === undefined || one.fingerprint === fingerprint)
        .flatMap(({ hours, ...one }) =>
          [...hours].map(([hour, count]) => ({ fingerprint: one.fingerprint, stream: one.stream, hour, count })),
        )
        .filter(({ hour }) => hour >= fromHour),
    evidenceOfNoEntry: async () =>
      [...state().evidence.keys()]
        .filter((key) => (state().ledger.get(key)?.count ?? 0) === 0)
        .map((key) => ({
          stream: key.slice(0, key.lastIndexOf("|")),
          seq: Number(key.slice(key.lastIndexOf("|") + 1)),
        })),
    groupHourCounters: async () =>
      [...state().days.values()].flatMap(({ hours, fingerprint, stream, seq }) =>
        [...hours].map(([hour, count]) => ({ fingerprint, stream, hour, count, seq })),
      ),
    groupDayCounters: async () => [...state().days.values()],
    // Whole days, and of the day in which the hour lies the hours from it on.
    hourTotals: async (fromHour) =>
      [...state().days.values()].flatMap(({ fingerprint, stream, day, count, hours }) => {
        const first = dayOf(fromHour);
        if (day !== first) return day > first ? [{ fingerprint, stream, count }] : [];
        const rest = [...hours].filter(([hour]) => hour >= fromHour);
        return [{ fingerprint, stream, count: rest.reduce((sum, [, one]) => sum + one, 0) }];
      }),
    // Nobody asks for sums here.
    volume: async ({ fromHour, toHour }) =>
      [...state().volume.values()].flatMap((one) =>
        one.hour === null || one.hour < fromHour || one.hour >= toHour ? [] : [{ ...one, hour: one.hour }],
      ),
    volumeCounters: async (number) => [...state().volume.values()].filter(({ stream }) => stream === number),
    volumeStarts: async () => {
      const all = Map.groupBy(state().volume.values(), ({ stream }) => stream);
      return [...all].map(([stream, own]) => ({ stream, first: Math.min(...own.map(({ first }) => first)) }));
    },
    storedGroups: async ({ stream }, below, gone = new Map()) => {
      // There is one collection.
      const [from = 0n] = gone.values();
      return countsOf(state(), ({ position }) => {
        return position.stream === stream && position.offset >= from && position.offset < below;
      });
    },
    groupsAt: async (_, { stream }, offsets) =>
      countsOf(state(), ({ position }) => position.stream === stream && offsets.includes(position.offset)),
    tally: async () => {
      const { validated, failed, receipts } = state();
      return { validated: validated.size, failed: failed.size, receipts: receipts.size };
    },
    failureCounts: async () => [],
    redrive: async (plan) => state().plans.get(plan) ?? null,
    redriveSeen: async () => null,
    redrivePage: async (plan, stream, offset) =>
      [...state().pages.values()].find(
        (page) => page.plan === plan && page.stream === stream && page.from <= offset && offset < page.to,
      ) ?? null,
    failurePlaces: async function* places() {
      const numberOf = (stream: string): number => state().streams.get(stream)?.number ?? 0;
      yield [...state().failed.values()].map(({ position }) => ({
        stream: numberOf(position.stream),
        offset: position.offset,
      }));
    },
    contractSet: async (digest) => state().sets.get(digest) ?? null,
    contractSets: async () => [...state().sets].map(([digest, text]) => ({ digest, text })),
    operatorLog: async (fromSeq, limit) => state().actions.slice(fromSeq, fromSeq + limit),
    advice: async () => null,
    adviceSince: async () => 0,
    logEnds: async () => [],
    halts: async () => [],
    traffic: async () => [],
    integrity: async () => [],
  };
}

export function holders(state: State, ids: readonly string[]): ReadonlyMap<string, Holder> {
  const found = new Map<string, Holder>();
  for (const id of ids) {
    const row = state.validated.get(id);
    if (row !== undefined) found.set(id, holderOf(row));
  }
  return found;
}

function differences<T>(rows: readonly T[], compare: (row: T) => Difference | null): ReadonlyMap<number, Difference> {
  const found = rows.map((row, place) => [place, compare(row)] as const);
  return new Map(found.flatMap(([place, one]) => (one === null ? [] : [[place, one]])));
}

function difference<T>(stored: T | undefined, expected: T): Difference | null {
  if (stored === undefined) return { kind: "missing" };
  return isSamePlain(asDocument(stored), asDocument(expected)) ? null : { kind: "differs", message: "it is another" };
}

/** What a document would say. How its numbers are declared is a function, and made anew for each set. */
function asDocument(given: unknown): unknown {
  const { numbers: _, parsed: __, ...row } = given as Record<string, unknown>;
  return row;
}

/** Failures by fingerprint. */
function countsOf({ failed }: State, isWanted: (row: FailedRow) => boolean): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const row of failed.values())
    if (isWanted(row)) counts.set(row.fingerprint, (counts.get(row.fingerprint) ?? 0) + 1);
  return counts;
}
