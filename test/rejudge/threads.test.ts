import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openWhatIfJudges } from "../../src/app/what-if-judges.ts";
import type { Question } from "../../src/rejudge/what-if/question.ts";
import { whatIf, type WindowJudges } from "../../src/rejudge/what-if/what-if.ts";
import type { WhatIfReport } from "../../src/rejudge/report.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import type { Store } from "../../src/store/store.ts";
import { temporaryDirectory } from "../embedded.ts";
import { parcelCandidate } from "./history.ts";
import { openLog, parcel, PARCEL_COLLECTIONS, send, settle, V2, SET } from "./what-if-laws.ts";
import { PATIENCE_MS } from "../patience.ts";

const RECORDS = 10_000;
/** As many as one entry has: a window is at least 4,096 records. */
const BATCH = 1_000;
const WINDOWS = 2;

const QUESTION: Question = {
  candidate: parcelCandidate(V2),
  of: null,
  range: { from: null, to: null },
  examplesMax: 3,
};

/** Facts, repeats, conflicts and failures of more producers than a report tells apart. */
async function settled(): Promise<{ readonly store: Store; readonly dataDir: string }> {
  const dataDir = temporaryDirectory();
  const store = openSqliteStore({
    path: join(dataDir, "store.db"),
    collections: PARCEL_COLLECTIONS,
    busyTimeoutMs: PATIENCE_MS,
  });
  onTestFinished(store.close);
  const log = openLog();
  const texts = Array.from({ length: RECORDS }, (_, n) => {
    if (n % 50 === 7) return { text: "{broken" };
    return parcel(n % 40 === 9 ? "again" : `p${n}`, n % 30);
  });
  const records = texts.map((one, n) => ({
    ...one,
    headers: [["client-id", Buffer.from(`producer-${n % 1_200}`)]] as const,
  }));
  await send(log, records);
  await settle(log, store, SET, BATCH);
  return { store, dataDir };
}

/** Asks with two threads that read the store of a directory. @returns the report, and how many windows the threads judged. */
async function askThreads(
  store: Store,
  dataDir: string,
  signal = new AbortController().signal,
): Promise<{ readonly report: WhatIfReport; readonly judged: number }> {
  const threads = openWhatIfJudges({ dataDir, mongodbUri: null }, QUESTION, 2);
  onTestFinished(threads.close);
  let judged = 0;
  const judges: WindowJudges = {
    ...threads,
    judge: async (...window) => {
      const tally = await threads.judge(...window);
      if (tally !== null) judged += 1;
      return tally;
    },
  };
  return { report: await whatIf(store.reads, QUESTION, { judges, signal }), judged };
}

test("threads judge the windows of a what-if, and its report is the same", async () => {
  const { store, dataDir } = await settled();
  const alone = await whatIf(store.reads, QUESTION, { signal: new AbortController().signal });
  const { report, judged } = await askThreads(store, dataDir);
  expect(report.digest).toBe(alone.digest);
  expect(withoutOther(report)).toEqual(withoutOther(alone));
  expect(judged).toBe(WINDOWS);
  expect(report).toMatchObject({
    coverage: { decided: RECORDS, redecided: RECORDS },
    flips: { otherProducers: true, counts: { failToFailSame: RECORDS / 50 } },
  });
});

test("a what-if whose threads cannot open the store judges every window itself", async () => {
  const { store } = await settled();
  const alone = await whatIf(store.reads, QUESTION, { signal: new AbortController().signal });
  const { report, judged } = await askThreads(store, temporaryDirectory());
  expect([report, judged]).toEqual([alone, 0]);
});

test("a what-if that is broken off reports of the windows before that, with threads as without", async () => {
  const { store, dataDir } = await settled();
  const threads = openWhatIfJudges({ dataDir, mongodbUri: null }, QUESTION, 2);
  onTestFinished(threads.close);
  for (const judges of [undefined, threads]) {
    const broken = new AbortController();
    const report = await whatIf(store.reads, QUESTION, {
      ...(judges === undefined ? {} : { judges }),
      signal: broken.signal,
      onProgress: () => broken.abort(),
    });
    expect([report.coverage.decided, report.coverage.streams.map(({ to }) => to)]).toEqual([5_000, ["5000"]]);
  }
});

/** Which positions stand for the rest is not said to be the first. */
function withoutOther({ flips, ...report }: WhatIfReport): unknown {
  const producers = flips.producers.map((one) => (one.name === "(other)" ? { ...one, examples: null } : one));
  return { ...report, flips: { ...flips, producers } };
}
