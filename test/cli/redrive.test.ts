import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { until } from "../patience.ts";
import { BIN, jsonLines, project, sigma } from "./run.ts";

/** A project of which two thirds of its records failed in two groups. */
async function failed(records = 60): Promise<string> {
  const record = (number: number) => ({ shipment_id: `s-${number}`, weight_kg: 1, destination: "Dublin", priority: 1 });
  const lines = Array.from({ length: records }, (_, number) => {
    if (number % 3 === 0) return record(number);
    return number % 3 === 1 ? { ...record(number), weight_kg: -1 } : { ...record(number), priority: 9 };
  });
  const cwd = project({ "all.ndjson": lines.map((line) => `${JSON.stringify(line)}\n`).join("") });
  expect((await sigma(["ingest", "all.ndjson", "-q"], { cwd })).code).toBe(0);
  return cwd;
}

async function plan(cwd: string, ...more: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const { code, stdout, stderr } = await sigma(["redrive", "plan", "--json", "--reason", "try", ...more], { cwd });
  expect([code, stderr]).toEqual([0, ""]);
  return jsonLines(stdout).at(-1) ?? {};
}

async function last(cwd: string, ...args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const { stdout } = await sigma([...args, "--json"], { cwd });
  return jsonLines(stdout).at(-1) ?? {};
}

