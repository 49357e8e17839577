import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { jsonLines, project, shipmentLines, sigma, startSigma } from "./run.ts";

const SECRET = "Zanzibar-4242";
const TOPIC = "sigma-aetl.shipments";

/** What is looked for, wherever it may be. */
function secretLine(id: string, weight: number | string): string {
  return `${JSON.stringify({ shipment_id: id, weight_kg: weight, destination: SECRET, priority: 2 })}\n`;
}

/** Files of the data directory that have the text in their bytes. */
function filesWith(directory: string, text: string): readonly string[] {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return names.map((one) => join(one.parentPath, one.name)).filter((path) => readFileSync(path).includes(text));
}

async function filled(): Promise<string> {
  const cwd = project();
  const input = `${shipmentLines(0, 5)}${secretLine("gone-1", 5)}${secretLine("gone-1", 5)}${secretLine("gone-1", 6)}`;
  await sigma(["ingest", "-", "-q"], { cwd, input });
  // A second entry, and one that is not the last.
  await sigma(["ingest", "-", "-q"], { cwd, input: `${secretLine("gone-2", "heavy")}${shipmentLines(5, 8)}` });
  return cwd;
}

const IDENTITY = ["--subject", "shipment", "--identity", '{"shipment_id":"gone-1"}'];

