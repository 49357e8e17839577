import { Unavailable } from "../core/unavailable.ts";
import { logIdOf, type Stream } from "../source/source.ts";
import { operatorActions } from "../operator/actions.ts";
import type { Store } from "../store/store.ts";
import type { Halt } from "./event.ts";

/** How often a halted stream polls the operator log, in milliseconds. */
const LOOK_EVERY_MS = 2_000;

type Deps = {
  readonly store: Pick<Store, "putHalt" | "reads">;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
};

/** Code of the note that replaces the halt of an ended stream. It is no alarm: nothing can or need be done. */
export const STREAM_ENDED = "STREAM_ENDED";

/**
 * Clears the halt of a stream that begins; its cause may have been repaired while no gateway ran. Earlier streams of the same
 * topic and partition, whose topic was recreated or whose log was replaced, are never read again: a note of their end
 * replaces their halt.
 */
export async function endStreamsBefore(store: Pick<Store, "putHalt" | "reads">, stream: Stream): Promise<void> {
  const { id, topic, partition } = stream;
  for (const note of await store.reads.halts()) {
    if (note.stream === id) await store.putHalt(id, null);
    if (note.stream === id || note.topic !== topic || note.partition !== partition) continue;
    if (note.code === STREAM_ENDED) continue;
    const where = logIdOf(note.stream) === logIdOf(id) ? "its topic was made anew" : "another log took its place";
    const message = `${topic}/${partition} ended as stream ${note.stream}: ${where}. It was halted then: ${note.code}`;
    const remedy = "nothing: what was decided of it stays in the store; what was not is gone with its log";
    await store.putHalt(note.stream, { ...note, code: STREAM_ENDED, message, remedy });
  }
}

/**
 * Clears the halt of a stream that continues; its cause may have been repaired while no gateway ran. The LOG_REPLACED halts of
 * other streams of the same topic and partition are cleared too: they are of a wrong log, which is gone now.
 */
export async function clearHalt(store: Pick<Store, "putHalt" | "reads">, stream: Stream): Promise<void> {
  const { id, topic, partition } = stream;
  for (const note of await store.reads.halts()) {
    const other = note.code === "LOG_REPLACED" && note.topic === topic && note.partition === partition;
    if (note.stream === id || other) await store.putHalt(note.stream, null);
  }
}

/** The halt of a stream, and the point in the operator log from which an action can be an answer to it. */
export type Standstill = {
  readonly halt: Halt;
  /** Seq of the first operator action that may have been taken after the halt was shown. */
  readonly actedFrom: number;
};

/** The seq that the next operator action will get; `known`, a lower bound, while the store is unavailable. */
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
 * Writes the halt of a stream to the store, so that any process can show it, and waits until an operator acts on the stream
 * or its log. An unavailable store is tried again at the next poll: the stream is halted anyway.
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

/** Whether an operator acted on the stream or its log since action `from`; `next` is the seq after the last action. */
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
