import { randomBytes } from "node:crypto";
import { Unavailable } from "../core/unavailable.ts";
import type { WhatIfReport } from "../rejudge/report.ts";
import { createWhatIfRuns, GaveUp, type JudgePast, type WhatIfRuns } from "../rejudge/what-if/runs.ts";
import { beginThread, threadEntry } from "../thread-entry.ts";
import type { Where } from "./stores.ts";
import type { WhatIfMessage, WhatIfStart } from "./what-if-worker.ts";

/** A thread that reports nothing for so long is ended: one record takes less, unless a pattern runs away. */
const SILENT_MS = 120_000;
/** How long a thread that is to stop may take for the records that it judges. */
const STOP_MS = 5_000;
/** JavaScript heap of the thread. A window of records is at most a few tens of megabytes. */
const HEAP_MIB = 512;

export type WhatIfThreadLimits = { readonly silentMs: number; readonly stopMs: number; readonly heapMib: number };

/** The what-ifs of a gateway, each in a thread of its own that reads the store by itself. */
export function openWhatIfs(where: Where, now: () => number): WhatIfRuns {
  const judge = judgeInThread(where, { silentMs: SILENT_MS, stopMs: STOP_MS, heapMib: HEAP_MIB });
  return createWhatIfRuns({ judge, newId: () => randomBytes(6).toString("hex"), now });
}

/** Judges in a thread, which is ended when it is silent for too long, needs too much memory, or does not stop when it is told to. */
export function judgeInThread({ dataDir, mongodbUri }: Where, limits: WhatIfThreadLimits): JudgePast {
  return async ({ question, recordsMax }, signal, onProgress) => {
    const start: WhatIfStart = { where: { dataDir, mongodbUri }, question, recordsMax };
    const worker = beginThread(threadEntry(import.meta.url, "./what-if-worker"), {
      workerData: start,
      name: "what-if",
      resourceLimits: { maxOldGenerationSizeMb: limits.heapMib },
    });
    worker.unref();
    const { promise, resolve, reject } = Promise.withResolvers<WhatIfReport>();
    const give = (afterMs: number): NodeJS.Timeout => setTimeout(() => reject(stuck()), afterMs).unref();
    let clock = give(limits.silentMs);
    const stop = (): void => {
      clearTimeout(clock);
      clock = give(limits.stopMs);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
      worker.postMessage("stop");
    };
    worker.on("message", (message: WhatIfMessage) => {
      switch (message.kind) {
        case "progress":
          onProgress(message.records, message.newlyFailing);
          if (!signal.aborted) clock.refresh();
          return;
        case "report":
          return resolve(message.report);
        case "unavailable":
          return reject(new Unavailable(message.code, message.message, message.remedy));
      }
    });
    worker.on("error", (error: Error & { readonly code?: unknown }) =>
      reject(error.code === "ERR_WORKER_OUT_OF_MEMORY" ? tooMuchMemory() : error),
    );
    worker.on("exit", () => reject(new Error("The thread ended without a report")));
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    try {
      return await promise;
    } finally {
      clearTimeout(clock);
      signal.removeEventListener("abort", stop);
      await worker.terminate();
    }
  };
}

function stuck(): GaveUp {
  return new GaveUp(
    "what-if-stuck",
    "Judging the records did not go on, and was ended",
    "look at the patterns of the version: sigma contract lint names those that can run away",
  );
}

function tooMuchMemory(): GaveUp {
  return new GaveUp(
    "what-if-memory",
    "Judging the records took too much memory, and was ended",
    "ask for fewer records",
  );
}
