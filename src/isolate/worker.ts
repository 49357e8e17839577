import { workerData } from "node:worker_threads";
import { answerQuestions } from "./answering.ts";
import type { Kind } from "./question.ts";

// The thread that answers questions about schemas that somebody sent, one at a time. Whoever asks counts what it takes, and
// ends it: nothing here has to come back by itself. A bug ends it too, and is told to whoever asks.

// What compares is large, and the other question is asked by every serializer.
switch (workerData as Kind) {
  case "name": {
    const { nameSchema } = await import("./name.ts");
    answerQuestions(nameSchema);
    break;
  }
  case "compare": {
    const { compareSchema } = await import("./compare.ts");
    answerQuestions(compareSchema);
  }
}
