import { parentPort } from "node:worker_threads";
import type { Word } from "./thread.ts";

/** The thread's side of {@link openThread}: answers one question after the other. What it fails with ends the thread. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- what is asked is known to each thread alone
export function answerQuestions<Question>(answer: (question: Question) => unknown): void {
  const reply = async (question: Question): Promise<void> => tell({ kind: "answer", answer: await answer(question) });
  parentPort?.on("message", (question: Question) => void reply(question));
  tell({ kind: "ready" });
}

function tell(word: Word): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port is no window
  parentPort?.postMessage(word);
}
