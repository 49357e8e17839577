import type { PassedRaw } from "./ledger.ts";
import type { Occurrence, Staged } from "./store.ts";

/** Staged rows of an engine that takes rows one by one. */
type StagedRows<Row, Read> = Staged<Row, Read> & { readonly rows: () => readonly Row[] };

export function stageRows<Row extends Read, Read extends Occurrence>(passedRaw: PassedRaw): Staged<Row, Read> {
  const added: Row[] = [];
  const staged: StagedRows<Row, Read> = {
    add: (row) => void added.push(row),
    size: () => added.length,
    at: (place) => {
      const row = added[place];
      if (row === undefined) throw new Error(`Cannot read staged row ${place} of ${added.length}`);
      return row;
    },
    release: () => undefined,
    rows: () => (passedRaw === "drop" ? added.map((row) => ({ ...row, raw: null })) : added),
  };
  return staged;
}

/** What {@link stageRows} staged, as it is to be stored. */
export function stagedRowsOf<Row, Read>(staged: Staged<Row, Read>): readonly Row[] {
  if (!("rows" in staged)) throw new Error("Cannot insert rows that another store staged");
  return (staged as StagedRows<Row, Read>).rows();
}
