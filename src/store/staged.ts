import type { PassedRaw } from "./ledger.ts";
import type { FailedRow, NewValidated, StagedFacts, StagedFailures } from "./store.ts";

/** Staged facts of an engine that takes rows one by one. */
type StagedRows = StagedFacts & { readonly rows: () => readonly NewValidated[] };

export function stageRows(passedRaw: PassedRaw): StagedFacts {
  const added: NewValidated[] = [];
  const staged: StagedRows = {
    add: (row) => void added.push(row),
    size: () => added.length,
    at: (place) => {
      const row = added[place];
      if (row === undefined) throw new Error(`Cannot read staged fact ${place} of ${added.length}`);
      return row;
    },
    release: () => undefined,
    rows: () => (passedRaw === "drop" ? added.map((row) => ({ ...row, raw: null })) : added),
  };
  return staged;
}

/** What {@link stageRows} staged, as it is to be stored. */
export function stagedRowsOf(staged: StagedFacts): readonly NewValidated[] {
  if (!("rows" in staged)) throw new Error("Cannot insert facts that another store staged");
  return (staged as StagedRows).rows();
}

/** The same for failures. */
export function stageFailedRows(): StagedFailures {
  const added: FailedRow[] = [];
  return {
    add: (row) => void added.push(row),
    size: () => added.length,
    all: () => added,
    release: () => undefined,
  };
}

/** Failures as rows, whichever way they were given. */
export function failedRowsOf(rows: readonly FailedRow[] | StagedFailures): readonly FailedRow[] {
  return "all" in rows ? rows.all() : rows;
}
