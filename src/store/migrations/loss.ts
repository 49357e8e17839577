import type { Source } from "../../source/source.ts";
import type { Bounds, Plan } from "./migration.ts";

/** Records that only the old store has. The new store will lack them, because it is filled by deciding the log again. */
export type Loss = {
  readonly stream: string;
  /** Number of these records; null when it is unknown. */
  readonly records: number | null;
  readonly message: string;
};

/** The log that is available. `compacted`: topics whose log may lack records in the middle, because the broker compacts them. */
export type LogAtHand = Pick<Source, "streams" | "bounds"> & { readonly compacted: readonly string[] };

/**
 * Compares the offsets that the old store decided with those that the log still holds.
 * @param log null when there is no log.
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
