import type { Command } from "commander";
import { openEngine } from "../../../app/engine.ts";
import { changeGroup, type GroupRequest } from "../../../failures/change-group.ts";
import { openGroups } from "../../../failures/groups.ts";
import { parseTimeToCome } from "../../../failures/parse-filter.ts";
import { NO_REDACTION } from "../../../failures/redact.ts";
import { holdsRedriven } from "../../../failures/redriven.ts";
import { groupView } from "../../../failures/view.ts";
import { createLookup } from "../../../gateway/lookup.ts";
import { print, printJsonValues } from "../../terminal/output.ts";
import { plainText } from "../../terminal/plain-text.ts";
import { usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";
import { operatorOf } from "../operate/operator.ts";
import { groupNamed } from "./open-failures.ts";

export type SayOptions = {
  readonly reason: string;
  readonly json: boolean;
  readonly version?: number;
  readonly until?: string;
  readonly threshold?: number;
  readonly owner?: string;
};

/** `sigma failures ack|open|fixed|mute|assign|note`: what an operator says of a group. It goes into the operator log. */
export async function say(command: Command, what: string, begin: string, options: SayOptions): Promise<void> {
  const operator = operatorOf(options);
  const nowMs = Date.now();
  const request = requestOf(what, options, nowMs);
  const config = await configFor(command);
  const { store, close } = await openEngine(config, [], "operate");
  try {
    const { reads } = store;
    const groups = openGroups(reads, holdsRedriven);
    const open = { reads, groups, lookup: createLookup(reads), redaction: NO_REDACTION, nowMs };
    const { fingerprint } = await groupNamed(open, begin);
    await changeGroup(store, groups, fingerprint, request, operator, nowMs);
    const group = await groups.group(fingerprint, nowMs);
    if (group === null) throw new Error("Cannot show a group that was just changed");
    if (options.json) return printJsonValues({ kind: "group", ...groupView(group) });
    const { book, state } = group;
    print(
      `${fingerprint} is ${state.kind}${book.owner === null ? "" : `, of ${plainText(book.owner)}`}; it is kept in the operator log`,
    );
  } finally {
    await close();
  }
}

function requestOf(what: string, { version, until, threshold, owner }: SayOptions, nowMs: number): GroupRequest {
  switch (what) {
    case "ack":
      return { kind: "state", state: { kind: "acknowledged" } };
    case "open":
      return { kind: "state", state: { kind: "open" } };
    case "fixed":
      return { kind: "state", state: { kind: "fixed-in", version: version ?? 1 } };
    case "mute": {
      const untilMs = until === undefined ? null : parseTimeToCome(until, nowMs);
      if (until !== undefined && untilMs === null)
        throw usage(
          "SIG-F-001",
          "Cannot use --until: it is no time to come",
          "write 2026-12-01T00:00:00Z, or 1h, 7d from now",
        );
      if (untilMs === null && threshold === undefined)
        throw usage(
          "SIG-F-001",
          "Cannot mute for ever: --until or --threshold is needed",
          "add --until TIME, or --threshold NUMBER",
        );
      return { kind: "state", state: { kind: "muted", untilMs, threshold: threshold ?? null } };
    }
    case "assign":
      return { kind: "owner", owner: owner ?? null };
    default:
      return { kind: "note" };
  }
}
