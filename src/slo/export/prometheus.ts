import { burnAlertsOf, type BurnAlert, type Severity } from "../burn.ts";
import { budgetOf, describeDuration, describeObjective, type Objective } from "../objective.ts";

/** Counter that the gateway serves: events of an objective, by outcome good or bad. */
export const EVENTS = "sigma_objective_events_total";

export type RulesOptions = {
  /** Where the pages of docs/runbooks are, with a slash at its end. */
  readonly runbooks: string;
  /** All durations are divided by it: a rehearsal of hours in minutes. 1 for production. */
  readonly scale: number;
};

/** A rule of Prometheus. */
export type Rule =
  | { readonly record: string; readonly expr: string; readonly labels?: Readonly<Record<string, string>> }
  | {
      readonly alert: string;
      readonly expr: string;
      readonly for?: string;
      readonly labels: Readonly<Record<string, string>>;
      readonly annotations: Readonly<Record<string, string>>;
    };

export type RuleGroup = { readonly name: string; readonly rules: readonly Rule[] };

const ALERT_NAMES: Readonly<Record<Severity, string>> = {
  page: "SigmaObjectiveBurnsFast",
  ticket: "SigmaObjectiveBurnsSlowly",
};

/** Names of the alerts that the rules can raise, each with the page of docs/runbooks that says what to do. */
export const ALERT_RUNBOOKS: Readonly<Record<string, string>> = {
  [ALERT_NAMES.page]: "objective-burns.md",
  [ALERT_NAMES.ticket]: "objective-burns.md",
  SigmaObjectiveUnmeasured: "objective-unmeasured.md",
};

/** Time without any counter after which nobody measures an objective. */
const UNMEASURED_MS = 600_000;

/** The recording rules of all objectives, then the alerting rules of each. */
export function prometheusRules(objectives: readonly Objective[], options: RulesOptions): readonly RuleGroup[] {
  if (objectives.length === 0) return [];
  return [
    { name: "sigma-objectives", rules: recordings(objectives, options) },
    ...objectives.map((objective) => ({
      name: `sigma-objective-${objective.name}`,
      rules: alertsOf(objective, options),
    })),
  ];
}

function recordings(objectives: readonly Objective[], { scale }: RulesOptions): readonly Rule[] {
  const windows = objectives.flatMap((one) => burnAlertsOf(one).flatMap(({ longMs, shortMs }) => [longMs, shortMs]));
  const distinct = [...new Set(windows)].toSorted((a, b) => a - b);
  const ratios = distinct.map((ms): Rule => {
    const range = scaled(ms, scale);
    const rate = (of: string): string => `sum by (objective) (rate(${EVENTS}${of}[${range}]))`;
    return { record: errorRatio(ms, scale), expr: `${rate('{outcome="bad"}')} / ${rate("")}` };
  });
  const budgets = objectives.map((objective): Rule => {
    const { name, windowMs } = objective;
    const range = scaled(windowMs, scale);
    const events = (more: string): string => `sum(increase(${EVENTS}{objective="${name}"${more}}[${range}]))`;
    const expr = `1 - ${events(',outcome="bad"')} / ${events("")} / ${number(budgetOf(objective))}`;
    return { record: "sigma:objective_budget_left:ratio", expr, labels: { objective: name } };
  });
  return [...ratios, ...budgets];
}

function alertsOf(objective: Objective, options: RulesOptions): readonly Rule[] {
  const { name, subject } = objective;
  const alerts = burnAlertsOf(objective);
  const labels = { objective: name, ...(subject === null ? {} : { contract: subject }) };
  const burning = (["page", "ticket"] as const).map((severity): Rule => {
    const own = alerts.filter((one) => one.severity === severity);
    const alert = ALERT_NAMES[severity];
    return {
      alert,
      expr: own.map((one) => `(${condition(objective, one, options.scale)})`).join(" or "),
      labels: { severity, ...labels },
      annotations: {
        summary: `Objective ${name} spends its budget of errors ${severity === "page" ? "fast" : "too fast"}`,
        description: `${describeObjective(objective)}. It fires where ${own.map(describeBurn).join(", or ")}.`,
        runbook_url: `${options.runbooks}${ALERT_RUNBOOKS[alert]}`,
      },
    };
  });
  const alert = "SigmaObjectiveUnmeasured";
  return [
    ...burning,
    {
      alert,
      expr: `absent(${EVENTS}{objective="${name}"})`,
      for: scaled(UNMEASURED_MS, options.scale),
      labels: { severity: "ticket", ...labels },
      annotations: {
        summary: `Objective ${name} is measured by nobody`,
        description: "No gateway that is scraped counts it: none runs, or none has it in its configuration.",
        runbook_url: `${options.runbooks}${ALERT_RUNBOOKS[alert]}`,
      },
    },
  ];
}

function condition(objective: Objective, { factor, longMs, shortMs }: BurnAlert, scale: number): string {
  const most = number(factor * budgetOf(objective));
  const above = (ms: number): string => `${errorRatio(ms, scale)}{objective="${objective.name}"} > ${most}`;
  return `${above(longMs)} and ${above(shortMs)}`;
}

function describeBurn({ factor, longMs, shortMs }: BurnAlert): string {
  return `the last ${describeDuration(longMs)} and ${describeDuration(shortMs)} burn more than ${factor} times the budget`;
}

/** The name of the rule that records the bad share of the last so many milliseconds. */
function errorRatio(ms: number, scale: number): string {
  return `sigma:objective_errors:ratio_rate${scaled(ms, scale)}`;
}

function scaled(ms: number, scale: number): string {
  return describeDuration(Math.max(1, Math.round(ms / scale)));
}

/** Without the last digits of a double's error: 14.4 * 0.005 is 0.072. */
function number(value: number): string {
  return String(Number(value.toPrecision(12)));
}
