import { budgetOf, type Objective } from "./objective.ts";

/** How urgent an alert is. `page`: somebody is to look now; `ticket`: in working hours. */
export type Severity = "page" | "ticket";

/**
 * An alert on the rate at which the budget of errors is spent. It fires while both windows burn faster than `factor`: the long one
 * says that it matters, the short one that it still goes on.
 */
export type BurnAlert = {
  readonly severity: Severity;
  /** How many times faster than the budget allows. 1 spends it all within the window of the objective. */
  readonly factor: number;
  readonly longMs: number;
  readonly shortMs: number;
};

/**
 * Multi-window, multi-burn-rate alerts of the SRE workbook (Alerting on SLOs, table 5-8) as shares of the window: of 30 days 1 h, 6 h,
 * 1 d and 3 d, which spend 2 %, 5 %, 10 % and 10 % of the budget before they fire.
 */
const ALERTS = [
  { severity: "page", factor: 14.4, share: 720 },
  { severity: "page", factor: 6, share: 120 },
  { severity: "ticket", factor: 3, share: 30 },
  { severity: "ticket", factor: 1, share: 10 },
] as const;

const MINUTE_MS = 60_000;
/** The short window is a twelfth of the long one. */
const SHORT = 12;

/** The alerts of an objective. Windows are whole minutes, because the gateway counts by minutes; the short one is at least one. */
export function burnAlertsOf({ windowMs }: Pick<Objective, "windowMs">): readonly BurnAlert[] {
  return ALERTS.map(({ severity, factor, share }) => {
    const longMs = wholeMinutes(windowMs / share);
    return { severity, factor, longMs, shortMs: wholeMinutes(longMs / SHORT) };
  });
}

function wholeMinutes(ms: number): number {
  return Math.max(1, Math.round(ms / MINUTE_MS)) * MINUTE_MS;
}

/** What was counted of an indicator: records, or milliseconds of streams. */
export type Counted = { readonly good: number; readonly bad: number };

/** How one alert stands. */
export type BurnStanding = BurnAlert & {
  /** Null: nothing was counted in the window. */
  readonly longRate: number | null;
  readonly shortRate: number | null;
  readonly firing: boolean;
};

/** How an objective stands now. */
export type Standing = {
  readonly counted: Counted;
  /** The good share, from 0 to 1; null when nothing was counted. */
  readonly ratio: number | null;
  /** The share of the budget that is left: 1 is all of it, 0 none, below 0 the objective is missed. */
  readonly budgetLeft: number;
  readonly state: "met" | "breached" | "no-data";
  readonly alerts: readonly BurnStanding[];
  /** The most urgent alert that fires; null when none does. */
  readonly firing: Severity | null;
};

/**
 * Computes how an objective stands.
 * @param countedIn what was counted in the last so many milliseconds.
 * @param exact what is known better of the whole window; null: nothing.
 */
export function standingOf(
  objective: Objective,
  countedIn: (ms: number) => Counted,
  exact: Counted | null = null,
): Standing {
  const budget = budgetOf(objective);
  const counted = exact ?? countedIn(objective.windowMs);
  const bad = badShare(counted);
  const rateIn = (ms: number): number | null => {
    const share = badShare(countedIn(ms));
    return share === null ? null : share / budget;
  };
  const alerts = burnAlertsOf(objective).map((alert): BurnStanding => {
    const longRate = rateIn(alert.longMs);
    const shortRate = rateIn(alert.shortMs);
    const firing = (longRate ?? 0) > alert.factor && (shortRate ?? 0) > alert.factor;
    return { ...alert, longRate, shortRate, firing };
  });
  const budgetLeft = bad === null ? 1 : 1 - bad / budget;
  const state = bad === null ? "no-data" : isMissed(objective, counted) ? "breached" : "met";
  const firing = alerts.find((one) => one.firing)?.severity ?? null;
  return { counted, ratio: bad === null ? null : 1 - bad, budgetLeft, state, alerts, firing };
}

/** Compared as whole numbers: exactly at the target the objective is met, which a quotient of doubles may not say. */
function isMissed({ targetMillionths }: Objective, { good, bad }: Counted): boolean {
  return good * (1_000_000 - targetMillionths) < bad * targetMillionths;
}

function badShare({ good, bad }: Counted): number | null {
  return good + bad === 0 ? null : bad / (good + bad);
}
