import type { StreamState } from "../gateway/gateway.ts";
import type { Totals } from "../gateway/totals.ts";
import type { Family } from "../observe/metrics/family.ts";
import type { Load } from "../traffic/hot-keys.ts";

/** How a worker stands. */
export type Standing = {
  /** The group gave it its partitions, and every one of them runs. */
  readonly ready: boolean;
  readonly streams: readonly StreamState[];
  /** The time of the newest record of a stream that it settled, Unix time in milliseconds. */
  readonly newestMs: readonly (readonly [stream: string, ms: number])[];
  readonly totals: Totals;
  /** What its streams were seen to take. */
  readonly loads: readonly (readonly [stream: string, load: Load])[];
};

/** What a worker tells the process that watches over it. */
export type FromWorker =
  | { readonly kind: "standing"; readonly standing: Standing }
  /** It starts, and does not stand anywhere yet. */
  | { readonly kind: "starting" }
  /** The answer to the question of that number. */
  | { readonly kind: "families"; readonly ask: number; readonly families: readonly Family[] };

/** What a worker is told. */
export type ToWorker =
  | { readonly kind: "families"; readonly ask: number }
  /** Somebody waits for decisions: what it settles is to be told soon, for some seconds. */
  | { readonly kind: "hasten" }
  /** To finish the batches in flight and end. `stays`: another process takes its place in the group at once. */
  | { readonly kind: "stop"; readonly stays: boolean };
