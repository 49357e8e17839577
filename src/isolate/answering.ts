import { parentPort } from "node:worker_threads";
import type { ThreadMessage } from "./thread.ts";

/** The thread's side of {@link openThread}: answers one question after the other. An error in `answer` ends the thread. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- each thread has its own type of question
export function answerQuestions<Question>(answer: (question: Question) => unknown): void {
  const reply = async (question: Question): Promise<void> => send({ kind: "answer", answer: await answer(question) });
  parentPort?.on("message", (question: Question) => void reply(question));
  send({ kind: "ready" });
}

function send(message: ThreadMessage): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port is no window
  parentPort?.postMessage(message);
}
