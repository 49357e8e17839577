import type { Command } from "commander";
import { hasData } from "../../../app/data-directory.ts";
import { openStoreFor } from "../../../app/stores.ts";
import type { OperatorAction } from "../../../ledger/operator-log.ts";
import { operatorActions } from "../../../operator/actions.ts";
import { actionView, newestActions } from "../../../operator/page.ts";
import type { StoreReads } from "../../../store/store.ts";
import { counted, note, print, printJson, printTable } from "../../terminal/output.ts";
import { plainText } from "../../terminal/plain-text.ts";
import { toRun } from "../../terminal/printed-command.ts";
import { configFor } from "../../terminal/settings.ts";

export type OperatorLogOptions = { readonly limit: number; readonly all: boolean; readonly json: boolean };

/** `sigma operator-log`: the newest actions, the latest at the end; with `--all` every one. */
export async function operatorLogCommand(command: Command, options: OperatorLogOptions): Promise<void> {
  const config = await configFor(command);
  if (!hasData(config)) return options.json ? undefined : printNone();
  const store = await openStoreFor(config, "read");
  try {
    if (options.all && options.json) {
      for await (const action of operatorActions(store.reads)) printAction(action);
      return;
    }
    const { actions, before } = await wanted(store.reads, options);
    if (options.json) return actions.forEach(printAction);
    if (actions.length === 0) return printNone();
    printTable([["SEQ", "AT", "WHO", "FROM", "ACTION", "TARGET", "REASON"], ...actions.map(rowOf)], [0]);
    if (before > 0) note(`${counted(before, "earlier action")} not shown: ${toRun("operator-log --all")}`);
  } finally {
    await store.close();
  }
}

async function wanted(
  reads: StoreReads,
  { limit, all }: OperatorLogOptions,
): Promise<{ readonly actions: readonly OperatorAction[]; readonly before: number }> {
  if (all) {
    const actions: OperatorAction[] = [];
    for await (const action of operatorActions(reads)) actions.push(action);
    return { actions, before: 0 };
  }
  const { actions, next } = await newestActions(reads, null, Math.min(1_000, Math.max(1, limit)));
  return { actions: actions.toReversed(), before: next ?? 0 };
}

function printAction(action: OperatorAction): void {
  printJson({ kind: "action", ...actionView(action) });
}

function printNone(): void {
  print("No operator has done anything yet.");
}

const TEXT_MAX = 60;

function rowOf(action: OperatorAction): readonly string[] {
  const { seq, at, who, via, address, action: what, target, reason } = actionView(action);
  const from = via === "api" ? `api ${address ?? ""}`.trim() : (via ?? "");
  const texts = [who, from, what, target, reason].map((text) => plainText(text, TEXT_MAX));
  return [String(seq), at.slice(0, 19).replace("T", " "), ...texts];
}
