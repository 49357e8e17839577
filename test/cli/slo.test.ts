import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { project, ROOT, sigma } from "./run.ts";

/** The objectives of the documentation. */
function pageConfig(): string {
  const page = readFileSync(join(ROOT, "docs/objectives.md"), "utf8");
  return /<!-- tried: .*? -->\n\n```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
}

describe("sigma slo export", () => {
  test("prints the rules of the documentation's objectives, with links to the runbooks", async () => {
    const cwd = project({ "sigma.yaml": pageConfig() });
    const args = ["slo", "export", "--format", "prometheus", "--runbooks", "https://docs.example.com/runbooks"];
    const { code, stdout, stderr } = await sigma(args, { cwd });
    expect([code, stderr]).toEqual([0, ""]);
    const { groups } = parse(stdout) as { readonly groups: readonly { readonly name: string }[] };
    expect(groups.map(({ name }) => name)).toEqual([
      "sigma-objectives",
      "sigma-objective-decisions",
      "sigma-objective-shipment-quality",
      "sigma-objective-shipment-fresh",
    ]);
    expect(stdout).toContain("runbook_url: https://docs.example.com/runbooks/objective-burns.md");
  });

  test("prints OpenSLO, one document for each object", async () => {
    const cwd = project({ "sigma.yaml": pageConfig() });
    const { code, stdout, stderr } = await sigma(["slo", "export", "--format", "openslo"], { cwd });
    expect([code, stderr]).toEqual([0, ""]);
    const kinds = parseAllDocuments(stdout).map((one) => (one.toJS() as { readonly kind: string }).kind);
    expect(kinds.filter((kind) => kind === "SLO")).toHaveLength(3);
    expect(kinds.slice(0, 3)).toEqual(["Service", "DataSource", "AlertNotificationTarget"]);
  });

  test("says where the objective of an unknown contract is, and ends with 2", async () => {
    const cwd = project({ "sigma.yaml": pageConfig().replace("contract: shipment", "contract: shipmnt") });
    const { code, stdout, stderr } = await sigma(["slo", "export", "--format", "openslo"], { cwd });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("sigma.yaml:6:5: error SIG-S-020");
    expect(stderr).toContain('did you mean "shipment"?');
  });

  test("asks for objectives where there are none", async () => {
    const { code, stderr } = await sigma(["slo", "export", "--format", "openslo"], { cwd: project() });
    expect([code, stderr]).toEqual([2, expect.stringContaining("SIG-I-045")]);
  });
});
