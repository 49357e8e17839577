import type { Lookup } from "../gateway/lookup.ts";
import type { FailureRecord } from "../store/failures.ts";
import type { Redaction } from "./redact.ts";
import { searchFailures, type Search, type SearchReads } from "./search.ts";
import { failureView, type FailureView } from "./view.ts";

/** A failure with everything that is kept of its record. */
export type ExportedFailure = FailureView & {
  /** The bytes of the value in base64; null for a tombstone of Kafka; absent when they were erased or are not kept. */
  readonly raw?: string | null;
  readonly key?: string | null;
  /** Headers in their order; the values in base64. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
};

/** All failures of a search, page by page. A search that is cut off loses nothing of what was given before. */
export async function* allFailures(
  reads: SearchReads,
  search: Omit<Search, "cursor" | "limit">,
): AsyncGenerator<FailureRecord> {
  for (let cursor: string | null = null; ;) {
    const page = await searchFailures(reads, { ...search, cursor, limit: PAGE });
    if (page === "foreign-cursor") throw new Error("Cannot continue a search: its own cursor was refused");
    yield* page.failures;
    if (page.next === null) return;
    cursor = page.next;
  }
}

const PAGE = 250;

/** Adds the bytes, the key and the headers of the record, which the ledger's evidence has. */
export async function exported(lookup: Lookup, failure: FailureRecord, redaction: Redaction): Promise<ExportedFailure> {
  const view = failureView(failure, redaction);
  const { stream, offset, contract } = failure;
  // Bytes, keys and headers are shown to nobody where anything of the contract is redacted.
  if (redaction.isFor(contract)) return view;
  const [row] = await lookup.rows(stream.stream, offset, offset + 1n);
  if (row === undefined || (row.kind === "failed" && row.reason.kind === "erased")) return view;
  return {
    ...view,
    raw: base64(row.raw),
    key: base64(row.key),
    headers: row.headers.map(([name, value]) => [name, Buffer.from(value).toString("base64")] as const),
  };
}

function base64(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString("base64");
}
