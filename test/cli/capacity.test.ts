import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MEASURED } from "../../src/capacity/coefficients.ts";
import { jsonLines, project, sigma } from "./run.ts";

const ARRIVING = ["--rate", "2000", "--cores", "8", "--store-cores", "8"];

describe("sigma capacity", () => {
  test("predicts what each number of workers would do, as a table and as JSON", async () => {
    const cwd = project();
    const table = await sigma(["capacity", ...ARRIVING], { cwd });
    expect(table.code).toBe(0);
    expect(table.stdout).toMatch(/^WORKERS +RECORDS\/S +WAITING +P50 +P99 +CORES +MONGODB +KAFKA +MEMORY +DISK A DAY/);
    expect(table.stdout).toMatch(/\n +4 +2,000 +\d+ +\d+ ms +\d+ ms +.* GB +what arrives\n$/);
    const { stdout } = await sigma(["capacity", ...ARRIVING, "--workers", "2,3", "--json"], { cwd });
    expect(jsonLines(stdout)).toMatchObject([
      { kind: "forecast", workers: 2, partitions: 6, rate: 2000, recordsPerSecond: 2000, fallsBehind: 0 },
      { kind: "forecast", workers: 3 },
    ]);
  });

  test("says what a backlog takes, and where more workers would have nothing to do", async () => {
    const run = await sigma(["capacity", "--partitions", "2"], { cwd: project() });
    expect(run.code).toBe(0);
    expect(run.stderr).toContain("2 partitions keep no more workers than that busy");
  });

  test("predicts by the costs of a file", async () => {
    const cwd = project();
    const doubled = { fixed: 1_000, perKilobyte: 0 };
    const own = { ...MEASURED.own, record: { ...MEASURED.own.record, fact: doubled }, beside: 0 };
    writeFileSync(join(cwd, "costs.json"), JSON.stringify({ ...MEASURED, own, measuredOn: "a slow machine" }));
    const args = ["capacity", "--workers", "1", "--failed-percent", "0", "--cores", "8", "--store-cores", "8"];
    const run = await sigma([...args, "--costs", "costs.json"], { cwd });
    expect(run.stderr).toContain("costs: a slow machine");
    expect(run.stdout).toMatch(/\n +1 +(99\d|1,000) .* workers\n$/);
  });

  test.each([
    [["--partitions", "0"], "SIG-S-060", "--partitions 0"],
    [["--record-bytes", "0"], "SIG-S-060", "--record-bytes 0"],
    [["--record-bytes", "67108865"], "SIG-S-060", "a number from 1 to 67,108,864"],
    [["--failed-percent", "60", "--duplicate-percent", "50"], "SIG-S-060", "more than 100"],
    [["--costs", "none.json"], "SIG-S-061", "none.json"],
    [["--workers", "0"], "workers", "from 1 on"],
  ])("%j is refused with exit 2 and %s", async (args, name, word) => {
    const run = await sigma(["capacity", ...args], { cwd: project() });
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(name);
    expect(run.stderr).toContain(word);
  });
});
