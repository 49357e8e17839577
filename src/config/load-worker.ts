import { parentPort, workerData } from "node:worker_threads";
import { readContractSet, type ContractSettings } from "./load-contracts.ts";

// Entry of a thread that reads a contract set once: parsing and checking thousands of files would hold up the decisions.
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a rule for browser windows
parentPort?.postMessage(readContractSet(workerData as ContractSettings));
