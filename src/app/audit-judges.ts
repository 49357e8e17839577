import type { Judges } from "../audit/judges.ts";
import { threadEntry } from "../thread-entry.ts";
import type { JudgeQuestion } from "./audit-judge-worker.ts";
import type { Where } from "./stores.ts";
import { beginAnswering, openThreadPool, type AnsweringThread } from "./thread-pool.ts";

/** A thread takes longer to begin than the audit to judge so many. */
const ENTRIES_MIN = 32;

type Verdict = Awaited<ReturnType<Judges["judge"]>>;

/** Judges in threads, each with a reading connection of its own. They begin with the first question. */
export function openAuditJudges(
  { dataDir, mongodbUri }: Where,
  threads: number,
): Judges & { readonly close: () => Promise<void> } {
  const entry = threadEntry(import.meta.url, "./audit-judge-worker");
  const options = { workerData: { dataDir, mongodbUri }, name: "audit" };
  const pool = openThreadPool(entry, options, threads);
  const checking: AnsweringThread[] = [];
  return {
    entriesMin: ENTRIES_MIN,
    ahead: pool.ahead,
    judge: async (...given) => (await pool.ask({ kind: "entry", given } satisfies JudgeQuestion)) as Verdict,
    // SQLite reads its whole file for it, in a thread of its own: entries would wait behind it. MongoDB's collections are soon compared.
    integrity: async () => {
      if (mongodbUri !== null) return null;
      const thread = beginAnswering(entry, options);
      checking.push(thread);
      return (await thread.ask({ kind: "integrity" } satisfies JudgeQuestion)) as readonly string[] | null;
    },
    close: async () => void (await Promise.all([pool, ...checking].map(async ({ end }) => end()))),
  };
}
