import { parentPort } from "node:worker_threads";

/** What a thread that answers is told: a question, or to end behind those before it. */
export type Message = { readonly id: number; readonly question: unknown } | "end";

export type Answer = { readonly id: number; readonly value: unknown };

/**
 * Answers the questions that this thread is asked, one after the other. A question that cannot be answered ends the thread.
 * @param close lets go of what keeps the thread: it ends by itself then, with no connection open.
 */
export function answerQuestions(answer: (question: unknown) => Promise<unknown>, close: () => Promise<void>): void {
  let working: Promise<void> = Promise.resolve();
  const take = async (message: Message): Promise<void> => {
    if (message === "end") {
      await close();
      parentPort?.close();
      return;
    }
    const said: Answer = { id: message.id, value: await answer(message.question) };
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port is no window
    parentPort?.postMessage(said);
  };
  parentPort?.on("message", (message: Message) => {
    working = working.then(async () => take(message));
  });
}
