import { parentPort, workerData } from "node:worker_threads";
import type { Candidate } from "../candidate.ts";
import type { Flips } from "../report.ts";
import type { ShadowBatch } from "./batch.ts";
import { createShadowJudge, type Identities } from "./judge.ts";

// The thread of one candidate. It judges what it is given and tells how far it is: after each batch, so that the queue
// can be counted, and the matrix now and then.

/** What a thread begins with. */
export type ShadowStart = {
  readonly candidate: Candidate;
  readonly identities: Identities;
  readonly before: Flips | null;
  readonly reportEveryMs: number;
};

/** What it tells: a batch is judged; the matrix, and of how many records since the thread began. */
export type ShadowWord =
  | { readonly kind: "judged"; readonly bytes: number; readonly records: number }
  | { readonly kind: "flips"; readonly flips: Flips; readonly judged: number };

const { candidate, identities, before, reportEveryMs } = workerData as ShadowStart;
const judge = createShadowJudge(candidate, identities, before);
let judged = 0;
let told = 0;

function tell(word: ShadowWord): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port is no window
  parentPort?.postMessage(word);
}

parentPort?.on("message", (batch: ShadowBatch) => {
  judge.judge(batch);
  judged += batch.records;
  tell({ kind: "judged", bytes: batch.bytes.byteLength, records: batch.records });
});

setInterval(() => {
  if (told === judged) return;
  told = judged;
  tell({ kind: "flips", flips: judge.flips(), judged });
}, reportEveryMs);
