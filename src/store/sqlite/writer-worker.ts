import { parentPort, workerData } from "node:worker_threads";
import { Unavailable, type UnavailableCode } from "../../core/unavailable.ts";
import { passWal } from "../../sqlite/wal.ts";
import { openWork, type Ask, type SqliteStoreOptions, type Work } from "./writer.ts";

// The thread that writes: one connection, one thing after the other.

/** What it is asked. */
export type Question = { readonly id: number; readonly name: Ask | "close"; readonly given: readonly unknown[] };

/** What it answers; the first answer, with id 0, is to being opened. Whatever is no trouble of the file ends the thread. */
export type Answer = { readonly id: number } & (
  | { readonly kind: "done"; readonly value: unknown }
  | { readonly kind: "unavailable"; readonly code: UnavailableCode; readonly message: string; readonly remedy: string }
);

function answer(id: number, run: () => unknown): void {
  let said: Answer;
  try {
    said = { id, kind: "done", value: run() };
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    const { code, message, remedy } = error;
    said = { id, kind: "unavailable", code, message, remedy };
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port is no window
  parentPort?.postMessage(said);
}

answer(0, () => {
  const options = workerData as SqliteStoreOptions;
  passWal(options.path);
  const { run, close } = openWork(options);
  parentPort?.on("message", ({ id, name, given }: Question) => {
    if (name !== "close") return answer(id, () => run(name, given as Parameters<Work[typeof name]>));
    answer(id, close);
    parentPort?.close();
  });
});
