import type { OffsetRange } from "../source/source.ts";
import { subtractRanges, type Loss } from "../operator/losses.ts";

export type Gap = { readonly stream: string; readonly from: bigint; readonly to: bigint; readonly note: string };

/**
 * Finds the offsets of recorded losses that were decided after all, as happens when an earlier log was accepted again.
 */
export type LossBook = {
  /** Receives the offsets that a ledger entry decided. */
  readonly see: (stream: string, decided: readonly { readonly offset: bigint }[]) => void;
  /** The ranges that are still lost. @param settledTo tells up to where a stream is decided. */
  readonly gaps: (settledTo: (stream: string) => bigint) => readonly Gap[];
};

export function createLossBook(losses: readonly Loss[]): LossBook {
  const decided = new Map<Loss, OffsetRange[]>(losses.map((loss) => [loss, []]));
  return {
    see: (stream, leaves) => {
      for (const [loss, ranges] of decided) {
        if (loss.stream !== stream) continue;
        for (const { offset } of leaves) {
          if (offset < loss.from || offset >= loss.to) continue;
          const last = ranges.at(-1);
          if (last?.to === offset) ranges[ranges.length - 1] = { from: last.from, to: offset + 1n };
          else ranges.push({ from: offset, to: offset + 1n });
        }
      }
    },
    gaps: (settledTo) => {
      const gaps = new Map<string, Gap>();
      for (const [loss, ranges] of decided) {
        const { stream, note, from, to } = loss;
        // Undecided records of a log that was accepted again are not lost: they will be decided.
        const end = loss.takenBack && settledTo(stream) < to ? settledTo(stream) : to;
        for (const left of subtractRanges({ from, to: end }, ranges)) {
          gaps.set(`${stream} ${left.from} ${left.to}`, { stream, from: left.from, to: left.to, note });
        }
      }
      return [...gaps.values()];
    },
  };
}
