import { describe, expect, test } from "vitest";
import { jsonLines, project, ROOT, sigma } from "./run.ts";

const GOOD = `{"shipment_id":"S-1","weight_kg":15.2,"destination":"Dublin","priority":2}`;
const BAD = `{"shipment_id":"","weight_kg":-5,"destination":"Dublin"}`;

describe("sigma validate", () => {
  test("judges standard input, names every pointer and exits 10 when it FAILED", async () => {
    const { code, stdout, stderr } = await sigma(["validate", "-", "--contract", "shipment"], { input: `${BAD}\n` });
    expect([code, stderr]).toEqual([10, ""]);
    expect(stdout).toMatch(/^FAILED {2}- {2}shipment@1 {2}schema\n/);
    for (const pointer of ["/shipment_id", "/weight_kg", "/priority"]) expect(stdout).toContain(`\n  ${pointer}  `);
  });

  test("exits 0 and prints the id when the payload PASSED", async () => {
    const { code, stdout } = await sigma(["validate", "--contract", "shipment@1"], { input: GOOD });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^PASSED {2}- {2}shipment@1 {2}id [0-9a-f-]{36}\n$/);
  });

  test("judges the example records line by line, as JSON without an escape byte", async () => {
    const { code, stdout } = await sigma(["validate", "examples/shipments.ndjson", "--contract", "shipment", "--json"]);
    const decisions = jsonLines(stdout);
    expect(code).toBe(10);
    expect(decisions).toHaveLength(42);
    expect(decisions.filter(({ status }) => status === "PASSED")).toHaveLength(19);
    expect(decisions[14]).toMatchObject({ v: 1, line: 16, status: "FAILED", code: "schema", contract: "shipment@1" });
    expect(stdout).not.toContain("\u001b");
  });

  test("names the nearest contract when there is none of that name", async () => {
    const { code, stdout, stderr } = await sigma(["validate", "--contract", "shipmnet"], { input: GOOD });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(
      'SIG-I-004 Cannot validate by "shipmnet": there is no such contract (did you mean "shipment"?)',
    );
  });

  test("refuses a version that does not exist", async () => {
    const { code, stderr } = await sigma(["validate", "--contract", "shipment@7"], { input: GOOD });
    expect(code).toBe(2);
    expect(stderr).toContain('Cannot validate by "shipment@7": there is no such version\n  fix: use one of 1, 2\n');
  });

  test.each([
    ["a directory", "contracts", "it is a directory"],
    ["a file that is not there", "absent.json", "it does not exist"],
  ])("refuses %s without a stack", async (_, file, why) => {
    const { code, stderr } = await sigma(["validate", file, "--contract", "shipment"]);
    expect(code).toBe(2);
    expect(stderr).toBe(
      `error SIG-I-001 Cannot read "${file}": ${why}\n  fix: name a file that can be read, or - for standard input\n`,
    );
  });

  test("judges a draft that is named, and says that it is one", async () => {
    const directory = project({ "one.json": GOOD });
    const { readFileSync, writeFileSync, rmSync } = await import("node:fs");
    const file = `${directory}/contracts/shipment/contract.yaml`;
    writeFileSync(file, readFileSync(file, "utf8").replace("status: active", "status: draft"));
    rmSync(`${directory}/contracts/contracts.lock`);
    const { code, stderr } = await sigma(["validate", "one.json", "--contract", "shipment@1"], { cwd: directory });
    expect([code, stderr]).toEqual([0, "shipment@1 is a draft: no gateway judges by it yet\n"]);
  });

  test("ends quietly when its reader does", async () => {
    const { spawnSync } = await import("node:child_process");
    const command = `"${process.execPath}" bin/sigma.js validate examples/shipments.ndjson --contract shipment --json | head -n 1`;
    const run = spawnSync("bash", ["-c", command], { cwd: ROOT, encoding: "utf8" });
    expect(run.stderr).toBe("");
    expect(jsonLines(run.stdout)).toHaveLength(1);
  });
});
