import { failureCode } from "../../core/failure.ts";
import type { GatewayEvent, Observe } from "../../gateway/event.ts";
import type { Lookup } from "../../gateway/lookup.ts";
import { counted, grouped, print, printTable, styled } from "./output.ts";

/** The outcomes of records. Conflicts count as failures. */
export type Tally = {
  readonly records: number;
  readonly stored: number;
  readonly duplicates: number;
  readonly failures: ReadonlyMap<string, number>;
};

/** Positions appended to one stream, `[from, to)`. */
export type DecidedRange = { readonly stream: string; readonly from: bigint; readonly to: bigint };

/** Counts settled batches from now on; `clear` restarts from zero. */
export function createTallying(): {
  readonly observe: Observe;
  readonly tally: () => Tally;
  /** Counts one record; a failure by its code. */
  readonly add: (outcome: "stored" | "duplicate" | (string & {})) => void;
  readonly clear: () => void;
} {
  let records = 0;
  let stored = 0;
  let duplicates = 0;
  const failures = new Map<string, number>();
  return {
    observe: (event: GatewayEvent) => {
      if (event.kind !== "batch-settled") return;
      records += event.count;
      stored += event.stored;
      duplicates += event.duplicates;
      for (const [code, count] of event.failures) failures.set(code, (failures.get(code) ?? 0) + count);
    },
    add: (outcome) => {
      records += 1;
      if (outcome === "stored") stored += 1;
      else if (outcome === "duplicate") duplicates += 1;
      else failures.set(outcome, (failures.get(outcome) ?? 0) + 1);
    },
    tally: () => ({ records, stored, duplicates, failures: new Map(failures) }),
    clear: () => {
      records = stored = duplicates = 0;
      failures.clear();
    },
  };
}

const PAGE = 10_000n;

/** Counts the stored outcomes of these positions; correct also when another process settled them. */
export async function tallyOf(lookup: Lookup, ranges: readonly DecidedRange[]): Promise<Tally> {
  let stored = 0;
  let duplicates = 0;
  let records = 0;
  const failures = new Map<string, number>();
  for (const { stream, from, to } of ranges) {
    for (let start = from; start < to; start += PAGE) {
      const end = start + PAGE < to ? start + PAGE : to;
      for (const row of await lookup.rows(stream, start, end)) {
        records += 1;
        if (row.kind === "validated" || row.kind === "erased") stored += 1;
        else if (row.kind === "receipt") duplicates += 1;
        else {
          const code = failureCode(row.reason);
          failures.set(code, (failures.get(code) ?? 0) + 1);
        }
      }
    }
  }
  return { records, stored, duplicates, failures };
}

export function failedIn({ failures }: Tally): number {
  return [...failures.values()].reduce((sum, count) => sum + count, 0);
}

/** A tally as one JSON object. */
export function tallyJson(tally: Tally): object {
  const { records, stored, duplicates, failures } = tally;
  return { records, stored, duplicates, failed: failedIn(tally), failures: Object.fromEntries(byCount(failures)) };
}

/** A tally for people. */
export function printTally(tally: Tally): void {
  const failed = failedIn(tally);
  print(counted(tally.records, "record"));
  printTable(
    [
      [styled("green", "PASSED "), grouped(tally.stored), "stored once"],
      [styled("cyan", "DUPLICATE"), grouped(tally.duplicates), "the same fact again, kept as a receipt"],
      [styled("red", "FAILED "), grouped(failed), "kept byte for byte, with the reason"],
      ...byCount(tally.failures).map(([code, count]) => ["", grouped(count), code]),
    ],
    [1],
  );
}

function byCount(failures: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...failures].toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
}
