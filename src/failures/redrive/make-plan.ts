import { contentsOf } from "../../core/contents.ts";
import { withSchemaIds } from "../../core/contract-set.ts";
import type { CompiledBinding, CompiledContractSet } from "../../core/compiled.ts";
import { recordAction, type Operator } from "../../gateway/operate.ts";
import { PLAN_ID } from "../../ledger/redrive-stream.ts";
import type { Store } from "../../store/store.ts";
import { dryRun, type DryRunDeps } from "./dry-run.ts";
import { digestOf, pagesOf, sealPlan, type RedrivePlan, type Selection } from "./plan.ts";
import { selectRecords, type SelectedStream } from "./select.ts";
import { plannedDetail } from "./states.ts";

export type PlanDeps = Pick<DryRunDeps, "contracts" | "learnSchemaIds"> & {
  readonly store: Pick<Store, "putRedrivePages" | "putRedrive" | "appendAction" | "reads">;
};

export type PlanRequest = {
  /** A new id: 12 hexadecimal digits. */
  readonly id: string;
  readonly selection: Selection;
  /** The version that is to judge; null: the one that each record declares. */
  readonly toVersion: number | null;
  readonly operator: Operator;
};

export type PlanOptions = {
  readonly signal: AbortSignal;
  /** The most records that the plan may have; {@link PLAN_MAX} when absent. */
  readonly recordsMax?: number;
  /** Waits before each batch of the dry run, so that live streams go first. */
  readonly pace?: (signal: AbortSignal) => Promise<void>;
  readonly onProgress?: (step: "selected" | "judged", records: number) => void;
};

/** Why no plan was made. Nothing was stored. */
export type PlanRefusal = {
  readonly code: "nothing-selected" | "too-many" | "version-unfit" | "interrupted" | "planning";
  readonly message: string;
  readonly remedy: string;
};

/** The most records of a plan. */
export const PLAN_MAX = 50_000_000;

/** Pages that are stored at once. */
const PAGES_AT_ONCE = 5;

/**
 * Makes a plan: finds the records, freezes their offsets, judges them by the live contract set, and stores the plan. Only the
 * last step, an action in the operator log, makes it a plan; what an interrupted one left behind is never read.
 */
export async function makePlan(
  deps: PlanDeps,
  request: PlanRequest,
  options: PlanOptions,
): Promise<RedrivePlan | PlanRefusal> {
  const { id, selection, operator } = request;
  if (!PLAN_ID.test(id)) throw new Error(`Cannot make a plan "${id}": its id is no such id`);
  const { reads } = deps.store;
  const { signal, onProgress, pace, recordsMax = PLAN_MAX } = options;
  const select = { signal, max: recordsMax, onProgress: (count: number) => onProgress?.("selected", count) };
  const selected = await selectRecords(reads, selection, select);
  if (selected === null) return tooMany(recordsMax);
  const set = deps.contracts();
  const bound = selected.filter(({ note }) => set.byTopic.has(note.topic));
  const subjects = [...new Set(bound.map(({ note }) => set.byTopic.get(note.topic)?.contract.subject ?? ""))];
  if (bound.length === 0) return nothingSelected(selected.length > 0);
  const ref = refOf(set, bound, subjects, request.toVersion);
  if (ref !== null && typeof ref !== "string") return ref;
  const judged = await dryRun({ ...deps, reads }, bound, {
    ref,
    signal,
    ...(pace === undefined ? {} : { pace }),
    onProgress: (count) => onProgress?.("judged", count),
  });
  if (signal.aborted) return interrupted();
  if (setDigest(deps.contracts()) !== setDigest(set)) return contractsMoved();
  const unbound = selected.filter((one) => !bound.includes(one)).reduce((sum, { offsets }) => sum + offsets.count, 0);
  const frozen = bound.map(({ note, offsets }) => ({ stream: note.stream, offsets }));
  const plan: RedrivePlan = {
    id,
    at: operator.at,
    actor: operator.actor,
    reason: operator.reason,
    selection,
    toVersion: request.toVersion,
    subjects: subjects.toSorted(),
    contractSet: setDigest(set),
    streams: bound.map(plannedOf),
    count: bound.reduce((sum, { offsets }) => sum + offsets.count, 0),
    digest: digestOf(frozen),
    dryRun:
      unbound === 0
        ? judged
        : { ...judged, unavailable: [...judged.unavailable, { reason: "topic-unbound", count: unbound }] },
  };
  await storePlan(deps.store, plan, frozen);
  return plan;
}

