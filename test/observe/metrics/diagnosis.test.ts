import { expect, test } from "vitest";
import { createDiagnosisMetrics } from "../../../src/observe/metrics/diagnosis.ts";
import { metricsPage } from "../../../src/observe/metrics/page.ts";
import { readPage } from "./reading.ts";

test("diagnoses are counted by result, dropped groups one by one, and answers are timed", () => {
  const { observe, families } = createDiagnosisMetrics();
  const of = { fingerprint: "f", model: "m" };
  observe({ kind: "diagnosis-done", ...of, confidence: "high", durationMs: 4_000 });
  observe({ kind: "diagnosis-dropped", count: 3 });
  const values = Object.fromEntries(readPage(String(metricsPage(families(), undefined).body)));
  expect(values).toMatchObject({
    'sigma_diagnoses_total{result="done",code=""}': 1,
    'sigma_diagnoses_total{result="dropped",code=""}': 3,
    'sigma_diagnosis_seconds_bucket{le="5.0"}': 1,
    sigma_diagnosis_seconds_sum: 4,
  });
});
