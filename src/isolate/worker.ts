import { parentPort, workerData } from "node:worker_threads";
import type { Kind, Questions } from "./question.ts";
import type { Word } from "./thread.ts";

// The thread that answers questions about schemas that somebody sent, one at a time. Whoever asks counts what it takes, and
// ends it: nothing here has to come back by itself. A bug ends it too, and is told to whoever asks.

function tell(word: Word): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port is no window
  parentPort?.postMessage(word);
}

// What compares is large, and the other question is asked by every serializer.
switch (workerData as Kind) {
  case "name": {
    const { nameSchema } = await import("./name.ts");
    parentPort?.on("message", (question: Questions["name"]) => tell({ kind: "answer", answer: nameSchema(question) }));
    break;
  }
  case "compare": {
    const { compareSchema } = await import("./compare.ts");
    parentPort?.on("message", (question: Questions["compare"]) => {
      tell({ kind: "answer", answer: compareSchema(question) });
    });
  }
}
tell({ kind: "ready" });
