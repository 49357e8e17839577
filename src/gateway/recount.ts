import type { LedgerEntry } from "../ledger/entry.ts";
import { followFloors, goneOf } from "../operator/floors.ts";
import type { Store } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";

/**
 * Counts the failures of a stream again, up to its last entry: those that are stored, and those that retention took. When retention
 * takes more of them meanwhile, they are counted once more.
 */
export async function recountFailures(
  store: Pick<Store, "recountFailures"> & { readonly reads: Pick<Store["reads"], "operatorLog"> },
  note: StreamNote,
  { to, seq }: Pick<LedgerEntry, "to" | "seq">,
): Promise<void> {
  const floors = followFloors(store.reads);
  const count = async (): Promise<number> =>
    (await floors()).all().filter(({ stream }) => stream === note.stream).length;
  for (let before = await count(); ;) {
    await store.recountFailures(note, to, seq, goneOf(await floors(), note.stream));
    const now = await count();
    if (now === before) return;
    before = now;
  }
}
