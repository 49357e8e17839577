import { Unavailable } from "../../core/unavailable.ts";
import { newlyFailing, type WhatIfReport } from "../report.ts";
import type { Question } from "./question.ts";

/** What a run is asked, and how its range was written. */
export type WhatIfRequest = {
  readonly question: Question;
  readonly from: string | null;
  readonly to: string | null;
  /** The run ends behind the window of records that reaches this number. */
  readonly recordsMax: number;
};

/** Why a run came to nothing. The code is stable. */
export type WhatIfTrouble = { readonly code: string; readonly message: string; readonly remedy: string };

/** One what-if that this gateway was asked for. Times are milliseconds since the epoch. */
export type WhatIfRun = {
  readonly id: string;
  readonly subject: string;
  readonly version: number;
  readonly digest: string;
  readonly of: number | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly recordsMax: number;
  /**
   * running -> done | cancelled | failed. A cancelled one reports of the records that it had read; a failed one reports nothing.
   */
  readonly state: "running" | "done" | "cancelled" | "failed";
  readonly startedMs: number;
  readonly endedMs: number | null;
  /** Records judged so far, and of them those that passed and would fail. */
  readonly records: number;
  readonly newlyFailing: number;
  /** Whether `recordsMax` ended it: there may be more records in the range. */
  readonly isLimited: boolean;
  readonly report: WhatIfReport | null;
  readonly trouble: WhatIfTrouble | null;
};

/** Judges past records, wherever it does so. @throws `Unavailable` when the store does not answer. */
export type JudgePast = (
  request: WhatIfRequest,
  signal: AbortSignal,
  onProgress: (records: number, newlyFailing: number) => void,
) => Promise<WhatIfReport>;

export type WhatIfRuns = {
  /** Begins a run; null while another one goes on. */
  readonly start: (request: WhatIfRequest) => WhatIfRun | null;
  /** The run with this id; null when there is none, or it is forgotten. */
  readonly get: (id: string) => WhatIfRun | null;
  /** Newest first. */
  readonly all: () => readonly WhatIfRun[];
  /** Ends a run behind the records that it reads now. Does nothing to one that has ended. */
  readonly cancel: (id: string) => WhatIfRun | null;
  /** Cancels what goes on, and waits for its end. */
  readonly close: () => Promise<void>;
};

/** Runs that are remembered; a report takes up to a few megabytes. */
const REMEMBERED = 20;

/**
 * The what-ifs of one gateway: one at a time, so that they never take more than one thread, and kept in memory only, because each
 * can be asked for again.
 */
export function createWhatIfRuns(deps: {
  readonly judge: JudgePast;
  readonly newId: () => string;
  readonly now: () => number;
}): WhatIfRuns {
  const runs = new Map<string, WhatIfRun>();
  let current: { readonly id: string; readonly abort: AbortController; readonly ended: Promise<void> } | null = null;

  const change = (id: string, changes: Partial<WhatIfRun>): void => {
    const run = runs.get(id);
    if (run !== undefined) runs.set(id, { ...run, ...changes });
  };
  const follow = async (id: string, request: WhatIfRequest, signal: AbortSignal): Promise<void> => {
    try {
      const report = await deps.judge(request, signal, (records, failing) =>
        change(id, { records, newlyFailing: failing }),
      );
      const records = report.coverage.decided;
      const isLimited = records >= request.recordsMax;
      const state = signal.aborted ? "cancelled" : "done";
      change(id, {
        state,
        report,
        records,
        newlyFailing: newlyFailing(report),
        isLimited: isLimited && !signal.aborted,
      });
    } catch (error) {
      change(id, { state: signal.aborted ? "cancelled" : "failed", trouble: troubleOf(error) });
    }
    change(id, { endedMs: deps.now() });
    current = null;
  };
  return {
    start: (request) => {
      if (current !== null) return null;
      const run = begun(request, deps.newId(), deps.now());
      runs.set(run.id, run);
      for (const [id] of [...runs].slice(0, -REMEMBERED)) runs.delete(id);
      const abort = new AbortController();
      current = { id: run.id, abort, ended: Promise.resolve() };
      current = { id: run.id, abort, ended: follow(run.id, request, abort.signal) };
      return run;
    },
    get: (id) => runs.get(id) ?? null,
    all: () => [...runs.values()].toReversed(),
    cancel: (id) => {
      if (current?.id === id) current.abort.abort();
      return runs.get(id) ?? null;
    },
    close: async () => {
      current?.abort.abort();
      await current?.ended;
    },
  };
}

function begun({ question, from, to, recordsMax }: WhatIfRequest, id: string, startedMs: number): WhatIfRun {
  const { subject, version } = question.candidate;
  return {
    id,
    subject,
    version: version.version,
    digest: version.digest,
    of: question.of,
    from,
    to,
    recordsMax,
    state: "running",
    startedMs,
    endedMs: null,
    records: 0,
    newlyFailing: 0,
    isLimited: false,
    report: null,
    trouble: null,
  };
}

/** A bug of a candidate's schema, or of ours, ends the run and nothing else. */
function troubleOf(error: unknown): WhatIfTrouble {
  if (error instanceof Unavailable) {
    const { code, message, remedy } = error;
    return { code, message, remedy };
  }
  if (error instanceof GaveUp) return { code: error.code, message: error.message, remedy: error.remedy };
  const message = `A bug of the gateway ended it: ${error instanceof Error ? error.message : String(error)}`;
  return { code: "bug", message, remedy: "report it; the live streams go on" };
}

/** A run that took more than one may, and was ended. */
export class GaveUp extends Error {
  readonly code: "what-if-stuck" | "what-if-memory";
  readonly remedy: string;

  constructor(code: "what-if-stuck" | "what-if-memory", message: string, remedy: string) {
    super(message);
    this.name = "GaveUp";
    this.code = code;
    this.remedy = remedy;
  }
}
