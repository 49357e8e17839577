import type { BatchMeasures, GatewayEvent } from "./event.ts";

/** How many records this process decided since its start, by what became of them. Redrives are not among them. */
export type Totals = {
  readonly decided: number;
  /** Became facts. */
  readonly passed: number;
  /** Conflicts included. */
  readonly failed: number;
  readonly duplicates: number;
};

export type Totalling = {
  readonly observe: (event: GatewayEvent) => void;
  readonly totals: () => Totals;
  /** The time of the newest record of a stream that this process settled, Unix time in milliseconds; null when it settled none. */
  readonly newestMs: (stream: string) => number | null;
};

/** Counts what gateway events tell of. */
export function createTotalling(): Totalling {
  const totals = { decided: 0, passed: 0, failed: 0, duplicates: 0 };
  const newest = new Map<string, number>();
  const members = { passed: "passed", failed: "failed", duplicate: "duplicates" } as const;
  const add = ({ id }: { readonly id: string }, measures: BatchMeasures): void => {
    for (const { outcome, count } of measures.decisions) {
      totals[members[outcome]] += count;
      totals.decided += count;
    }
    const ms = measures.produced.ms.reduce((most, one) => Math.max(most, one), newest.get(id) ?? -1);
    if (ms >= 0) newest.set(id, ms);
  };
  return {
    observe: (event) => {
      if (event.kind === "stream-stopped") newest.delete(event.stream.id);
      if (event.kind !== "batch-settled" && event.kind !== "tail-redone") return;
      if (event.measures !== null && !event.measures.isRedrive) add(event.stream, event.measures);
    },
    totals: () => ({ ...totals }),
    newestMs: (stream) => newest.get(stream) ?? null,
  };
}
