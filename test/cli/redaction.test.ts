import { describe, expect, test } from "vitest";
import { project, sigma } from "./run.ts";

const SETTINGS = { SIGMA_REDACT_POINTERS: "/destination" };
/** The name of a member below the redacted value, and the value of one beside a fault. */
const FAILING = `{"shipment_id":"","weight_kg":1,"destination":{"ann@example.org":"SECRET"},"priority":1}`;
const TWICE = `{"shipment_id":"A","destination":{"ann@example.org":1,"ann@example.org":2}}`;

describe("redaction on the command line", () => {
  test("sigma ingest names the first failures without what is redacted", async () => {
    const cwd = project();
    const input = `${FAILING}\n${TWICE}\n`;
    for (const json of [[], ["--json"]]) {
      const { stdout, stderr } = await sigma(["ingest", ...json], { cwd, input, env: SETTINGS });
      expect(stdout).toContain("/shipment_id");
      expect(stdout + stderr).not.toMatch(/ann@|SECRET/);
    }
  });

  test.each([[["--json"]], [[]]])("sigma validate %j shows no bytes around a fault", async (json) => {
    const cwd = project();
    const input = `${FAILING}\n${TWICE}\n`;
    const shown = await sigma(["validate", "--contract", "shipment", "--ndjson", ...json], { cwd, input });
    const redacted = await sigma(["validate", "--contract", "shipment", "--ndjson", ...json], {
      cwd,
      input,
      env: SETTINGS,
    });
    expect(shown.stdout).toMatch(/ann@/);
    expect(redacted.stdout).toContain("/shipment_id");
    expect(redacted.stdout).not.toMatch(/ann@|SECRET/);
  });

  test("the commands of failures show nothing of it, and bytes only to who says why", async () => {
    const cwd = project();
    await sigma(["ingest", "-q"], { cwd, input: `${FAILING}\n${TWICE}\n` });
    const run = async (...args: readonly string[]) => sigma(["failures", ...args], { cwd, env: SETTINGS });
    const id = "sigma-aetl.shipments/0@0";
    for (const args of [["groups"], ["list", "--payload"], ["list", "--payload", "--json"], ["show", id], ["export"]])
      expect((await run(...args)).stdout).not.toMatch(/ann@|SECRET/);
    expect((await run("show", id)).stdout).toMatch(/^bytes +redacted; --raw --reveal REASON shows them$/m);
    const guessed = await run("list", "--field", "/destination/ann@example.org=SECRET");
    expect(guessed.stdout).toBe("No failure is like that.\n");
    const refused = await run("show", id, "--raw");
    expect([refused.code, refused.stdout, refused.stderr]).toEqual([
      10,
      "",
      expect.stringContaining("SIG-F-006") as string,
    ]);
    expect((await run("show", id, "--raw", "--reveal", "ticket 7")).stdout).toBe(FAILING);
    expect((await run("show", id, "--reveal", "ticket 8")).stdout).toBe(FAILING);
    expect((await sigma(["audit"], { cwd })).code).toBe(0);
  });

  test.each(["destination", "shipment:destination", "shipment /a", "/a~3"])(
    "a pointer written %s is refused",
    async (text) => {
      const { code, stderr } = await sigma(["config", "show"], { env: { SIGMA_REDACT_POINTERS: text } });
      expect([code, stderr]).toMatchObject([
        2,
        expect.stringContaining("SIG-S-004 Setting redact.pointers has") as string,
      ]);
    },
  );
});
