import { exactInteger, type ExactInteger } from "../json/exact-integer.ts";
import type { SettledRow, StoreReads } from "../store/store.ts";
import { takenOf, type Places, type TakenOf } from "./taken.ts";

/** Where the fact lies that a duplicate repeats, or that a conflict contradicts, as the HTTP interface and `--json` show it. */
export type RepeatedFact = TakenOf & {
  readonly stream: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: ExactInteger;
};

type Deps = { readonly reads: Pick<StoreReads, "streamNotes">; readonly places: Places };

/** The fact that a record repeats or contradicts, and what retention took of it; null of a record that does neither. */
export async function repeatedBy({ reads, places }: Deps, row: SettledRow | undefined): Promise<RepeatedFact | null> {
  const at = row === undefined ? null : storedAtOf(row);
  if (at === null) return null;
  const behind = at.lastIndexOf("@");
  const [stream, offset] = [at.slice(0, behind), at.slice(behind + 1)];
  const note = (await reads.streamNotes()).find((one) => one.stream === stream);
  // An erased record does not say what it contradicted.
  if (note === undefined || !OFFSET.test(offset)) return null;
  const { topic, partition } = note;
  const place = await places(note, BigInt(offset));
  return { stream, topic, partition, offset: exactInteger(BigInt(offset)), ...takenOf(place?.taken) };
}

const OFFSET = /^\d{1,19}$/;

/** The position id of the fact. */
function storedAtOf(row: SettledRow): string | null {
  if (row.kind === "receipt") return row.storedAt;
  return row.kind === "failed" && row.reason.kind === "conflict" ? row.reason.storedAt : null;
}
