import { burnAlertsOf, type BurnAlert } from "../burn.ts";
import { describeDuration, describeObjective, type Objective } from "../objective.ts";
import { EVENTS } from "./prometheus.ts";

const API_VERSION = "openslo/v1";
const SERVICE = "sigma-aetl";
const DATA_SOURCE = "sigma-prometheus";
/** Whom the policies notify; the operator says who that is. */
const TARGET = "sigma-on-call";

/** An object of OpenSLO. */
export type OpenSloObject = {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: "Service" | "DataSource" | "AlertNotificationTarget" | "AlertCondition" | "AlertPolicy" | "SLO";
  readonly metadata: { readonly name: string; readonly displayName?: string };
  readonly spec: Readonly<Record<string, unknown>>;
};

/**
 * The objectives as OpenSLO v1 (https://openslo.com). A condition of that version has one window, so that each alert is the condition
 * of its long window; the rules for Prometheus have both.
 */
export function openSlo(objectives: readonly Objective[]): readonly OpenSloObject[] {
  return [
    object("Service", SERVICE, { description: "Decides records by contracts, and stores them" }, "SIGMA-AETL"),
    object("DataSource", DATA_SOURCE, {
      type: "Prometheus",
      connectionDetails: { url: "http://localhost:9090" },
    }),
    object("AlertNotificationTarget", TARGET, { target: "on-call", description: "Replace by whom you call" }),
    ...objectives.flatMap((one) => [sloOf(one), ...burnAlertsOf(one).flatMap((alert) => policyOf(one, alert))]),
  ];
}

function object(
  kind: OpenSloObject["kind"],
  name: string,
  spec: OpenSloObject["spec"],
  displayName?: string,
): OpenSloObject {
  const metadata = displayName === undefined ? { name } : { name, displayName };
  return { apiVersion: API_VERSION, kind, metadata, spec };
}

function sloOf(objective: Objective): OpenSloObject {
  const { name, windowMs, targetMillionths } = objective;
  const query = (more: string): object => ({
    metricSource: {
      metricSourceRef: DATA_SOURCE,
      type: "Prometheus",
      spec: { query: `sum(${EVENTS}{objective="${name}"${more}})` },
    },
  });
  return object("SLO", name, {
    description: describeObjective(objective),
    service: SERVICE,
    indicator: {
      metadata: { name },
      spec: { ratioMetric: { counter: true, good: query(',outcome="good"'), total: query("") } },
    },
    timeWindow: [{ duration: describeDuration(windowMs), isRolling: true }],
    budgetingMethod: "Occurrences",
    objectives: [{ displayName: describeObjective(objective), target: targetMillionths / 1_000_000 }],
    alertPolicies: burnAlertsOf(objective).map((alert) => ({ alertPolicyRef: policyName(objective, alert) })),
  });
}

function policyOf(objective: Objective, alert: BurnAlert): readonly OpenSloObject[] {
  const { severity, factor, longMs } = alert;
  const name = policyName(objective, alert);
  const lookbackWindow = describeDuration(longMs);
  return [
    object("AlertCondition", name, {
      description: `The last ${lookbackWindow} burn at least ${factor} times the budget`,
      severity,
      condition: { kind: "burnrate", op: "gte", threshold: factor, lookbackWindow, alertAfter: "0m" },
    }),
    object("AlertPolicy", name, {
      description: `Objective ${objective.name}: burn rate of the last ${lookbackWindow}`,
      alertWhenNoData: false,
      alertWhenBreaching: true,
      alertWhenResolved: true,
      conditions: [{ conditionRef: name }],
      notificationTargets: [{ targetRef: TARGET }],
    }),
  ];
}

/** At most 63 characters, as the names of all objects: 40 of the objective and 12 of the window at most. */
function policyName({ name }: Objective, { longMs }: BurnAlert): string {
  return `${name}-burns-${describeDuration(longMs)}`;
}
