import type { Question } from "../rejudge/what-if/question.ts";
import type { WindowJudges } from "../rejudge/what-if/what-if.ts";
import { threadEntry } from "../thread-entry.ts";
import type { Where } from "./stores.ts";
import { openThreadPool } from "./thread-pool.ts";
import type { WhatIfJudgeStart } from "./what-if-judge-worker.ts";

type Tally = Awaited<ReturnType<WindowJudges["judge"]>>;

/** Judges windows in threads, each with a reading connection of its own. They begin with the first window. */
export function openWhatIfJudges(
  { dataDir, mongodbUri }: Where,
  question: Question,
  threads: number,
): WindowJudges & { readonly close: () => Promise<void> } {
  const start: WhatIfJudgeStart = { where: { dataDir, mongodbUri }, question };
  const entry = threadEntry(import.meta.url, "./what-if-judge-worker");
  const pool = openThreadPool(entry, { workerData: start, name: "what-if" }, threads);
  return {
    ahead: pool.ahead,
    judge: async (...window) => (await pool.ask(window)) as Tally,
    close: pool.end,
  };
}
