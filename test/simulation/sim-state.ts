import { positionId } from "../../src/core/record.ts";
import type { LedgerEntry } from "../../src/ledger/entry.ts";
import type { GroupCounter } from "../../src/store/groups.ts";
import type { OperatorAction } from "../../src/ledger/operator-log.ts";
import type { FailedRow, PassedRow, Receipt } from "../../src/store/store.ts";
import type { StreamNote } from "../../src/store/stream-note.ts";
import type { RedrivePage } from "../../src/store/redrives.ts";
import type { VolumeCounter } from "../../src/store/volume.ts";

/** A volume counter, and the number of its stream. */
export type SimVolume = VolumeCounter & { readonly stream: number };

/** The failures of one group and stream in one day: the day, and its hours (hours since 1970). One write raises both. */
export type SimDay = {
  readonly fingerprint: string;
  readonly stream: number;
  readonly day: number;
  readonly seq: number;
  readonly count: number;
  readonly hours: ReadonlyMap<number, number>;
};

/** One write, as it is replicated. */
export type Write =
  | { readonly table: "ledger"; readonly entry: LedgerEntry; readonly packed: Uint8Array | null }
  | { readonly table: "streams"; readonly note: StreamNote }
  | { readonly table: "validated"; readonly row: PassedRow }
  | { readonly table: "failed"; readonly row: FailedRow }
  | { readonly table: "receipts"; readonly receipt: Receipt }
  | { readonly table: "evidence"; readonly key: string; readonly packed: Uint8Array }
  | { readonly table: "dropped"; readonly key: string }
  | { readonly table: "removed"; readonly kind: "failed" | "receipt"; readonly id: string }
  | { readonly table: "actions"; readonly action: OperatorAction }
  | { readonly table: "groups"; readonly counter: GroupCounter }
  | { readonly table: "days"; readonly id: string; readonly counter: SimDay }
  | { readonly table: "volume"; readonly id: string; readonly counter: SimVolume }
  | { readonly table: "sets"; readonly digest: string; readonly text: string }
  | { readonly table: "plans"; readonly plan: string; readonly text: string }
  | { readonly table: "pages"; readonly page: RedrivePage };

/** What the writes come to. */
export type State = {
  readonly ledger: Map<string, LedgerEntry>;
  readonly evidence: Map<string, Uint8Array>;
  readonly streams: Map<string, StreamNote>;
  readonly validated: Map<string, PassedRow>;
  readonly failed: Map<string, FailedRow>;
  readonly receipts: Map<string, Receipt>;
  readonly sets: Map<string, string>;
  readonly groups: Map<string, GroupCounter>;
  readonly days: Map<string, SimDay>;
  readonly volume: Map<string, SimVolume>;
  readonly actions: OperatorAction[];
  readonly plans: Map<string, string>;
  readonly pages: Map<string, RedrivePage>;
};

export function applyWrite(state: State, write: Write): void {
  switch (write.table) {
    case "ledger":
      state.ledger.set(`${write.entry.stream}|${write.entry.seq}`, write.entry);
      if (write.packed !== null) state.evidence.set(`${write.entry.stream}|${write.entry.seq}`, write.packed);
      break;
    case "validated":
      state.validated.set(write.row.id, write.row);
      break;
    case "failed":
      state.failed.set(write.row.id, write.row);
      break;
    case "receipts":
      state.receipts.set(positionId(write.receipt.position), write.receipt);
      break;
    case "streams":
      state.streams.set(write.note.stream, write.note);
      break;
    case "evidence":
      state.evidence.set(write.key, write.packed);
      break;
    case "actions":
      state.actions.push(write.action);
      break;
    case "groups":
      state.groups.set(`${write.counter.fingerprint}/${write.counter.stream}`, write.counter);
      break;
    case "days":
      state.days.set(write.id, write.counter);
      break;
    case "volume":
      state.volume.set(write.id, write.counter);
      break;
    case "dropped":
      state.evidence.delete(write.key);
      break;
    case "removed":
      (write.kind === "failed" ? state.failed : state.receipts).delete(write.id);
      break;
    case "sets":
      state.sets.set(write.digest, write.text);
      break;
    case "plans":
      state.plans.set(write.plan, write.text);
      break;
    case "pages":
      state.pages.set(`${write.page.plan}|${write.page.stream}|${write.page.from}`, write.page);
      break;
  }
}

export function emptyState(): State {
  return {
    ledger: new Map(),
    evidence: new Map(),
    streams: new Map(),
    validated: new Map(),
    failed: new Map(),
    receipts: new Map(),
    sets: new Map(),
    groups: new Map(),
    days: new Map(),
    volume: new Map(),
    actions: [],
    plans: new Map(),
    pages: new Map(),
  };
}

export function copyState(state: State): State {
  return {
    ledger: new Map(state.ledger),
    evidence: new Map(state.evidence),
    streams: new Map(state.streams),
    validated: new Map(state.validated),
    failed: new Map(state.failed),
    receipts: new Map(state.receipts),
    sets: new Map(state.sets),
    groups: new Map(state.groups),
    days: new Map(state.days),
    volume: new Map(state.volume),
    actions: [...state.actions],
    plans: new Map(state.plans),
    pages: new Map(state.pages),
  };
}
