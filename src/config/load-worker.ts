import { parentPort } from "node:worker_threads";
import type { Word } from "../isolate/thread.ts";
import { readContractSet, type ContractSettings } from "./load-contracts.ts";

// The thread that reads a contract set: parsing and checking thousands of files would hold up the decisions.

function tell(word: Word): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a rule for browser windows
  parentPort?.postMessage(word);
}

parentPort?.on("message", (settings: ContractSettings) => tell({ kind: "answer", answer: readContractSet(settings) }));
tell({ kind: "ready" });
