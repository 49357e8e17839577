import type { Source, Stream } from "./source.ts";

const LIMITS = { recordsMax: 1, bytesMax: 1_048_576, waitMs: 500 } as const;
/** Whatever lies below the end is there: an answer without it comes too early, but not as often as this. */
const EMPTY_MAX = 4;

/**
 * How many offsets of a stream are not decided: 0 where no record is among them. Kafka's marks of transactions take offsets, and so do
 * records of transactions that were given up; nobody decides those.
 * @param settledTo every offset below it is decided; null: none.
 * @param end of the log.
 */
export async function undecidedOffsets(
  source: Pick<Source, "fetch">,
  stream: Stream,
  settledTo: bigint | null,
  end: bigint,
): Promise<bigint> {
  const from = settledTo ?? 0n;
  return from < end && (await holdsRecords(source, stream, from, end)) ? end - from : 0n;
}

async function holdsRecords(
  source: Pick<Source, "fetch">,
  stream: Stream,
  from: bigint,
  end: bigint,
): Promise<boolean> {
  const { signal } = new AbortController();
  let [at, empty] = [from, 0];
  while (at < end && empty < EMPTY_MAX) {
    const fetched = await source.fetch(stream, at, LIMITS, signal, end);
    switch (fetched.kind) {
      case "records":
        if (fetched.count > 0) return true;
        at = fetched.to;
        break;
      case "below-start":
        at = fetched.logStart;
        break;
      case "beyond-end":
        return false;
      case "empty":
        empty += 1;
    }
  }
  return at < end;
}
