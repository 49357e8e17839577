import { workerData } from "node:worker_threads";
import { compiledSetsOf, judgeApart, type Judges } from "../audit/judges.ts";
import { answerQuestions } from "./answering.ts";
import { openHistory, type Where } from "./stores.ts";

// This thread judges entries of an audit, one after the other, with a reading connection of its own. It says only that nothing is wrong with an
// entry: about every other one the audit makes up its own mind.

/** An entry to judge, or the engine's own consistency check. The answer is a verdict, faults, or null. */
export type JudgeQuestion =
  | { readonly kind: "entry"; readonly given: Parameters<Judges["judge"]> }
  | { readonly kind: "integrity" };

const store = await openHistory(workerData as Where);
// Whoever checks the file needs no contract.
let sets: Awaited<ReturnType<typeof compiledSetsOf>> | null = null;

answerQuestions(async (asked) => {
  const question = asked as JudgeQuestion;
  if (question.kind === "integrity") return store.reads.integrity();
  sets ??= await compiledSetsOf(store.reads);
  return judgeApart(store.reads, sets, ...question.given);
}, store.close);
