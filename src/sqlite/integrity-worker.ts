import { parentPort, workerData } from "node:worker_threads";
import { checkWholeFile, type FileToCheck } from "./check-file.ts";

// Entry of a thread that checks one file.
const found = await checkWholeFile(workerData as FileToCheck);
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a rule for browser windows
parentPort?.postMessage(found);