/** The digest of a contract set without the schema ids that a registry taught it: those grow while it is live. */
export function setDigest(set: CompiledContractSet): string {
  return withSchemaIds({ text: set.text, set: contentsOf(set) }, []).digest;
}

async function storePlan(
  store: PlanDeps["store"],
  plan: RedrivePlan,
  frozen: Parameters<typeof digestOf>[0],
): Promise<void> {
  for (const one of frozen) {
    let pages = [];
    for (const page of pagesOf(plan.id, one)) {
      pages.push(page);
      if (pages.length < PAGES_AT_ONCE) continue;
      await store.putRedrivePages(pages);
      pages = [];
    }
    if (pages.length > 0) await store.putRedrivePages(pages);
  }
  const { text, digest: planDigest } = sealPlan(plan);
  await store.putRedrive(plan.id, text);
  const { id, at, actor, reason, count, digest, subjects } = plan;
  const detail = plannedDetail({ count, digest, planDigest, subjects });
  await recordAction(store, { at, actor, reason, action: "redrive-plan", target: id, detail });
}

function plannedOf({ note, offsets }: SelectedStream): RedrivePlan["streams"][number] {
  return { ...note, from: String(offsets.first), to: String(offsets.last + 1n), count: offsets.count };
}

/** The version that is to judge all records, as a header declares it; null when each declares its own. */
function refOf(
  set: CompiledContractSet,
  bound: readonly SelectedStream[],
  [subject, ...others]: readonly string[],
  version: number | null,
): string | null | PlanRefusal {
  if (version === null) return null;
  if (subject === undefined || others.length > 0)
    return unfit(
      `the records are of ${others.length + 1} contracts: ${[subject, ...others].join(", ")}`,
      "select the records of one contract, by topic",
    );
  const ref = `${subject}@${version}`;
  for (const topic of new Set(bound.map(({ note }) => note.topic))) {
    const fault = faultOf(set.byTopic.get(topic), ref);
    if (fault !== null) return unfit(fault, "name a version that judges in this topic: sigma contract list");
  }
  return ref;
}

function faultOf(bound: CompiledBinding | undefined, ref: string): string | null {
  if (bound === undefined) return "no contract is bound to the topic";
  const { subject, versionField } = bound.contract;
  if (versionField !== null)
    return `records of ${subject} declare their version in the payload, which is never changed`;
  const resolved = bound.byHeader.get(ref);
  if (resolved === undefined) return `there is no contract version ${ref}`;
  return resolved.ok ? null : resolved.reason.message;
}

function unfit(why: string, remedy: string): PlanRefusal {
  return { code: "version-unfit", message: `Cannot plan for that version: ${why}`, remedy };
}

function tooMany(max: number): PlanRefusal {
  const message = `Cannot plan: more than ${max} records are selected`;
  const other = max < PLAN_MAX ? `, or plan up to ${PLAN_MAX} with \`sigma redrive plan\`` : "";
  return { code: "too-many", message, remedy: `select fewer, by topic or time, one plan after the other${other}` };
}

function nothingSelected(isUnbound: boolean): PlanRefusal {
  return isUnbound
    ? {
        code: "nothing-selected",
        message: "Nothing can be redriven: no contract is bound to the topics of the selected records",
        remedy: "make the topics sources again",
      }
    : { code: "nothing-selected", message: "No record is selected", remedy: "look at what failed: sigma status" };
}

function interrupted(): PlanRefusal {
  return { code: "interrupted", message: "No plan was made: it was interrupted", remedy: "plan again" };
}

function contractsMoved(): PlanRefusal {
  const message = "No plan was made: the contracts changed while the records were judged";
  return { code: "interrupted", message, remedy: "plan again" };
}
