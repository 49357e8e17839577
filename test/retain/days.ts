import { auditBothWays } from "../audit/apart.ts";
import type { AuditReport } from "../../src/audit/report.ts";
import type { RetainedKind } from "../../src/operator/floors.ts";
import { planRetention, type RetentionPlan } from "../../src/retain/plan.ts";
import { runRetention, type RetentionReport } from "../../src/retain/run.ts";
import type { EmbeddedLog } from "../../src/source/embedded/log.ts";
import type { Store } from "../../src/store/store.ts";
import type { StreamNote } from "../../src/store/stream-note.ts";
import { openLog, parcel, send, settle, TOPIC } from "../rejudge/what-if-laws.ts";

// A store of some days, and runs of retention on it.

export const SIGNAL: AbortSignal = new AbortController().signal;
export const OPERATOR: { readonly actor: string; readonly at: string } = {
  actor: "somebody",
  at: "2026-01-01T00:00:00.000Z",
};
export const DAY_MS = 86_400_000;
export const START_MS = 1_700_000_000_000;

type Terms = Partial<Record<RetainedKind, number>>;

/** A plan for terms in days, made so many days after the first records were sent. */
export async function plan(store: Store, terms: Terms, day: number): Promise<RetentionPlan> {
  const policy = (kind: RetainedKind) => {
    const term = terms[kind];
    return term === undefined ? null : { ms: term * DAY_MS, says: `${kind} ${term}d` };
  };
  return planRetention(store.reads, { policy, nowMs: START_MS + day * DAY_MS, signal: SIGNAL });
}

export async function retain(store: Store, terms: Terms, day: number): Promise<RetentionReport> {
  return runRetention(store, await plan(store, terms, day), { operator: OPERATOR, signal: SIGNAL });
}

export async function auditOf(store: Store): Promise<AuditReport> {
  return auditBothWays(store.reads, { tailMayBeIncomplete: false, findingsMax: 20, signal: SIGNAL });
}

export async function findings(store: Store): Promise<readonly string[]> {
  return (await auditOf(store)).findings.map(({ code, message }) => `${code} ${message}`);
}

export async function noteOf(store: Store): Promise<StreamNote> {
  const note = (await store.reads.streamNotes()).find(({ topic }) => topic === TOPIC);
  if (note === undefined) throw new Error("no stream");
  return note;
}

/** A fact, its repeat, a conflict with it, and two failures of different groups. */
export function batch(name: string): readonly { readonly text: string }[] {
  return [
    parcel(name, 1),
    parcel(name, 1),
    parcel(name, 7),
    { text: `{"id":"${name}","kg":"heavy"}` },
    { text: `{broken ${name}` },
  ];
}

/** One such batch a day, from day 0 on. */
export async function days(
  store: Store,
  count: number,
): Promise<{ readonly log: EmbeddedLog; readonly at: { ms: number } }> {
  const at = { ms: START_MS };
  const log = openLog(at);
  for (let day = 0; day < count; day += 1) {
    at.ms = START_MS + day * DAY_MS;
    await send(log, batch(`day-${day}`));
    await settle(log, store);
  }
  return { log, at };
}
