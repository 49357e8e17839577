import { join } from "node:path";
import { onTestFinished } from "vitest";
import { redriveStreamId } from "../../src/ledger/redrive-stream.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import type { FailedRow, Store } from "../../src/store/store.ts";
import type { StreamNote } from "../../src/store/stream-note.ts";
import { temporaryDirectory } from "../embedded.ts";
import { PATIENCE_MS } from "../patience.ts";
import { failedRow, insertFailed } from "../store/rows.ts";

/** Two collections of failures. */
export const TWO = ["orders", "shipments"] as const;

/** A real store on a file, empty. */
export function openStore(): Store {
  const path = join(temporaryDirectory(), "store.db");
  const store = openSqliteStore({ path, collections: [...TWO], busyTimeoutMs: PATIENCE_MS });
  onTestFinished(store.close);
  return store;
}

/** Streams of a topic, by their partitions and what their ids begin with. */
export async function streamOf(store: Store, partition: number, prefix = "", topic = "orders"): Promise<StreamNote> {
  return store.streamNote({ stream: `${prefix}cluster/${topic}/${partition}`, topic, partition });
}

/** A stream of what was sent again. */
export async function redriveOf(store: Store): Promise<StreamNote> {
  return store.streamNote({
    stream: redriveStreamId({ plan: "0123456789ab", source: 1 }),
    topic: "orders",
    partition: 0,
  });
}

export type Placed = { readonly offset: number; readonly timestampMs: number | bigint } & Partial<FailedRow>;

/** Stores failures of one stream. */
export async function putFailures(
  store: Store,
  note: StreamNote,
  placed: readonly Placed[],
  collection: string = TWO[0],
): Promise<void> {
  const { stream, topic, partition } = note;
  const rows = placed.map(({ offset, ...changes }) =>
    failedRow(BigInt(offset), { position: { stream, topic, partition, offset: BigInt(offset) }, ...changes }),
  );
  await insertFailed(store, collection, rows, note);
}
