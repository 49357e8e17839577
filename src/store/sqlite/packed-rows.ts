import type { SQLInputValue } from "node:sqlite";
import { putUuid } from "../../core/uuid.ts";
import type { FailedRow, PassedRow, Receipt, ValidatedRow } from "../store.ts";
import { bindErased, bindFact, bindFailure, contractText, payloadOf } from "./rows.ts";
import type { StagedRows } from "./staged.ts";

// Rows as they are handed to whoever writes them, perhaps in another thread: values and pieces of memory of their own.

/** Facts, column by column; the payloads one behind the other. */
export type PackedFacts = {
  readonly stream: number;
  /** Of each fact, where it was among those that were staged. */
  readonly places: Uint32Array;
  /** 16 bytes each. */
  readonly ids: Uint8Array;
  readonly offsets: BigInt64Array;
  readonly times: BigInt64Array;
  /** Which of the {@link Terms} it was decided under. */
  readonly terms: Uint16Array;
  readonly termsOf: readonly Terms[];
  readonly payloads: Uint8Array;
  /** Where each payload ends. */
  readonly ends: Uint32Array;
  /** Tombstones, by their places: rare, and bound one by one. */
  readonly erased: readonly { readonly place: number; readonly values: readonly SQLInputValue[] }[];
};

type Terms = { readonly contract: string; readonly declared: string | null };

/** @param except places that are left out. */
export function packFacts({ stream, rows }: StagedRows<PassedRow>, except: ReadonlySet<number>): PackedFacts {
  const facts: ValidatedRow[] = [];
  const places: number[] = [];
  const erased: { readonly place: number; readonly values: readonly SQLInputValue[] }[] = [];
  rows.forEach((row, place) => {
    if (except.has(place)) return;
    if (row.kind === "erased") erased.push({ place, values: bindErased(row, stream) });
    else {
      facts.push(row);
      places.push(place);
    }
  });
  const count = facts.length;
  const payloads = facts.map(payloadOf);
  const all = new Uint8Array(payloads.reduce((sum, { length }) => sum + length, 0));
  const packed = {
    stream,
    places: Uint32Array.from(places),
    ids: new Uint8Array(count * 16),
    offsets: new BigInt64Array(count),
    times: new BigInt64Array(count),
    terms: new Uint16Array(count),
    payloads: all,
    ends: new Uint32Array(count),
    erased,
  };
  const termsOf: Terms[] = [];
  let end = 0;
  facts.forEach((row, index) => {
    const payload = payloads[index] ?? all;
    putUuid(packed.ids, index * 16, row.id);
    packed.offsets[index] = row.position.offset;
    packed.times[index] = BigInt(row.timestampMs);
    packed.terms[index] = termsAt(termsOf, row);
    all.set(payload, end);
    end += payload.length;
    packed.ends[index] = end;
  });
  return { ...packed, termsOf };
}

/** Nearly every fact has those of the one before: looked for from the end. */
function termsAt(known: Terms[], { contract, declaredBy }: ValidatedRow): number {
  const [text, declared] = [contractText(contract), declaredBy === "default" ? null : declaredBy];
  const at = known.findLastIndex((one) => one.contract === text && one.declared === declared);
  return at === -1 ? known.push({ contract: text, declared }) - 1 : at;
}

/** Memory that may be handed over instead of copied. */
export function piecesOf({ places, ids, offsets, times, terms, payloads, ends }: PackedFacts): readonly ArrayBuffer[] {
  return [places, ids, offsets, times, terms, payloads, ends].map(({ buffer }) => buffer as ArrayBuffer);
}

/** The values of each failure, in the order in which they are bound. */
export function boundFailures({ stream, rows }: StagedRows<FailedRow>): readonly (readonly SQLInputValue[])[] {
  return rows.map((row) => bindFailure(row, stream).map(ownBytes));
}

/** The values of each fact and tombstone that takes the place of another. */
export function boundFacts({ stream, rows }: StagedRows<PassedRow>): readonly (readonly SQLInputValue[])[] {
  return rows.map((row) =>
    (row.kind === "erased" ? bindErased(row, stream) : [...bindFact(row, stream), null]).map(ownBytes),
  );
}

/** A view would take all that it is a view of along. */
function ownBytes(value: SQLInputValue): SQLInputValue {
  return value instanceof Uint8Array ? Uint8Array.from(value) : value;
}

export type BoundReceipt = readonly [offset: bigint, of: string];

export function boundReceipts(receipts: readonly Receipt[]): readonly BoundReceipt[] {
  return receipts.map(({ position, of }) => [position.offset, of]);
}
