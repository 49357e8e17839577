import type { Command } from "commander";
import type { FilterText } from "../../../failures/parse-filter.ts";
import { allFailures } from "../../../failures/export.ts";
import { failureId } from "../../../failures/failure-id.ts";
import { holdsRedriven } from "../../../failures/redriven.ts";
import type { Redaction } from "../../../failures/redact.ts";
import { summaryOf } from "../../../failures/recipe.ts";
import { failureView, timeText } from "../../../failures/view.ts";
import type { FailureRecord } from "../../../store/failures.ts";
import { toJsonText } from "../../../json/json-text.ts";
import { note, print, printJsonValues, printTable, styled } from "../../terminal/output.ts";
import { plainText } from "../../terminal/plain-text.ts";
import { toRun } from "../../terminal/printed-command.ts";
import { filterOf, withFailures } from "./open-failures.ts";

export type ListOptions = FilterText & { readonly json: boolean; readonly limit: number; readonly payload?: boolean };

/** `sigma failures list`: failures one by one, newest first. */
export async function listFailures(command: Command, options: ListOptions): Promise<void> {
  await withFailures(command, async ({ reads, groups, redaction, nowMs }) => {
    const { json, limit, payload = false, ...text } = options;
    const stateOf = await groups.states(nowMs);
    const search = {
      filter: filterOf(text, nowMs),
      withPayload: payload,
      stateOf,
      redaction,
      isLeftOut: holdsRedriven,
    };
    const found: FailureRecord[] = [];
    let more = false;
    for await (const failure of allFailures(reads, search)) {
      more = found.length >= limit;
      if (more) break;
      const shown = payload ? failure : { ...failure, payloadText: null };
      if (json) printJsonValues({ kind: "failure", ...failureView(shown, redaction) });
      found.push(shown);
    }
    if (json) return;
    if (found.length === 0) return print("No failure is like that.");
    printTable([["TIME", "ID", "GROUP", "PRODUCER", "CODE", "WHY"], ...found.map((one) => rowOf(one, redaction))]);
    if (payload)
      for (const failure of found) {
        const { payload: shown } = failureView(failure, redaction);
        print(`${failureId(failure)}  ${shown === undefined ? "(no payload is kept)" : plainText(toJsonText(shown))}`);
      }
    print("");
    if (more) note(`There are more; show more with --limit, all with ${toRun("failures export")}`);
    print(`More of one: ${toRun(`failures show ${failureId(found[0] as FailureRecord)}`)}`);
  });
}

const WHY_MAX = 160;
const PRODUCER_MAX = 24;

/** One failure as a row of a table. */
export function rowOf(failure: FailureRecord, redaction: Redaction): readonly string[] {
  const { atMs, fingerprint, producer, code, contract } = failure;
  const reason = failure.reason === null ? null : redaction.reason(contract, failure.reason);
  return [
    timeText(atMs)?.slice(0, 19).replace("T", " ") ?? String(atMs),
    plainText(failureId(failure)),
    fingerprint.slice(0, 8),
    plainText(producer ?? "-", PRODUCER_MAX),
    styled("red", code),
    plainText(summaryOf(code, reason), WHY_MAX),
  ];
}
