import type { OperatorAction } from "../../ledger/operator-log.ts";

/** How far a plan is. It is stored nowhere: it follows from the operator log. */
export type RedriveState = "planned" | "running" | "paused" | "cancelled" | "done";

/** Who runs a plan: a process of the command line, or the gateways. */
export type Runner = "cli" | "gateway";

/** A plan in the operator log. */
export type RedriveStanding = {
  readonly id: string;
  readonly state: RedriveState;
  readonly count: number;
  /** Digest of the frozen offsets. */
  readonly digest: string;
  /** SHA-256 of the plan's text, hex. */
  readonly planDigest: string;
  readonly subjects: readonly string[];
  readonly planned: OperatorAction;
  /** The last action about the plan. */
  readonly last: OperatorAction;
  /** Of the last run; null before the first. `rate` is in records a second, null when there is no limit. */
  readonly run: { readonly by: Runner; readonly rate: number | null } | null;
};

/** The redrives in an operator log. */
export type RedriveBook = {
  /** Takes every action of the operator log, in order. */
  readonly see: (action: OperatorAction) => void;
  readonly of: (plan: string) => RedriveStanding | null;
  /** Every plan, in the order in which they were made. */
  readonly all: () => readonly RedriveStanding[];
};

export function createRedriveBook(): RedriveBook {
  const plans = new Map<string, RedriveStanding>();
  return {
    see: (action) => {
      if (action.action === "redrive-plan") {
        const planned = plannedOf(action);
        if (planned !== null && !plans.has(planned.id)) plans.set(planned.id, planned);
        return;
      }
      const before = plans.get(action.target);
      const state = before === undefined ? null : stateAfter(before.state, action.action);
      if (before === undefined || state === null) return;
      const run = action.action === "redrive-run" ? runOf(action.detail) : before.run;
      plans.set(action.target, { ...before, state, run, last: action });
    },
    of: (plan) => plans.get(plan) ?? null,
    all: () => [...plans.values()],
  };
}

/** The state after an action; null when the action is not about plans, or changes nothing in this state. */
function stateAfter(state: RedriveState, action: OperatorAction["action"]): RedriveState | null {
  if (state === "done" || state === "cancelled") return null;
  if (action === "redrive-run") return "running";
  if (action === "redrive-cancel") return "cancelled";
  if (state !== "running") return null;
  return action === "redrive-pause" ? "paused" : action === "redrive-done" ? "done" : null;
}

/** Another plan that was started and is not finished, and that is about one of the same contracts; null when there is none. */
export function blockerOf(book: RedriveBook, plan: RedriveStanding): RedriveStanding | null {
  const isOpen = ({ state }: RedriveStanding): boolean => state === "running" || state === "paused";
  const shares = ({ subjects }: RedriveStanding): boolean => subjects.some((one) => plan.subjects.includes(one));
  return book.all().find((other) => other.id !== plan.id && isOpen(other) && shares(other)) ?? null;
}

const PLANNED =
  /^records (\d{1,15}) offsets ([0-9a-f]{64}) plan ([0-9a-f]{64}) contracts ([A-Za-z0-9_.-]+(?:,[A-Za-z0-9_.-]+)*)$/;

/** The detail of a `redrive-plan` action. */
export function plannedDetail(of: Pick<RedriveStanding, "count" | "digest" | "planDigest" | "subjects">): string {
  return `records ${of.count} offsets ${of.digest} plan ${of.planDigest} contracts ${of.subjects.join(",")}`;
}

function plannedOf(action: OperatorAction): RedriveStanding | null {
  const [, count, digest, planDigest, subjects] = PLANNED.exec(action.detail) ?? [];
  if (count === undefined || digest === undefined || planDigest === undefined || subjects === undefined) return null;
  const known = { count: Number(count), digest, planDigest, subjects: subjects.split(",") };
  return { id: action.target, state: "planned", ...known, planned: action, last: action, run: null };
}

/** The detail of a `redrive-run` action. */
export function runDetail({ by, rate }: NonNullable<RedriveStanding["run"]>): string {
  return `by ${by} rate ${rate ?? "none"}`;
}

function runOf(detail: string): RedriveStanding["run"] {
  const [, by, rate] = /^by (cli|gateway) rate (none|[1-9]\d{0,9})$/.exec(detail) ?? [];
  if (by === undefined) return null;
  return { by: by === "gateway" ? "gateway" : "cli", rate: rate === "none" ? null : Number(rate) };
}
