import type { FailedRow, Holder, PassedRow, Staged, StagedFacts, StagedFailures } from "../store.ts";
import type { StreamNote } from "../stream-note.ts";
import { payloadOf } from "./rows.ts";

/** Staged rows. SQLite binds rows one by one, so they are not encoded before. */
export type StagedRows<Row> = { readonly stream: number; readonly rows: readonly Row[] };

type Own<Row> = Staged<Row> & StagedRows<Row>;

export function stageFacts({ number }: StreamNote): StagedFacts {
  const rows: PassedRow[] = [];
  const at = (place: number): Holder => {
    const row = rows[place];
    if (row === undefined) throw new Error(`Cannot read staged fact ${place} of ${rows.length}`);
    const { id, position, timestampMs } = row;
    if (row.kind === "erased") return erasedHolder({ id, position, timestampMs }, row.content);
    const payloadBytes = payloadOf(row);
    return { id, position, timestampMs, payloadBytes, payloadText: () => Buffer.from(payloadBytes).toString("utf8") };
  };
  const hasBytesOf = (place: number, row: PassedRow): boolean =>
    row.kind !== "erased" && Buffer.compare(at(place).payloadBytes, payloadOf(row)) === 0;
  return { ...staged(number, rows), at, claimAt: at, hasBytesOf };
}

/** The holder of an id whose fact was erased. */
export function erasedHolder(of: Pick<Holder, "id" | "position" | "timestampMs">, erased: string): Holder {
  const payloadText = (): never => {
    throw new Error("Cannot read a payload that was erased");
  };
  return { ...of, payloadBytes: new Uint8Array(0), erased, payloadText };
}

export function stageFailed({ number }: StreamNote): StagedFailures {
  return staged<FailedRow>(number, []);
}

function staged<Row>(stream: number, rows: Row[]): Own<Row> {
  return { stream, rows, add: (row) => void rows.push(row), size: () => rows.length, release: () => undefined };
}

/** The rows of a stage that {@link stageFacts} or {@link stageFailed} made. */
export function stagedRowsOf<Row>(given: Staged<Row>): StagedRows<Row> {
  if (!("rows" in given)) throw new Error("Cannot insert rows that another store staged");
  return given as Own<Row>;
}
