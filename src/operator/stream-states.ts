import type { HaltNote } from "../ledger/operator-log.ts";
import type { Source, Stream } from "../source/source.ts";
import type { Store } from "../store/store.ts";

/** The state of a stream in the store: how far it is settled, and its halt. */
export type StreamState =
  /** A stream of a configured source. */
  | {
      readonly kind: "current";
      readonly stream: Stream;
      /** Every offset below it is decided and stored; null while the stream has no ledger entry. */
      readonly settledTo: bigint | null;
      readonly logEnd: bigint;
      /** Null while the stream is not halted. */
      readonly halt: HaltNote | null;
    }
  /** A stream whose topic was recreated or is no longer a source, and that has a halt in the store. */
  | {
      readonly kind: "former";
      readonly note: HaltNote;
      readonly settledTo: bigint | null;
      /** True when another stream has taken its place, so nothing can or need be done. */
      readonly ended: boolean;
    };

/** Lists every stream of the sources in the log's order, then the former streams that have a halt in the store. */
export async function streamStates(
  log: Pick<Source, "streams" | "bounds">,
  { reads, tail }: Pick<Store, "reads" | "tail">,
): Promise<readonly StreamState[]> {
  const notes = await reads.halts();
  const current = await log.streams();
  const settledTo = async (stream: string): Promise<bigint | null> => (await tail(stream))?.to ?? null;
  const states: StreamState[] = [];
  for (const stream of current) {
    const halt = notes.find((note) => note.stream === stream.id) ?? null;
    const { end: logEnd } = await log.bounds(stream);
    states.push({ kind: "current", stream, settledTo: await settledTo(stream.id), logEnd, halt });
  }
  for (const note of notes) {
    if (current.some(({ id }) => id === note.stream)) continue;
    const ended = note.code === "STREAM_ENDED";
    states.push({ kind: "former", note, settledTo: await settledTo(note.stream), ended });
  }
  return states;
}
