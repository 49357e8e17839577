import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { stringify } from "yaml";
import { prometheusRules, type Rule } from "../../../src/slo/export/prometheus.ts";
import { checkWithPromtool } from "../../servers/prometheus.ts";
import { EXAMPLES } from "./objectives.ts";

const RULES = prometheusRules(EXAMPLES, { runbooks: "https://docs.example/runbooks/", scale: 1 });

/** A folder with the rules, and a test of them. */
function folderWith(rules: object, tests: object = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "sigma-rules-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "rules.yml"), stringify(rules, { lineWidth: 0 }));
  writeFileSync(
    join(folder, "test.yml"),
    stringify({ rule_files: ["rules.yml"], evaluation_interval: "5m", ...tests }),
  );
  return folder;
}

function ruleOf(alert: string, objective: string): Extract<Rule, { readonly alert: string }> {
  const found = RULES.flatMap(({ rules }) => rules).find(
    (rule) => "alert" in rule && rule.alert === alert && rule.labels["objective"] === objective,
  );
  if (found === undefined || !("alert" in found)) throw new Error(`There is no ${alert} of ${objective}`);
  return found;
}

/** What promtool expects of an alert that fires. */
function fires(alert: string, objective: string): object {
  const { labels, annotations } = ruleOf(alert, objective);
  return { exp_labels: labels, exp_annotations: annotations };
}

/** Counters of one objective, a sample a minute. */
function events(objective: string, good: string, bad: string): readonly object[] {
  const series = (outcome: string): string =>
    `sigma_objective_events_total{objective="${objective}",outcome="${outcome}",instance="a"}`;
  return [
    { series: series("good"), values: good },
    { series: series("bad"), values: bad },
  ];
}

const ALERTS = ["SigmaObjectiveBurnsFast", "SigmaObjectiveBurnsSlowly", "SigmaObjectiveUnmeasured"];

/** Which of these alerts of one objective are to fire at times. */
function at(
  objective: string,
  expected: Readonly<Record<string, readonly string[]>>,
  alerts: readonly string[] = ALERTS,
): readonly object[] {
  return Object.entries(expected).flatMap(([time, firing]) =>
    alerts.map((alertname) => ({
      alertname,
      eval_time: time,
      exp_alerts: firing.includes(alertname) ? [fires(alertname, objective)] : [],
    })),
  );
}

function judged(series: readonly object[], alert_rule_test: readonly object[]): string {
  const own = RULES.filter(({ name }) => ["sigma-objectives", "sigma-objective-shipment-quality"].includes(name));
  // Without an order promtool takes groups as they come, and alerts may see the ratios of five minutes before.
  const tests = {
    group_eval_order: own.map(({ name }) => name),
    tests: [{ interval: "1m", input_series: series, alert_rule_test }],
  };
  return checkWithPromtool(["test", "rules", "test.yml"], folderWith({ groups: own }, tests));
}

describe("the rules for Prometheus", () => {
  test("are rules for promtool too, and for its lint", () => {
    const folder = folderWith({ groups: RULES });
    // It ends with an error where it finds a fault.
    expect(checkWithPromtool(["check", "rules", "--lint=all", "--lint-fatal", "rules.yml"], folder)).toContain(
      "Checking rules.yml",
    );
  });

  test("name a window once, whatever objectives share it", () => {
    const names = RULES.flatMap(({ rules }) => rules).flatMap((rule) => ("record" in rule ? [rule.record] : []));
    const ratios = names.filter((name) => name.startsWith("sigma:objective_errors:"));
    expect(ratios.filter((name, index) => ratios.indexOf(name) !== index)).toEqual([]);
    expect(ratios).toContain("sigma:objective_errors:ratio_rate1h");
  });

  test("link each alert to its runbook", () => {
    const alerts = RULES.flatMap(({ rules }) => rules).flatMap((rule) => ("alert" in rule ? [rule] : []));
    expect(new Set(alerts.map(({ annotations }) => annotations["runbook_url"]))).toEqual(
      new Set([
        "https://docs.example/runbooks/objective-burns.md",
        "https://docs.example/runbooks/objective-unmeasured.md",
      ]),
    );
  });

  test("raise nothing in a healthy day", () => {
    const healthy = events("shipment-quality", "0+600x1440", "0+1x1440");
    expect(judged(healthy, at("shipment-quality", { "5m": [], "1h": [], "1d": [] }))).toContain("SUCCESS");
  });

  test("page within minutes of a bad time, and no longer once it is over", () => {
    // Two hours of health, twenty minutes in which all fails, and two hours of health again.
    const bad = events("shipment-quality", "0+600x120 72000+0x20 72000+600x120", "0+0x120 0+600x20 12000+0x120");
    const page = "SigmaObjectiveBurnsFast";
    const expected = { "120m": [], "130m": [page], "140m": [page], "240m": [] };
    expect(judged(bad, at("shipment-quality", expected, [page]))).toContain("SUCCESS");
  });

  test("raise a ticket where a small share fails for a day, and page nobody", () => {
    const slowly = events("shipment-quality", "0+580x1440", "0+20x1440");
    expect(judged(slowly, at("shipment-quality", { "1d": ["SigmaObjectiveBurnsSlowly"] }))).toContain("SUCCESS");
  });

  test("raise nothing where nothing happens", () => {
    const silent = events("shipment-quality", "5+0x1440", "5+0x1440");
    expect(judged(silent, at("shipment-quality", { "1h": [], "1d": [] }))).toContain("SUCCESS");
  });

  test("say that nobody measures an objective", () => {
    const other = events("decisions", "0+600x60", "0+0x60");
    expect(judged(other, at("shipment-quality", { "5m": [], "30m": ["SigmaObjectiveUnmeasured"] }))).toContain(
      "SUCCESS",
    );
  });

  test("are faster by the scale of a rehearsal, and otherwise the same", () => {
    const rehearsal = prometheusRules(EXAMPLES, { runbooks: "docs/runbooks/", scale: 60 });
    const text = JSON.stringify(rehearsal);
    expect(text).toContain("ratio_rate5s");
    expect(text).toContain("[12h]");
    expect(checkWithPromtool(["check", "rules", "rules.yml"], folderWith({ groups: rehearsal }))).toContain("Checking");
  });

  test("are none without objectives", () => {
    expect(prometheusRules([], { runbooks: "", scale: 1 })).toEqual([]);
  });
});
