import { parentPort, workerData } from "node:worker_threads";
import { Unavailable } from "../core/unavailable.ts";
import type { UnavailableCode } from "../core/unavailable.ts";
import type { WhatIfReport } from "../rejudge/report.ts";
import type { Question } from "../rejudge/what-if/question.ts";
import { whatIf } from "../rejudge/what-if/what-if.ts";
import { openHistory, type Where } from "./stores.ts";

// This thread judges past records by a version that may be a draft. The patterns of a draft need not be checked yet, and one of them
// could run for hours: so it is a thread, which can be ended.

/** The data that the thread starts with. */
export type WhatIfStart = { readonly where: Where; readonly question: Question; readonly recordsMax: number };

export type WhatIfMessage =
  | { readonly kind: "progress"; readonly records: number; readonly newlyFailing: number }
  | { readonly kind: "report"; readonly report: WhatIfReport }
  | { readonly kind: "unavailable"; readonly code: UnavailableCode; readonly message: string; readonly remedy: string };

const { where, question, recordsMax } = workerData as WhatIfStart;
const stopping = new AbortController();
// The only message is to stop.
parentPort?.once("message", () => stopping.abort());

try {
  const store = await openHistory(where);
  try {
    const onProgress = (records: number, newlyFailing: number): void =>
      post({ kind: "progress", records, newlyFailing });
    const report = await whatIf(store.reads, question, { signal: stopping.signal, recordsMax, onProgress });
    post({ kind: "report", report });
  } finally {
    await store.close();
  }
} catch (error) {
  if (!(error instanceof Unavailable)) throw error;
  const { code, message, remedy } = error;
  post({ kind: "unavailable", code, message, remedy });
}
parentPort?.close();

function post(message: WhatIfMessage): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port is no window
  parentPort?.postMessage(message);
}
