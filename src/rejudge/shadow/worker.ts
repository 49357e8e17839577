import { parentPort, workerData } from "node:worker_threads";
import type { Candidate } from "../candidate.ts";
import type { Flips } from "../report.ts";
import type { ShadowBatch } from "./batch.ts";
import { createShadowJudge, type Identities } from "./judge.ts";

// The thread of one candidate. It judges the batches it receives and reports each one, so that the queue can be
// counted; it sends the matrix at intervals.

/** The data a thread starts with. */
export type ShadowStart = {
  readonly candidate: Candidate;
  readonly identities: Identities;
  readonly before: Flips | null;
  readonly reportEveryMs: number;
};

/**
 * Messages of the thread: a batch was judged; the matrix, with the number of records judged since the thread started.
 */
export type ShadowMessage =
  | { readonly kind: "judged"; readonly bytes: number; readonly records: number }
  | { readonly kind: "flips"; readonly flips: Flips; readonly judged: number };

const { candidate, identities, before, reportEveryMs } = workerData as ShadowStart;
const judge = createShadowJudge(candidate, identities, before);
let judged = 0;
let reported = 0;

function post(message: ShadowMessage): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port is no window
  parentPort?.postMessage(message);
}

parentPort?.on("message", (batch: ShadowBatch) => {
  judge.judge(batch);
  judged += batch.records;
  post({ kind: "judged", bytes: batch.bytes.byteLength, records: batch.records });
});

setInterval(() => {
  if (reported === judged) return;
  reported = judged;
  post({ kind: "flips", flips: judge.flips(), judged });
}, reportEveryMs);
