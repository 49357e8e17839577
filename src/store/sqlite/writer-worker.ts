import { parentPort, workerData } from "node:worker_threads";
import { Unavailable, type UnavailableCode } from "../../core/unavailable.ts";
import { markWalChecked } from "../../sqlite/wal.ts";
import { openWork, type Ask, type SqliteStoreOptions, type Work } from "./writer.ts";

// The writer's thread: it has one connection and runs one operation after the other.

/** A request to the thread. */
export type Question = { readonly id: number; readonly name: Ask | "close"; readonly given: readonly unknown[] };

/** An answer of the thread. The first one, with id 0, says that the file is open. An error other than `Unavailable` ends the thread. */
export type Answer = { readonly id: number } & (
  | { readonly kind: "done"; readonly value: unknown }
  | { readonly kind: "unavailable"; readonly code: UnavailableCode; readonly message: string; readonly remedy: string }
);

function answer(id: number, run: () => unknown): void {
  let reply: Answer;
  try {
    reply = { id, kind: "done", value: run() };
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    const { code, message, remedy } = error;
    reply = { id, kind: "unavailable", code, message, remedy };
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port is no window
  parentPort?.postMessage(reply);
}

answer(0, () => {
  const options = workerData as SqliteStoreOptions;
  markWalChecked(options.path);
  const { run, close } = openWork(options);
  parentPort?.on("message", ({ id, name, given }: Question) => {
    if (name !== "close") return answer(id, () => run(name, given as Parameters<Work[typeof name]>));
    answer(id, close);
    parentPort?.close();
  });
});
