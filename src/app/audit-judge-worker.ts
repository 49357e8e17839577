import { parentPort, workerData } from "node:worker_threads";
import { compiledSetsOf, judgeApart, type Judges } from "../audit/judges.ts";
import { openHistory, type Where } from "./stores.ts";

// This thread judges entries of an audit, one after the other, with a reading connection of its own. It says only that nothing is wrong with an
// entry: about every other one the audit makes up its own mind.

/** An entry to judge, or the engine's own consistency check. */
export type JudgeQuestion = { readonly id: number } & (
  | { readonly kind: "entry"; readonly given: Parameters<Judges["judge"]> }
  | { readonly kind: "integrity" }
);

/** What the thread is told: a question, or to end behind those before it. */
export type JudgeMessage = JudgeQuestion | "end";

/** The answer: a verdict, faults, or null. */
export type JudgeAnswer = { readonly id: number; readonly value: unknown };

const store = await openHistory(workerData as Where);
// Whoever checks the file needs no contract.
let sets: Awaited<ReturnType<typeof compiledSetsOf>> | null = null;
let working: Promise<void> = Promise.resolve();
parentPort?.on("message", (message: JudgeMessage) => {
  working = working.then(async () => (message === "end" ? end() : answer(message)));
});

/** Closes the store, and lets go of what keeps the thread: it ends by itself, with no connection open. */
async function end(): Promise<void> {
  await store.close();
  parentPort?.close();
}

async function answer(question: JudgeQuestion): Promise<void> {
  const said: JudgeAnswer = { id: question.id, value: await valueOf(question) };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port is no window
  parentPort?.postMessage(said);
}

async function valueOf(question: JudgeQuestion): Promise<unknown> {
  if (question.kind === "integrity") return store.reads.integrity();
  sets ??= await compiledSetsOf(store.reads);
  return judgeApart(store.reads, sets, ...question.given);
}
