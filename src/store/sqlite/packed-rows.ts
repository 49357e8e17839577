import type { SQLInputValue } from "node:sqlite";
import { originText } from "../../core/origin.ts";
import { putUuid, UUID_BYTES } from "../../core/uuid.ts";
import type { FailedRow, PassedRow, Places, Receipt, ValidatedRow } from "../store.ts";
import { contractText } from "../contract-text.ts";
import { bindErased, bindFact, bindFailure, payloadOf } from "./rows.ts";
import type { StagedRows } from "./staged.ts";

// Rows in the form in which they are sent to the writer, which may be another thread: in memory that they share with nothing else.

/** Facts in columns; the payloads follow one another in one buffer. */
export type PackedFacts = {
  readonly stream: number;
  /** The place (index) of each fact in its stage. */
  readonly places: Uint32Array;
  /** The machine ids, 16 bytes each. */
  readonly ids: Uint8Array;
  readonly offsets: BigInt64Array;
  readonly times: BigInt64Array;
  /** The index in `termsOf` of each fact's contract and way of declaring it. */
  readonly terms: Uint16Array;
  readonly termsOf: readonly Terms[];
  readonly payloads: Uint8Array;
  /** The end of each payload in `payloads`. */
  readonly ends: Uint32Array;
  /** Where each record arrived before a router moved it; null where no record was moved. */
  readonly origins: readonly (string | null)[] | null;
  /** Erased facts, with their places. They are rare, so their values are bound one by one. */
  readonly erased: readonly { readonly place: number; readonly values: readonly SQLInputValue[] }[];
};

/** A contract version, and how the records declared it. */
type Terms = { readonly contract: string; readonly declared: string | null };

/** Packs staged facts in columns. @param except places to leave out. */
export function packFacts({ stream, rows }: StagedRows<PassedRow>, except: Places): PackedFacts {
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
  const origins = facts.map(({ headers }) => originText(headers));
  const packed = {
    stream,
    origins: origins.every((one) => one === null) ? null : origins,
    places: Uint32Array.from(places),
    ids: new Uint8Array(count * UUID_BYTES),
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
    putUuid(packed.ids, index * UUID_BYTES, row.id);
    packed.offsets[index] = row.position.offset;
    packed.times[index] = BigInt(row.timestampMs);
    packed.terms[index] = termsAt(termsOf, row);
    all.set(payload, end);
    end += payload.length;
    packed.ends[index] = end;
  });
  return { ...packed, termsOf };
}

/** The index of a fact's terms, added if new. The search starts at the end, because nearly every fact has the terms of the one before. */
function termsAt(known: Terms[], { contract, declaredBy }: ValidatedRow): number {
  const [text, declared] = [contractText(contract), declaredBy === "default" ? null : declaredBy];
  const at = known.findLastIndex((one) => one.contract === text && one.declared === declared);
  return at === -1 ? known.push({ contract: text, declared }) - 1 : at;
}

/** The buffers of packed facts, which can be transferred to another thread instead of copied. */
export function piecesOf({ places, ids, offsets, times, terms, payloads, ends }: PackedFacts): readonly ArrayBuffer[] {
  return [places, ids, offsets, times, terms, payloads, ends].map(({ buffer }) => buffer as ArrayBuffer);
}

/** The values of each failure, in the order of its columns. */
export function boundFailures({ stream, rows }: StagedRows<FailedRow>): readonly (readonly SQLInputValue[])[] {
  return rows.map((row) => bindFailure(row, stream).map(ownBytes));
}

/** The values of each fact or erased fact that replaces a stored one, in the order of its columns. */
export function boundFacts({ stream, rows }: StagedRows<PassedRow>): readonly (readonly SQLInputValue[])[] {
  return rows.map((row) =>
    (row.kind === "erased" ? [...bindErased(row, stream), null] : replacingFact(bindFact(row, stream))).map(ownBytes),
  );
}

/** The values of a fact in the order of all columns of its table: it is not erased. */
function replacingFact(values: readonly SQLInputValue[]): readonly SQLInputValue[] {
  return [...values.slice(0, -1), null, values.at(-1) ?? null];
}

/** Copies bytes: sending a view to another thread would copy the whole buffer behind it. */
function ownBytes(value: SQLInputValue): SQLInputValue {
  return value instanceof Uint8Array ? Uint8Array.from(value) : value;
}

/** Receipts in columns: the offset of each, and the 16 bytes of the id that it repeats. */
export type PackedReceipts = { readonly offsets: BigInt64Array; readonly of: Uint8Array };

export function packReceipts(receipts: readonly Receipt[]): PackedReceipts {
  const packed = { offsets: new BigInt64Array(receipts.length), of: new Uint8Array(receipts.length * UUID_BYTES) };
  receipts.forEach(({ position, of }, index) => {
    packed.offsets[index] = position.offset;
    putUuid(packed.of, index * UUID_BYTES, of);
  });
  return packed;
}
