import type { Command } from "commander";
import { openGroupPage, type GroupSort } from "../../../failures/group-page.ts";
import type { Group } from "../../../failures/groups.ts";
import { groupView, timeText } from "../../../failures/view.ts";
import { openWhy } from "../../../failures/why.ts";
import { counted, grouped, note, print, printJsonValues, printTable, styled } from "../../terminal/output.ts";
import { toRun } from "../../terminal/printed-command.ts";
import { plainText } from "../../terminal/plain-text.ts";
import type { ListOptions } from "./list.ts";
import { filterOf, withFailures } from "./open-failures.ts";

/** `sigma failures groups`: what failed, how often, since when, and why. */
export async function listGroups(
  command: Command,
  options: ListOptions & { readonly sort?: GroupSort },
): Promise<void> {
  await withFailures(command, async (open) => {
    const { json, limit, sort = "recent", ...text } = options;
    const filter = filterOf(text, open.nowMs);
    const page = openGroupPage(open.groups);
    const found = await page({ filter, sort, limit, cursor: null, nowMs: open.nowMs });
    if (found === "foreign-cursor") throw new Error("Cannot read groups: there was no cursor to refuse");
    const whyOf = openWhy(open.reads, open.redaction);
    if (json) {
      for (const group of found.groups) printJsonValues({ kind: "group", ...groupView(group, await whyOf(group)) });
      return;
    }
    if (found.total === 0) return print(noneOf(options));
    const when = options.since === undefined ? "" : ` since ${options.since} (whole hours)`;
    print(`${counted(found.recent, "failure")} in ${counted(found.total, "group")}${when}`);
    print("");
    const rows = await Promise.all(found.groups.map(async (group) => rowOf(group, await whyOf(group))));
    printTable([["GROUP", "RECENT", "ALL", "FIRST", "LAST", "STATE", "WHY"], ...rows], [1, 2]);
    print("");
    if (found.next !== null)
      note(`There are ${grouped(found.total - found.groups.length)} more groups; show more with --limit`);
    print(`More of one: ${toRun(`failures show ${found.groups[0]?.fingerprint.slice(0, 8) ?? "GROUP"}`)}`);
  });
}

const WHY_MAX = 120;

function rowOf(group: Group, text: string | null): readonly string[] {
  const { fingerprint, recent, count, firstMs, lastMs, state, code, contract } = group;
  const where = contract === null ? "" : `${contract.subject}@${contract.version} `;
  const why = plainText(`${where}${text ?? code}`, WHY_MAX);
  const kind = state.kind === "open" ? "open" : styled("yellow", state.kind);
  return [fingerprint.slice(0, 8), grouped(recent), grouped(count), minute(firstMs), minute(lastMs), kind, why];
}

/** A time up to its minute, in UTC. */
export function minute(ms: Group["firstMs"]): string {
  return timeText(ms)?.slice(0, 16).replace("T", " ") ?? String(ms);
}

/** What is said where no group passes the filter. */
function noneOf({ code, contract, topic, state, since }: ListOptions): string {
  const isAny = [code, contract, topic, state].every((one) => one === undefined);
  if (!isAny) return "No group is like that.";
  return since === undefined ? "Nothing has failed." : `Nothing has failed since ${since}.`;
}
