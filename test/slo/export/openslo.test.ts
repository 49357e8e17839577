import { expect, test } from "vitest";
import { openSlo } from "../../../src/slo/export/openslo.ts";
import { EXAMPLES } from "./objectives.ts";

const OBJECTS = openSlo(EXAMPLES);

/** What the specification says of every object and of durations (OpenSLO v1, General Schema and Custom Data Types). */
const NAME = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const DURATION = /^\d+[mhdwMQY]$/;

test("OpenSLO has one objective with its indicator as a ratio of counters", () => {
  const [slo] = OBJECTS.filter(({ metadata }) => metadata.name === "shipment-quality");
  expect(slo).toEqual({
    apiVersion: "openslo/v1",
    kind: "SLO",
    metadata: { name: "shipment-quality" },
    spec: {
      description: "99% of new records of shipment pass, over 30d",
      service: "sigma-aetl",
      indicator: {
        metadata: { name: "shipment-quality" },
        spec: {
          ratioMetric: {
            counter: true,
            good: {
              metricSource: {
                metricSourceRef: "sigma-prometheus",
                type: "Prometheus",
                spec: { query: 'sum(sigma_objective_events_total{objective="shipment-quality",outcome="good"})' },
              },
            },
            total: {
              metricSource: {
                metricSourceRef: "sigma-prometheus",
                type: "Prometheus",
                spec: { query: 'sum(sigma_objective_events_total{objective="shipment-quality"})' },
              },
            },
          },
        },
      },
      timeWindow: [{ duration: "30d", isRolling: true }],
      budgetingMethod: "Occurrences",
      objectives: [{ displayName: "99% of new records of shipment pass, over 30d", target: 0.99 }],
      alertPolicies: ["1h", "6h", "1d", "3d"].map((window) => ({ alertPolicyRef: `shipment-quality-burns-${window}` })),
    },
  });
});

test("OpenSLO names each object once of its kind, in the form the specification asks for", () => {
  const names = OBJECTS.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  expect(OBJECTS.map(({ metadata }) => metadata.name).filter((name) => !NAME.test(name))).toEqual([]);
  expect(new Set(OBJECTS.map(({ apiVersion }) => apiVersion))).toEqual(new Set(["openslo/v1"]));
});

test("OpenSLO refers to objects that are there, by one condition for each policy", () => {
  const named = (kind: string): readonly string[] =>
    OBJECTS.filter((one) => one.kind === kind).map(({ metadata }) => metadata.name);
  const text = JSON.stringify(OBJECTS);
  const references = (key: string): readonly string[] => [
    ...new Set([...text.matchAll(new RegExp(`"${key}":"([^"]+)"`, "g"))].map(([, name = ""]) => name)),
  ];
  expect(references("alertPolicyRef")).toEqual(named("AlertPolicy"));
  expect(references("conditionRef")).toEqual(named("AlertCondition"));
  expect(references("metricSourceRef")).toEqual(named("DataSource"));
  expect(references("targetRef")).toEqual(named("AlertNotificationTarget"));
  expect(references("service")).toEqual(named("Service"));
});

test("OpenSLO has durations of one number and one of its units", () => {
  const text = JSON.stringify(OBJECTS);
  const durations = [...text.matchAll(/"(?:duration|lookbackWindow|alertAfter)":"([^"]+)"/g)].map(
    ([, one = ""]) => one,
  );
  expect(durations.length).toBeGreaterThan(20);
  expect(durations.filter((one) => !DURATION.test(one))).toEqual([]);
});
