import { parentPort } from "node:worker_threads";
import { refreshSnapshot, type HttpDirectory } from "../contract/http-directory.ts";
import type { Word } from "../isolate/thread.ts";

// The thread that copies contracts from the web: reading and hashing thousands of files would hold up the decisions.

function tell(word: Word): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a rule for browser windows
  parentPort?.postMessage(word);
}

parentPort?.on("message", (source: HttpDirectory) => {
  void refreshSnapshot(source).then((answer) => tell({ kind: "answer", answer }));
});
tell({ kind: "ready" });
