import { describe, expect, test } from "vitest";
import { jsonLines, project, shipmentLines, sigma } from "./run.ts";

const BROKEN = '{"shipment_id":"S-9","weight_kg":"heavy","destination":"Oslo","priority":2}\n{broken\n';

async function filled(): Promise<string> {
  const cwd = project();
  const first = shipmentLines(0, 1);
  await sigma(["ingest", "-", "-q"], { cwd, input: `${first}${first}${BROKEN}` });
  return cwd;
}

const TERMS = { SIGMA_RETENTION_FAILED: "0d", SIGMA_RETENTION_RECEIPTS: "0h" };

describe("sigma retention", () => {
  test("tells what is too old, takes it when the number is right, shows it, and the audit names it", async () => {
    const cwd = await filled();
    const shown = await sigma(["retention", "run", "--dry-run"], { cwd, env: TERMS });
    expect(shown).toMatchObject({ code: 0, stderr: "" });
    expect(shown.stdout).toContain("3 documents too old: nothing was changed");
    const refused = await sigma(["retention", "run"], { cwd, env: TERMS });
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain("SIG-T-002");
    const other = await sigma(["retention", "run", "--expect", "4"], { cwd, env: TERMS });
    expect(other).toMatchObject({ code: 10 });
    expect(other.stderr).toContain("SIG-T-001");
    const taken = await sigma(["retention", "run", "--expect", "3"], { cwd, env: TERMS });
    expect(taken).toMatchObject({ code: 0, stderr: "" });
    expect(taken.stdout).toContain("3 documents taken, and announced in the operator log");
    expect((await sigma(["failures", "list", "--json"], { cwd })).stdout).toBe("");
    const audit = await sigma(["audit", "--source"], { cwd });
    expect(audit).toMatchObject({ code: 0 });
    expect(audit.stdout).toMatch(
      /^retained {2}\S+ {2}failures of shipments before offset 4 {2}2 documents gone {2}\S+ {2}\S+ via cli {2}retention.failed 0d: recorded before \S+$/m,
    );
    expect(audit.stdout).toMatch(/^retained {2}\S+ {2}receipts before offset 4 {2}1 document gone/m);
    const show = await sigma(["retention", "show"], { cwd, env: TERMS });
    expect(show.stdout).toMatch(/shipments\/0 {2,}failures of shipments {2,}4 {2,}2 /);
    const again = await sigma(["retention", "run", "--sweep", "--yes"], { cwd, env: TERMS });
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toContain("0 documents taken");
  });

  test("takes evidence, counts its records apart, and whoever needs it says in words what retention took", async () => {
    const cwd = await filled();
    const env = { SIGMA_RETENTION_EVIDENCE: "0d", SIGMA_RETENTION_RECEIPTS: "0d" };
    const shown = await sigma(["retention", "run", "--dry-run"], { cwd, env });
    expect(shown.stdout).toContain("1 document and the evidence of 4 records too old: nothing was changed");
    const taken = await sigma(["retention", "run", "--expect", "5"], { cwd, env });
    expect(taken).toMatchObject({ code: 0, stderr: "" });
    expect(taken.stdout).toContain("1 document and the evidence of 4 records taken, and announced");
    const audit = await sigma(["audit", "--source"], { cwd });
    expect(audit).toMatchObject({ code: 0 });
    expect(audit.stdout).toMatch(/^retained {2}\S+ {2}evidence before offset 4 {2}4 records gone/m);
    expect(audit.stdout).toMatch(/without evidence +4 +their documents were counted, and not compared/);
    const repaired = await sigma(["store", "repair"], { cwd });
    expect(repaired).toMatchObject({ code: 0 });
    expect(repaired.stdout).toContain("4 records without evidence, of which nothing can be brought back");
    const planned = await sigma(["redrive", "plan", "--reason", "again"], { cwd });
    expect(planned.stdout).toContain("evidence-outdated");
    const late = await sigma(["retention", "run", "--yes"], { cwd, env: { SIGMA_RETENTION_FACTS: "0d" } });
    expect(late).toMatchObject({ code: 30 });
    expect(late.stdout).toMatch(/^STAYS {2}Entry 1 of .* its evidence, which says what they are, is gone$/m);
    expect((await sigma(["failures", "list", "--json"], { cwd })).stdout.split("\n")).toHaveLength(3);
  });

  test("takes the payloads of facts, and the same record sent again is a duplicate still", async () => {
    const cwd = await filled();
    const env = { SIGMA_RETENTION_FACTS_COLLECTIONS: "shipments=0d" };
    const taken = await sigma(["retention", "run", "--expect", "1"], { cwd, env });
    expect(taken).toMatchObject({ code: 0, stderr: "" });
    expect(taken.stdout).toMatch(/facts of shipments +4 +1 +retention.facts_collections shipments=0d/);
    await sigma(["ingest", "-", "-q"], { cwd, input: shipmentLines(0, 1) });
    const audit = await sigma(["audit"], { cwd });
    expect(audit).toMatchObject({ code: 0 });
    expect(audit.stdout).toMatch(/^retained {2}\S+ {2}facts of shipments before offset 4 {2}1 payload gone/m);
    const show = await sigma(["retention", "show"], { cwd, env });
    expect(show.stdout).toMatch(/facts +for ever\nfacts of shipments +0d/);
  });

  test("keeps for ever without terms, and another collection's term is another", async () => {
    const cwd = await filled();
    const none = await sigma(["retention", "run", "--yes"], { cwd });
    expect(none).toMatchObject({ code: 0 });
    expect(none.stdout).toContain("0 documents too old");
    expect(none.stderr).toContain("every term is for ever");
    const env = { SIGMA_RETENTION_FAILED: "0d", SIGMA_RETENTION_COLLECTIONS: "shipments=forever" };
    const kept = await sigma(["retention", "run", "--dry-run", "--json"], { cwd, env });
    expect(jsonLines(kept.stdout)).toMatchObject([
      { kind: "planned", dryRun: true, removed: 0, floors: [], pending: 0, faults: [] },
    ]);
    const wrong = await sigma(["retention", "show"], { cwd, env: { SIGMA_RETENTION_FAILED: "soon" } });
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.stderr).toContain('Setting retention.failed is "soon", which is no term');
  });
});