describe("sigma redrive", () => {
  test("plans what would become of the failures, runs the plan once, and each failure stays where it was", async () => {
    const cwd = await failed();
    const { id, count, dryRun } = await plan(cwd, "--code", "schema");
    expect([count, dryRun]).toMatchObject([40, { passed: 0, failed: 40, groupsTotal: 2 }]);
    const before = await last(cwd, "failures", "groups", "--sort", "count");
    const unseen = await sigma(["redrive", "run", String(id), "--reason", "go"], { cwd });
    expect([unseen.code, unseen.stderr]).toEqual([2, expect.stringContaining("add --expect 40") as string]);
    const other = await sigma(["redrive", "run", String(id), "--reason", "go", "--expect", "41"], { cwd });
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining("it has 40 records") as string]);
    const done = await last(cwd, "redrive", "run", String(id), "--reason", "go", "--expect", "40");
    expect(done).toMatchObject({ end: "done", planned: 40, handled: 40, failed: 40, stored: 0 });
    const again = await sigma(["redrive", "run", String(id), "--reason", "go", "--expect", "40"], { cwd });
    expect([again.code, again.stderr]).toEqual([10, expect.stringContaining("is done") as string]);
    const after = await last(cwd, "failures", "groups", "--sort", "count");
    expect(after).toEqual({ ...before, redriven: 20 });
    const one = await last(cwd, "failures", "show", "sigma-aetl.shipments/0@1");
    expect(one).toMatchObject({
      stream: expect.stringContaining("/0") as string,
      redrives: [{ plan: id, outcome: "failed" }],
    });
    const words = await sigma(["failures", "show", "sigma-aetl.shipments/0@1#2"], { cwd });
    expect(words.stdout).toMatch(/first +sigma-aetl.shipments\/0@1 schema; plan [0-9a-f]{12}\nredriven +by plan/);
    expect((await sigma(["audit", "--source"], { cwd })).code).toBe(0);
  });

  test("a failure that retention took is told with when, by which term, and what became of its record", async () => {
    const cwd = await failed();
    const { id } = await plan(cwd, "--code", "schema");
    await last(cwd, "redrive", "run", String(id), "--reason", "go", "--expect", "40");
    const env = { SIGMA_RETENTION_FAILED: "0d" };
    expect((await sigma(["retention", "run", "--yes"], { cwd, env })).code).toBe(0);
    const position = "sigma-aetl.shipments/0@1";
    const shown = await sigma(["failures", "show", position], { cwd });
    expect([shown.code, shown.stderr]).toEqual([0, ""]);
    const by = /failure taken by retention \S+ by \S+ via cli \(retention.failed 0d: recorded before \S+\)/.source;
    expect(shown.stdout).toMatch(
      new RegExp(`^${position}#1  taken by retention\n\ntaken +${by}\nredriven +by plan ${String(id)}: failed schema`),
    );
    const back = await sigma(["failures", "show", `${position}#2`], { cwd });
    expect(back.stdout).toMatch(new RegExp(`first +${position} schema; plan ${String(id)}\n +${by}\n`));
    const json = await last(cwd, "failures", "show", position);
    expect(json).toMatchObject({ kind: "failure-taken", taken: [{ what: "failure" }], redrives: [{ plan: id }] });
    const raw = await sigma(["failures", "show", position, "--raw"], { cwd });
    expect([raw.code, raw.stderr]).toEqual([10, expect.stringMatching(by) as string]);
    expect((await sigma(["failures", "show", "sigma-aetl.shipments/0@0"], { cwd })).stderr).toContain("SIG-F-003");
  });

  test("a record that failed nowhere shows what it repeats, where it failed first, and what retention took of the fact", async () => {
    const cwd = await failed();
    const topic = "sigma-aetl.shipments";
    const { id } = await plan(cwd, "--all", "--topic", topic, "--from", "0", "--to", "2");
    await last(cwd, "redrive", "run", String(id), "--reason", "go", "--expect", "2");
    const shown = async (what: string) => (await sigma(["failures", "show", what], { cwd })).stdout;
    const duplicate = await shown(`${topic}/0@0#2`);
    expect(duplicate).toMatch(
      new RegExp(
        `^${topic}/0@0#2  DUPLICATE\n\nfact +[0-9a-f-]{36}\ncontract +shipment@1\nfact at +${topic}/0@0\nfirst +`,
      ),
    );
    const env = { SIGMA_RETENTION_FACTS: "0d" };
    expect((await sigma(["retention", "run", "--yes"], { cwd, env })).code).toBe(0);
    const by = /fact taken by retention \S+ by \S+ via cli \(retention.facts 0d: recorded before \S+\)/.source;
    expect(await shown(`${topic}/0@0#2`)).toMatch(new RegExp(`fact at +${topic}/0@0\n +${by}\nfirst +${topic}/0@0 `));
    expect(await shown(`${topic}/0@0`)).toMatch(new RegExp(`^${topic}/0@0#1  PASSED\n\n(?:.+\n)*taken +${by}`));
    const json = await last(cwd, "failures", "show", `${topic}/0@0#2`);
    expect(json).toMatchObject({ kind: "decision", duplicate: true, fact: { offset: 0, taken: [{ what: "fact" }] } });
  });

  test("goes on after kill -9 where its ledger ends", async () => {
    // At one record a second the run is far from its end when it is killed, on a slow machine too.
    const cwd = await failed(600);
    const { id } = await plan(cwd);
    const args = [BIN, "redrive", "run", String(id), "--reason", "go", "--expect", "400", "--rate", "1"];
    const child = spawn(process.execPath, args, { cwd, stdio: "ignore" });
    const handled = async (): Promise<number> =>
      ((await last(cwd, "redrive", "show", String(id)))["report"] as { handled: number }).handled;
    await until(async () => (await handled()) > 0);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await handled()).toBeLessThan(400);
    const done = await last(cwd, "redrive", "run", String(id), "--reason", "on", "--expect", "400");
    expect(done).toMatchObject({ end: "done", handled: 400, failed: 400 });
    expect((await sigma(["audit"], { cwd })).code).toBe(0);
  });

  test("replays a range of a stream: what is stored is a duplicate", async () => {
    const cwd = await failed();
    const { id, dryRun } = await plan(cwd, "--all", "--topic", "sigma-aetl.shipments", "--from", "0", "--to", "30");
    expect(dryRun).toMatchObject({ passed: 0, duplicates: 10, failed: 20 });
    const done = await last(cwd, "redrive", "run", String(id), "--reason", "go", "--expect", "30");
    expect(done).toMatchObject({ end: "done", duplicates: 10, failed: 20 });
    expect((await sigma(["audit"], { cwd })).code).toBe(0);
  });

  test("one plan for a contract runs at a time, and a cancelled one is over", async () => {
    const cwd = await failed(600);
    const first = await plan(cwd);
    const second = await plan(cwd);
    const child = spawn(
      process.execPath,
      [BIN, "redrive", "run", String(first["id"]), "--reason", "go", "--expect", "400", "--rate", "1"],
      { cwd, stdio: "ignore" },
    );
    const stateOf = async (id: unknown): Promise<unknown> => (await last(cwd, "redrive", "show", String(id)))["state"];
    await until(async () => (await stateOf(first["id"])) === "running");
    const busy = await sigma(["redrive", "run", String(second["id"]), "--reason", "go", "--expect", "400"], { cwd });
    expect([busy.code, busy.stderr]).toEqual([10, expect.stringContaining("is running") as string]);
    expect((await sigma(["redrive", "cancel", String(first["id"]), "--reason", "no"], { cwd })).code).toBe(0);
    await once(child, "exit");
    expect(await stateOf(first["id"])).toBe("cancelled");
    const run = await last(cwd, "redrive", "run", String(second["id"]), "--reason", "go", "--expect", "400");
    expect(run).toMatchObject({ end: "done" });
  });

  test("corrected bytes are a new record by a named person, and the failure shows what became of it", async () => {
    const cwd = await failed();
    writeFileSync(join(cwd, "fixed.json"), '{"shipment_id":"s-1","weight_kg":1,"destination":"Dublin","priority":1}');
    const said = ["--file", "fixed.json", "--actor", "ann", "--reason", "a digit was lost"];
    const done = await last(cwd, "redrive", "correct", "sigma-aetl.shipments/0@1", ...said);
    expect(done).toMatchObject({ failure: "sigma-aetl.shipments/0@1#1", offset: 60 });
    expect((await sigma(["ingest", "fixed.json", "-q"], { cwd })).code).toBe(0);
    const { corrections } = await last(cwd, "failures", "show", "sigma-aetl.shipments/0@1");
    expect(corrections).toMatchObject([
      { actor: "ann via cli", reason: "a digit was lost", offset: 60, outcome: "stored" },
    ]);
    const words = await sigma(["failures", "show", "sigma-aetl.shipments/0@1"], { cwd });
    expect(words.stdout).toMatch(/corrected +at offset 60 by ann via cli, .*: a digit was lost; stored fact /);
    const again = await sigma(["redrive", "correct", "sigma-aetl.shipments/0@1", ...said], { cwd });
    expect([again.code, again.stderr]).toEqual([10, expect.stringContaining("SIG-F-012") as string]);
    expect((await sigma(["audit", "--source"], { cwd })).code).toBe(0);
  });

  test.each([
    [["redrive", "correct", "sigma-aetl.shipments/0@0", "--file", "all.ndjson", "--reason", "x"], 2, "SIG-F-003"],
    [["redrive", "correct", "sigma-aetl.shipments/0@1", "--file", "none", "--reason", "x"], 2, "SIG-F-013"],
    [["redrive", "show", "abc"], 10, "There is no redrive plan"],
    [["redrive", "pause", "abcdef012345", "--reason", "x"], 10, "There is no redrive plan"],
    [["redrive", "plan", "--code", "unknown-code", "--reason", "x"], 10, "No record is selected"],
    [["redrive", "plan", "--since", "soon", "--reason", "x"], 2, "--since"],
    [["redrive", "plan", "--all", "--reason", "x"], 2, "--topic"],
    [["redrive", "plan", "--from", "-1", "--reason", "x"], 2, "--from"],
    [["redrive", "plan", "--to-version", "9", "--reason", "x"], 10, "there is no contract version shipment@9"],
  ])("%j is refused", async (args, code, words) => {
    const cwd = await failed();
    const refused = await sigma(args, { cwd });
    expect([refused.code, refused.stderr]).toEqual([code, expect.stringContaining(words) as string]);
    expect(refused.stderr).not.toContain("    at ");
  });
});