describe("sigma erase", () => {
  test("by identity leaves no byte of it in any file of the data directory, and the audit names it", async () => {
    const cwd = await filled();
    const data = join(cwd, ".sigma/data");
    expect(filesWith(data, SECRET).length).toBeGreaterThan(0);
    const shown = await sigma(["erase", ...IDENTITY, "--dry-run"], { cwd });
    expect(shown).toMatchObject({ code: 0, stderr: "" });
    expect(shown.stdout).toContain("3 records selected: nothing was changed");
    const reason = ["--reason", "article 17"];
    const erased = await sigma(["erase", ...IDENTITY, "--yes", ...reason], { cwd });
    expect(erased).toMatchObject({ code: 0, stderr: "" });
    expect(erased.stdout).toContain("3 records erased");
    const where = ["--where", `/destination=${SECRET}`, "--code", "schema", "--expect", "1"];
    expect((await sigma(["erase", ...where, ...reason], { cwd })).code).toBe(0);
    expect(filesWith(data, SECRET)).toEqual([]);
    expect(filesWith(data, "gone-1")).toEqual([]);
    const audit = await sigma(["audit", "--source"], { cwd });
    expect(audit).toMatchObject({ code: 0 });
    expect(audit.stdout).toMatch(/^erased {2}\S+ {2}3 records {2}\S+ {2}\S+ via cli {2}article 17$/m);
    expect(audit.stdout).toMatch(/^erased {2}\S+ {2}1 record {2}/m);
  });

  test("beside a gateway that runs is told by it, and the same record again is a duplicate", async () => {
    const cwd = await filled();
    const gateway = startSigma(["start", "--port", "0", "--no-demo", "--json"], { cwd });
    const { url } = JSON.parse(await gateway.line(/"kind":"started"/)) as { url: string };
    const get = async (path: string): Promise<Response> => fetch(`${url}/v1/decisions/${TOPIC}/0/${path}`);
    expect((await get("5/raw")).status).toBe(200);
    const erased = await sigma(["erase", ...IDENTITY, "--expect", "3", "--reason", "asked for"], { cwd });
    expect(erased).toMatchObject({ code: 0, stderr: "" });
    const raw = await get("5/raw");
    expect([raw.status, ((await raw.json()) as { code: string }).code]).toEqual([410, "erased"]);
    expect(await (await get("5")).json()).toMatchObject({ status: "PASSED", erased: true });
    expect(await (await get("6")).json()).toMatchObject({ status: "PASSED", duplicate: true, erased: true });
    expect(await (await get("7")).json()).toMatchObject({ status: "FAILED", code: "conflict", erased: true });
    const headers = { "content-type": "application/json", prefer: "wait=30" };
    const body = secretLine("gone-1", 5);
    const again = await fetch(`${url}/v1/events/${TOPIC}`, { method: "POST", headers, body });
    expect(await again.json()).toMatchObject({ decisions: [{ status: "PASSED", duplicate: true }] });
    gateway.child.kill("SIGTERM");
    await gateway.ended;
    expect((await sigma(["audit", "--source"], { cwd })).code).toBe(0);
  });

  test("tells a person what is missing or wrong, and changes nothing", async () => {
    const cwd = await filled();
    const reason = ["--reason", "r"];
    const wrong: readonly (readonly [readonly string[], number, string])[] = [
      [[...reason], 2, "SIG-E-001"],
      [[...IDENTITY, "--topic", "t", ...reason], 2, "SIG-E-001"],
      [["--subject", "shipment", ...reason], 2, "SIG-E-001"],
      [[...IDENTITY, "--yes"], 2, "SIG-I-012"],
      [[...IDENTITY, ...reason], 2, "SIG-E-003"],
      [["--topic", TOPIC, "--yes", ...reason], 2, "SIG-E-002"],
      [["--subject", "shipment", "--identity", "{", "--dry-run"], 2, "SIG-E-004"],
      [["--subject", "shipment", "--identity", '{"id":"x"}', "--dry-run"], 2, "SIG-E-004"],
      [["--subject", "order", "--identity", '{"id":"x"}', "--dry-run"], 2, "SIG-E-004"],
      [["--position", "nowhere", "--dry-run"], 2, "SIG-E-004"],
      [["--position", `${TOPIC}/0@9-3`, "--dry-run"], 2, "SIG-E-004"],
      [["--position", "other/0@1", "--dry-run"], 2, "SIG-I-011"],
      [["--where", "destination=x", "--dry-run"], 2, "SIG-E-004"],
      [["--from", "yesterday", "--dry-run"], 2, "SIG-E-004"],
      [["--topic", TOPIC, "--expect", "2", ...reason], 10, "SIG-E-005"],
      [["--position", `${TOPIC}/0@99`, "--yes", ...reason], 10, "SIG-E-005"],
    ];
    for (const [args, code, said] of wrong) {
      const run = await sigma(["erase", ...args], { cwd });
      expect([args, run.code, run.stderr]).toEqual([args, code, expect.stringContaining(said) as string]);
      expect(run.stderr).not.toMatch(/gone-1|\n {4}at /);
    }
    expect((await sigma(["audit", "--json", "-q"], { cwd })).stdout).toContain('"operatorHead":null');
  });

  test("takes the identity from standard input, positions and ranges, and answers in JSON", async () => {
    const cwd = await filled();
    const stdin = { cwd, input: '{"shipment_id":"gone-1"}' };
    const shown = await sigma(
      ["erase", "--subject", "shipment", "--identity", "-", "--dry-run", "--json", "-q"],
      stdin,
    );
    const streams = [{ facts: 1, duplicates: 1, conflicts: 1, failures: 0 }];
    expect(jsonLines(shown.stdout)).toMatchObject([
      { kind: "selected", dryRun: true, records: 3, streams, positions: [`${TOPIC}/0@5-7`] },
    ]);
    const positions = ["--position", `${TOPIC}/0@5-7`, "--position", `${TOPIC}/0@8`];
    const erased = await sigma(["erase", ...positions, "--yes", "--reason", "r", "--json", "-q"], { cwd });
    expect(jsonLines(erased.stdout)).toMatchObject([
      { kind: "selected", records: 4 },
      { kind: "erased", records: 4, isComplete: true, faults: [] },
    ]);
    expect(filesWith(join(cwd, ".sigma/data"), SECRET)).toEqual([]);
    const resumed = await sigma(["erase", "--resume", "--json"], { cwd });
    expect(jsonLines(resumed.stdout)).toMatchObject([{ kind: "erased", records: 0, isComplete: true }]);
  });
});
