import { describe, expect, test } from "vitest";
import { jsonLines, project, shipmentLines, sigma } from "./run.ts";

describe("sigma volume", () => {
  test("shows what became of the records, by hour and by day, as a table and as JSON", async () => {
    const cwd = project();
    const bad = `{"shipment_id":"bad","weight_kg":-1,"destination":"Cork","priority":2}\n`;
    for (const producer of ["svc-a", "svc-b"]) {
      const input = `${shipmentLines(0, 3)}${bad}`;
      expect((await sigma(["ingest", "-", "--producer", producer, "-q"], { cwd, input })).code).toBe(0);
    }
    const shown = await sigma(["volume"], { cwd });
    expect([shown.code, shown.stderr]).toEqual([0, ""]);
    const when = String.raw`\d{4}-\d\d-\d\d \d\d:00`;
    expect(shown.stdout).toMatch(
      /^HOUR +CONTRACT +PRODUCER +STORED +FAILED +DUPLICATE +REDELIVERY +CONFLICT +REDRIVEN +REPLAYED *\n/,
    );
    expect(shown.stdout).toMatch(new RegExp(`${when} +shipment@1 +svc-a +3 +1 +- +- +- +- +-`));
    expect(shown.stdout).toMatch(new RegExp(`${when} +shipment@1 +svc-b +- +1 +3 +- +- +- +-`));
    expect(shown.stdout).toMatch(/all +3 +2 +3 +- +- +- +-\n$/);
    const { stdout } = await sigma(["volume", "--by", "day", "--kind", "failed", "--producer", "svc-a", "--json"], {
      cwd,
    });
    expect(jsonLines(stdout)).toMatchObject([
      { kind: "volume", by: "day", complete: true, totals: { failed: 1, stored: 0 }, rows: [{ producer: "svc-a" }] },
    ]);
  });

  test.each([
    [["--kind", "lost"], 2, "SIG-V-001", "--kind"],
    [["--since", "yesterday"], 2, "SIG-V-001", "--since"],
    [[], 2, "SIG-I-007", "holds no data yet"],
  ])("%j ends with %i and %s", async (args, code, name, word) => {
    const run = await sigma(["volume", ...args], { cwd: project() });
    expect(run.code).toBe(code);
    expect(run.stderr).toContain(name);
    expect(run.stderr).toContain(word);
  });
});
