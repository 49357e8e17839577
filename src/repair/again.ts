import type { Position } from "../core/record.ts";
import { recordAction } from "../gateway/operate.ts";
import type { Difference, DocumentKey, FailedRow, PassedRow, Receipt, Staged } from "../store/store.ts";
import type { Changed, Opened, RepairRun } from "./run.ts";

/** Stages rows and writes them; writes nothing when there are no rows. */
export async function staging<Row, Into extends Staged<Row>>(
  staged: Into,
  rows: readonly Row[],
  write: (staged: Into) => Promise<unknown>,
): Promise<void> {
  rows.forEach(staged.add);
  if (rows.length > 0) await write(staged);
  staged.release();
}

type Kind = Changed["kind"];

/** Documents to write: `missing` ones to insert, and `changed` ones to replace at an operator's request. */
type Again<T> = { readonly missing: readonly T[]; readonly changed: readonly T[] };

/**
 * Chooses the documents to write from the differences, and counts them. At an operator's request a document of another record that
 * holds an id is deleted; the document that belongs there is then missing.
 */
export async function writeAgain<T extends PassedRow | FailedRow | Receipt>(
  run: RepairRun,
  { note, entry, collection }: Opened,
  kind: Kind,
  rows: readonly T[],
  differences: ReadonlyMap<number, Difference>,
): Promise<Again<T>> {
  const missing: T[] = [];
  const held: T[] = [];
  const changed: T[] = [];
  for (const [place, one] of differences) {
    const row = rows[place];
    if (row === undefined) continue;
    if (one.kind === "missing") missing.push(row);
    else {
      const { offset } = row.position;
      const message = one.kind === "differs" ? one.message : `its id is held by ${placeOf(one.holder.position)}`;
      run.changed({ kind, stream: entry.stream, seq: entry.seq, offset, message });
      (one.kind === "held" ? held : changed).push(row);
    }
  }
  run.restored[kind === "receipt" ? "receipts" : kind] += missing.length;
  const { replace, dryRun } = run.options;
  if (dryRun) return { missing: [], changed: [] };
  const others = [...held, ...changed];
  if (replace === null || others.length === 0) return { missing, changed: [] };
  const detail = `${kind} entry ${entry.seq} offsets ${others.map(({ position }) => position.offset).join(" ")}`;
  await recordAction(run.store, { ...replace, action: "replace", target: entry.stream, detail });
  if (held.length > 0) await run.store.removeDocuments(collection, note, kind, held.map(keyOf));
  run.replaced(others.length);
  return { missing: [...missing, ...held], changed };
}

/** The key of a row's document. */
export function keyOf(row: PassedRow | FailedRow | Receipt): DocumentKey {
  return { id: "id" in row ? row.id : "", offset: row.position.offset };
}

function placeOf({ topic, partition, offset }: Position): string {
  return `${topic}/${partition}@${offset}`;
}
