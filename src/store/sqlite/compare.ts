import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import { failureCode } from "../../core/failure.ts";
import { uuidBytes } from "../../core/uuid.ts";
import type { Difference, FailedRow, Holder, PassedRow, Receipt } from "../store.ts";
import { PLACE, type FactPlaces } from "./fact-places.ts";
import { ERASED, FACT, FAILURE, ORIGIN } from "./layout.ts";
import { factsInOrder } from "./facts-in-order.ts";
import { failuresInOrder } from "./failures-in-order.ts";
import type { OrderedReading } from "./ordered-reading.ts";
import { bindErased, bindFact, bindFailure, type Row } from "./rows.ts";
import type { StagedRows } from "./staged.ts";

/** Reads one row, with 64-bit integers as `bigint`; undefined when there is none. */
type Get = (sql: string, ...values: SQLInputValue[]) => Row | undefined;

type Comparing = OrderedReading & { readonly get: Get };

/** The same, and where the facts of the collection are. */
type ComparingFacts = Comparing & { readonly places: FactPlaces };

/** The payload is compared as bytes: two different texts that are invalid UTF-8 could decode to equal strings. */
const WITH_BYTES = "*, CAST(payload AS BLOB) AS payload_bytes";

/**
 * Compares stored facts with staged ones. @returns the differences, by place.
 * @param holderOf reads the holder from a row; null when the row's stream is unknown.
 */
export function compareFacts(
  reading: ComparingFacts,
  collection: string,
  staged: StagedRows<PassedRow>,
  holderOf: (row: Row) => Holder | null,
): ReadonlyMap<number, Difference> {
  const { stream, rows } = staged;
  const seen = factsInOrder(reading, collection, staged);
  const sql = `SELECT ${WITH_BYTES} FROM validated_${collection} WHERE ${PLACE} = ? AND _id = ?`;
  return differences(rows, (row, at) => {
    if (seen[at] === 1) return null;
    const id = uuidBytes(row.id);
    const place = reading.places.placeOf(id);
    const stored = place === null ? undefined : reading.get(sql, place, id);
    if (stored === undefined) return { kind: "missing" };
    if (stored["stream"] !== BigInt(stream) || stored["offset"] !== row.position.offset) {
      const holder = holderOf(stored);
      return holder === null ? { kind: "differs", message: "its stream is none there is" } : { kind: "held", holder };
    }
    if (row.kind === "erased") return difference([...FACT, ERASED, ORIGIN], [...bindErased(row, stream), null], stored);
    if ((stored[ERASED] ?? null) !== null) return { kind: "differs", message: "its payload is erased" };
    return difference([...FACT, ORIGIN], bindFact(row, stream), stored);
  });
}

export function compareFailed(
  reading: Comparing,
  collection: string,
  staged: StagedRows<FailedRow>,
): ReadonlyMap<number, Difference> {
  const { stream, rows } = staged;
  const seen = failuresInOrder(reading, collection, staged);
  const sql = `SELECT ${WITH_BYTES} FROM failed_${collection} WHERE stream = ? AND offset = ?`;
  return differences(rows, (row, place) => {
    if (seen[place] === 1) return null;
    const stored = reading.get(sql, stream, row.position.offset);
    if (stored === undefined) return { kind: "missing" };
    // The code is compared first, because a different code makes other columns differ too.
    if (stored["code"] !== failureCode(row.reason)) return { kind: "differs", message: "its code is another" };
    return difference(FAILURE, bindFailure(row, stream), stored);
  });
}

export function compareReceipts(
  get: Get,
  stream: number,
  receipts: readonly Receipt[],
): ReadonlyMap<number, Difference> {
  const sql = "SELECT * FROM sigma_receipts WHERE stream = ? AND offset = ?";
  return differences(receipts, ({ position: { offset }, of }) => {
    const stored = get(sql, stream, offset);
    if (stored === undefined) return { kind: "missing" };
    return difference(["stream", "offset", "of"], [stream, offset, uuidBytes(of)], stored);
  });
}

function differences<T>(
  rows: readonly T[],
  compare: (row: T, place: number) => Difference | null,
): ReadonlyMap<number, Difference> {
  const found = new Map<number, Difference>();
  rows.forEach((row, place) => {
    const one = compare(row, place);
    if (one !== null) found.set(place, one);
  });
  return found;
}

/** Finds the first column that differs from what this program would write, an unknown column included; null when none does. */
function difference(columns: readonly string[], expected: readonly SQLInputValue[], stored: Row): Difference | null {
  for (const [index, column] of columns.entries()) {
    const value = column === "payload" ? (stored["payload_bytes"] ?? null) : (stored[column] ?? null);
    if (!isSame(expected[index] ?? null, value)) return { kind: "differs", message: `its ${column} is another` };
  }
  const other = Object.keys(stored).find(
    (name) => name !== "payload_bytes" && name !== ERASED && name !== PLACE && !columns.includes(name),
  );
  return other === undefined ? null : { kind: "differs", message: `it has a column more, ${other}` };
}

function isSame(expected: SQLInputValue, stored: SQLOutputValue): boolean {
  if (expected instanceof Uint8Array) return stored instanceof Uint8Array && Buffer.compare(expected, stored) === 0;
  if (typeof expected === "number") return stored === BigInt(expected);
  return expected === stored;
}
