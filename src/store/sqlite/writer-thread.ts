import { once } from "node:events";
import { Unavailable } from "../../core/unavailable.ts";
import { beginThread, threadEntry } from "../../thread-entry.ts";
import { refuseWrongWal } from "../../sqlite/wal.ts";
import { STORE_FILE } from "./layout.ts";
import type { Ask, SqliteStoreOptions, Work, Writer } from "./writer.ts";
import type { Answer, Question } from "./writer-worker.ts";

type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: unknown) => void };

/**
 * Opens the writing connection in a thread of its own. While that thread writes and waits for the disk, this one decides the next batch.
 * @throws `Unavailable` with a code that begins with `STORE_`.
 */
export async function openWriterInThread(options: SqliteStoreOptions): Promise<Writer> {
  // The -wal is checked here and not in the writer's thread: this thread opens the file too, and the check must come before any
  // open of this process (sqlite/wal.ts).
  refuseWrongWal(STORE_FILE, options.path);
  const worker = beginThread(threadEntry(import.meta.url, "./writer-worker"), { workerData: options, name: "store" });
  const waiting = new Map<number, Waiting>();
  let asked = 0;
  /** The bug that ended the thread. Every waiting and every later request rejects with it. */
  let failure: Error | null = null;
  const wait = async (id: number): Promise<unknown> =>
    new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  const end = (error: Error): void => {
    failure ??= error;
    for (const { reject } of waiting.values()) reject(failure);
    waiting.clear();
  };
  worker.on("message", (answer: Answer) => {
    const { resolve, reject } = waiting.get(answer.id) ?? {};
    waiting.delete(answer.id);
    if (answer.kind === "done") resolve?.(answer.value);
    else reject?.(new Unavailable(answer.code, answer.message, answer.remedy));
  });
  worker.on("error", end);
  worker.on("exit", () => end(new Error("Cannot write: the thread of the store has ended")));
  const ask = async (name: Question["name"], given: readonly unknown[], pieces: ArrayBuffer[]): Promise<unknown> => {
    if (failure !== null) throw failure;
    asked += 1;
    const question: Question = { id: asked, name, given };
    const answered = wait(asked);
    worker.postMessage(question, pieces);
    return answered;
  };
  try {
    await wait(0);
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  return {
    ask: async <Name extends Ask>(
      name: Name,
      given: Parameters<Work[Name]>,
      handedOver: readonly ArrayBuffer[] = [],
    ): Promise<ReturnType<Work[Name]>> => (await ask(name, given, [...handedOver])) as ReturnType<Work[Name]>,
    close: async () => {
      if (failure !== null) return;
      const exited = once(worker, "exit");
      await ask("close", [], []);
      await exited;
    },
  };
}
