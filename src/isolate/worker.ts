import { workerData } from "node:worker_threads";
import { answerQuestions } from "./answering.ts";
import type { Kind } from "./question.ts";

// This thread answers questions about schemas, which clients sent or contracts hold, one at a time. The calling thread limits CPU time and memory
// and terminates this thread, so that an answer may take any time. A bug terminates it too, and the caller gets the error.

// The comparison is a large import, and every serializer asks the other question; so each kind imports only its own code.
switch (workerData as Kind) {
  case "name": {
    const { nameSchema } = await import("./name.ts");
    answerQuestions(nameSchema);
    break;
  }
  case "compare": {
    const { compareSchema } = await import("./compare.ts");
    answerQuestions(compareSchema);
    break;
  }
  case "diff": {
    const { diffContents } = await import("./diff.ts");
    answerQuestions(diffContents);
  }
}
