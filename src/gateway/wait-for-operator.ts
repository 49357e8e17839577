import { Unavailable } from "../core/unavailable.ts";
import { logIdOf, type Stream } from "../source/source.ts";
import { operatorActions } from "../operator/actions.ts";
import type { Store } from "../store/store.ts";
import type { Halt } from "./event.ts";

/** How often a halted stream looks for an operator's word, in milliseconds. */
const LOOK_EVERY_MS = 2_000;

type Deps = {
  readonly store: Pick<Store, "putHalt" | "reads">;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
};

/** Code of the note that an ended stream has instead of its halt. It is no alarm: nobody can or need do anything. */
export const STREAM_ENDED = "STREAM_ENDED";

/**
 * A stream that begins stands still no longer, also when what it was halted for was mended while no gateway ran. A topic that
 * was made anew has new streams, and those of before read nothing any more: what they stood still for becomes a note of their
 * end.
 */
export async function endStreamsBefore(store: Pick<Store, "putHalt" | "reads">, stream: Stream): Promise<void> {
  const { id, topic, partition } = stream;
  for (const note of await store.reads.halts()) {
    if (note.stream === id) await store.putHalt(id, null);
    if (note.stream === id || note.topic !== topic || note.partition !== partition) continue;
    if (note.code === STREAM_ENDED) continue;
    const where = logIdOf(note.stream) === logIdOf(id) ? "its topic was made anew" : "another log took its place";
    const message = `${topic}/${partition} ended as stream ${note.stream}: ${where}. It stood still then: ${note.code}`;
    const remedy = "nothing: what was decided of it stays in the store; what was not is gone with its log";
    await store.putHalt(note.stream, { ...note, code: STREAM_ENDED, message, remedy });
  }
}

/**
 * A stream that goes on stands still no longer, also when what it was halted for was mended while no gateway ran: the log of
 * another one, which never began here, is gone then.
 */
export async function clearHalt(store: Pick<Store, "putHalt" | "reads">, stream: Stream): Promise<void> {
  const { id, topic, partition } = stream;
  for (const note of await store.reads.halts()) {
    const other = note.code === "LOG_REPLACED" && note.topic === topic && note.partition === partition;
    if (note.stream === id || other) await store.putHalt(note.stream, null);
  }
}

/** Why a stream stands still, and which actions of operators cannot be meant for it. */
export type Standstill = {
  readonly halt: Halt;
  /** Seq of the first action that may have been made after the halt was shown to anybody. */
  readonly actedFrom: number;
};

/** The seq of the next action of an operator; what was known before while the store cannot be asked. */
export async function nextAction(reads: Pick<Store["reads"], "operatorLog">, known: number): Promise<number> {
  try {
    let next = known;
    for await (const { seq } of operatorActions(reads, known)) next = seq + 1;
    return next;
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return known;
  }
}

/**
 * Notes in the store why a stream stands still, so that any process can show it, and waits until an operator acted on the
 * stream. The store being away meanwhile changes nothing: the stream stands still anyway.
 */
export async function waitForOperator(
  deps: Deps,
  stream: Stream,
  { halt, actedFrom }: Standstill,
  signal: AbortSignal,
): Promise<void> {
  const { id, topic, partition } = stream;
  const { code, message, remedy } = halt;
  let seen = actedFrom;
  let noted = false;
  while (!signal.aborted) {
    try {
      if (!noted) await deps.store.putHalt(id, { stream: id, topic, partition, code, message, remedy });
      noted = true;
      const { acted, next } = await actionsSince(deps, seen, id);
      seen = next;
      if (acted) {
        await deps.store.putHalt(id, null);
        return;
      }
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
    }
    await deps.sleep(LOOK_EVERY_MS, signal);
  }
}

/** Whether an operator acted on the stream, or on its log, from a seq on, and the seq behind the last action there is. */
async function actionsSince({ store }: Deps, from: number, stream: string): Promise<{ acted: boolean; next: number }> {
  const targets = [stream, logIdOf(stream)];
  let acted = false;
  let next = from;
  for await (const { seq, target } of operatorActions(store.reads, from)) {
    acted ||= targets.includes(target);
    next = seq + 1;
  }
  return { acted, next };
}
