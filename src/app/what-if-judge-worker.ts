import { workerData } from "node:worker_threads";
import { openLedgerEvidence } from "../rejudge/what-if/from-ledger.ts";
import { openJudgeWindow, type JudgeWindow } from "../rejudge/what-if/judge-window.ts";
import type { Question } from "../rejudge/what-if/question.ts";
import { readPastSets } from "../rejudge/what-if/sets.ts";
import { answerQuestions } from "./answering.ts";
import { openHistory, type Where } from "./stores.ts";

// This thread judges windows of a what-if, one after the other, with a reading connection of its own.

/** The data that the thread starts with. */
export type WhatIfJudgeStart = { readonly where: Where; readonly question: Question };

const { where, question } = workerData as WhatIfJudgeStart;
const store = await openHistory(where);
const sets = await readPastSets(store.reads, question.candidate.subject);
const judge = openJudgeWindow(question, sets, (origin) => openLedgerEvidence(store.reads, origin, sets));

answerQuestions(async (window) => judge(...(window as Parameters<JudgeWindow>)), store.close);
