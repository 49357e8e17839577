import type { HaltNote } from "../ledger/operator-log.ts";
import type { Source, Stream } from "../source/source.ts";
import type { Store } from "../store/store.ts";

/** How far a stream is settled, and why it stands still. */
export type StreamState =
  /** A stream of the sources. */
  | {
      readonly kind: "current";
      readonly stream: Stream;
      /** Every offset below is decided and stored; null before the first batch. */
      readonly settledTo: bigint | null;
      readonly logEnd: bigint;
      /** Null while the stream does not stand still. */
      readonly halt: HaltNote | null;
    }
  /** A stream whose topic was made anew or is no source any more, and of which a halt is noted. */
  | {
      readonly kind: "former";
      readonly note: HaltNote;
      readonly settledTo: bigint | null;
      /** Another stream succeeded it, so that nothing can or need be done. */
      readonly ended: boolean;
    };

/** Every stream of the sources in the log's order, then the former streams of which a halt is noted. */
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
