import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { EXIT } from "../../../config/codes.ts";
import { isWanted } from "../../../failures/filter.ts";
import { followFailures } from "../../../failures/follow.ts";
import { holdsRedriven } from "../../../failures/redriven.ts";
import { failureView } from "../../../failures/view.ts";
import { note, print, printJsonValues } from "../../terminal/output.ts";
import { onInterruption } from "../../terminal/signals.ts";
import { rowOf, type ListOptions } from "./list.ts";
import { filterOf, withFailures } from "./open-failures.ts";

const LOOK_MS = 500;
/** How long an interrupted look at the store may take. */
const DEADLINE_MS = 5_000;

/** `sigma failures tail`: failures as they are decided, until it is interrupted. */
export async function tail(command: Command, { json, ...text }: Omit<ListOptions, "limit">): Promise<void> {
  await withFailures(command, async ({ reads, groups, lookup, redaction, nowMs }) => {
    const filter = filterOf(text, nowMs);
    const { signal, exitCode, dispose } = onInterruption(DEADLINE_MS);
    if (!json) note("Waiting for failures; Ctrl-C ends.");
    const wait = async (): Promise<boolean> => {
      await delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
      return !signal.aborted;
    };
    for await (const failure of followFailures(reads, lookup, holdsRedriven, wait)) {
      if (!isWanted(filter, failure, await groups.states(nowMs), redaction)) continue;
      if (json) printJsonValues({ kind: "failure", ...failureView({ ...failure, payloadText: null }, redaction) });
      else print(rowOf(failure, redaction).join("  "));
    }
    dispose();
    process.exitCode = exitCode() ?? EXIT.ok;
  });
}
