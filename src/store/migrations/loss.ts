import type { Source } from "../../source/source.ts";
import type { Bounds, Plan } from "./migration.ts";

/** Records that only the old store has: deciding the log again does not bring them back. */
export type Loss = {
  readonly stream: string;
  /** Null where it cannot be told how many they are. */
  readonly records: number | null;
  readonly message: string;
};

/** The log at hand. @param compacted topics of which records in the middle may be gone. */
export type LogAtHand = Pick<Source, "streams" | "bounds"> & { readonly compacted: readonly string[] };

/**
 * Compares what the old store decided with what the log still holds.
 * @param log null when it is missing.
 */
export async function findLosses({ decided, heldOutside }: Plan, log: LogAtHand | null): Promise<readonly Loss[]> {
  const streams = new Map(((await log?.streams()) ?? []).map((stream) => [stream.id, stream]));
  const losses: Loss[] = [];
  for (const { stream: id, from, to } of decided) {
    const stream = streams.get(id);
    if (log === null || stream === undefined) {
      const records = await heldOutside(id, null);
      const why = log === null ? "the log is missing" : "the log at hand has no such stream";
      if (records > 0)
        losses.push({ stream: id, records, message: `${id}: ${why}, and the store decided [${from}, ${to})` });
      continue;
    }
    const bounds: Bounds = await log.bounds(stream);
    const name = `${stream.topic}/${stream.partition}`;
    if (bounds.start > from || bounds.end < to) {
      const records = await heldOutside(id, bounds);
      const message = `${name}: the log holds [${bounds.start}, ${bounds.end}), and the store decided [${from}, ${to})`;
      if (records > 0) losses.push({ stream: id, records, message });
    }
    if (to > from && log.compacted.includes(stream.topic)) {
      const message = `${name}: its topic is compacted, and what compaction removed is in the old store only`;
      losses.push({ stream: id, records: null, message });
    }
  }
  return losses;
}
