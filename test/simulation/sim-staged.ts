import type { FailedRow, Holder, PassedRow, Staged, StagedFacts, StagedFailures } from "../../src/store/store.ts";

type Rows<Row> = { readonly rows: readonly Row[] };

function stageRows<Row>(): Staged<Row> & Rows<Row> {
  const rows: Row[] = [];
  return { rows, add: (row) => void rows.push(row), size: () => rows.length, release: () => undefined };
}

export function stageFacts(): StagedFacts {
  const staged = stageRows<PassedRow>();
  const at = (place: number): Holder => holderOf(staged.rows[place] as PassedRow);
  const hasBytesOf = (place: number, row: PassedRow): boolean => {
    const [there, one] = [at(place), holderOf(row)];
    return there.payloadBytes.length > 0 && Buffer.compare(there.payloadBytes, one.payloadBytes) === 0;
  };
  return { ...staged, at, claimAt: at, hasBytesOf };
}

export function stageFailed(): StagedFailures {
  return stageRows<FailedRow>();
}

export function rowsOf<Row>(staged: Staged<Row>): readonly Row[] {
  return (staged as unknown as Rows<Row>).rows;
}

export function holderOf(row: PassedRow): Holder {
  const { id, position, timestampMs, raw } = row;
  const payloadBytes = Buffer.from(raw ?? []);
  if (row.kind === "erased")
    return { id, position, timestampMs, payloadBytes, erased: row.content, payloadText: () => "" };
  return { id, position, timestampMs, payloadBytes, payloadText: () => payloadBytes.toString("utf8") };
}
