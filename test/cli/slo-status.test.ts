import { expect, test } from "vitest";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../patience.ts";
import { jsonLines, project, shipmentLines, sigma, startSigma } from "./run.ts";

const OBJECTIVES = `objectives:
  - {name: running, kind: availability, target: 1%, window: 30d}
  - {name: passing, kind: quality, contract: shipment, target: 90%, window: 30d}
  - {name: fresh, kind: freshness, contract: shipment, within: 1d, target: 99%, window: 30d}
sources:
  - {topic: shipments, subject: shipment, default: 1}
`;

test("sigma slo status counts what was ingested, and ends with 20 once an objective is missed", async () => {
  const cwd = project({ "sigma.yaml": OBJECTIVES, "good.ndjson": shipmentLines(0, 100) });
  expect((await sigma(["ingest", "good.ndjson", "-q"], { cwd })).code).toBe(0);
  const met = await sigma(["slo", "status", "--json"], { cwd });
  expect([met.code, met.stderr]).toEqual([0, ""]);
  expect(jsonLines(met.stdout)).toMatchObject([
    { kind: "objective", of: "availability", name: "running", state: "no-data" },
    { name: "passing", state: "met", good: 100, bad: 0, ratio: 1, budgetLeft: 1, firing: null },
    { name: "fresh", state: "met", good: 100, bad: 0 },
  ]);
  // A replay counts nowhere.
  expect((await sigma(["ingest", "good.ndjson", "-q"], { cwd })).code).toBe(0);
  writeFileSync(join(cwd, "bad.ndjson"), '{"shipment_id":1}\n'.repeat(50));
  expect((await sigma(["ingest", "bad.ndjson", "-q"], { cwd })).code).toBe(0);
  const missed = await sigma(["slo", "status"], { cwd });
  expect(missed.code).toBe(20);
  expect(missed.stdout).toMatch(/^passing +missed +90% +66\.666% +-234% .* 3\.3 +ticket$/m);
  expect(missed.stdout).toContain("passing: 90% of new records of shipment pass, over 30d");
  expect(missed.stderr).toContain("Nothing was counted yet of running");
});

test("quality is of the first judgements of live records, exactly: redrives, replays and crashes change nothing", async () => {
  const cwd = project({ "sigma.yaml": OBJECTIVES, "old.ndjson": shipmentLines(0, 60) });
  const quality = async () => {
    const { stdout } = await sigma(["slo", "status", "--json"], { cwd });
    const { good, bad } = jsonLines(stdout).find(({ name }) => name === "passing") ?? {};
    return { good, bad };
  };
  expect((await sigma(["ingest", "old.ndjson", "-q"], { cwd })).code).toBe(0);
  expect(await quality()).toEqual({ good: 60, bad: 0 });
  // One batch, most of whose records are stored already: the rest counts as anything does.
  const broken = '{"shipment_id":1}\n'.repeat(7);
  writeFileSync(join(cwd, "mixed.ndjson"), `${shipmentLines(0, 60)}${shipmentLines(60, 65)}${broken}`);
  expect((await sigma(["ingest", "mixed.ndjson", "-q"], { cwd })).code).toBe(0);
  const before = await quality();
  expect(before).toEqual({ good: 65, bad: 7 });

  const run = async (...which: readonly string[]): Promise<void> => {
    const { stdout } = await sigma(["redrive", "plan", "--json", "--reason", "again", ...which], { cwd });
    const { id, count } = jsonLines(stdout).at(-1) ?? {};
    const args = ["redrive", "run", String(id), "--reason", "again", "--expect", String(count)];
    expect((await sigma(args, { cwd })).code).toBe(0);
  };
  await run("--code", "schema");
  expect(await quality()).toEqual(before);
  await run("--all", "--topic", "shipments", "--from", "0", "--to", "132");
  expect(await quality()).toEqual(before);
  const volume = jsonLines((await sigma(["volume", "--json"], { cwd })).stdout).at(-1);
  expect(volume).toMatchObject({ totals: { stored: 65, failed: 7, redriven: 7, replayed: 132 } });

  // A gateway that is killed had not written what it counted by itself; the ledger has it.
  const gateway = startSigma(["start", "--json", "--port", "0", "--no-demo"], { cwd });
  const { url } = JSON.parse(await gateway.line(/"kind":"started"/)) as { readonly url: string };
  const sent = await fetch(`${url}/v1/events/shipments`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: `${shipmentLines(70, 73)}${broken}`,
  });
  expect(sent.ok).toBe(true);
  await until(async () => {
    const { body } = await fetch(`${url}/v1/volume`).then(async (answer) => ({ body: await answer.json() }));
    return (body as { readonly totals: { readonly failed: number } }).totals.failed === 14;
  });
  gateway.child.kill("SIGKILL");
  await gateway.ended;
  expect(await quality()).toEqual({ good: 68, bad: 14 });
});

test("sigma slo status asks a running gateway, which counts its streams' time", async () => {
  const cwd = project({ "sigma.yaml": OBJECTIVES });
  const running = startSigma(["start", "--json", "--port", "0", "--no-demo"], { cwd });
  const line = await running.line(/"kind":"started"/);
  const { url } = JSON.parse(line) as { readonly url: string };
  type Told = readonly { readonly name: string; readonly good: number; readonly state: string }[];
  let told: Told = [];
  await until(async () => {
    const { stdout } = await sigma(["slo", "status", "--json", "--url", url], { cwd });
    told = jsonLines(stdout) as unknown as Told;
    return (told[0]?.good ?? 0) > 0;
  });
  expect(told.map(({ name, state }) => [name, state])).toEqual([
    ["running", "met"],
    ["passing", "no-data"],
    ["fresh", "no-data"],
  ]);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toMatch(/^sigma_objective_events_total\{objective="running",outcome="good"\} [1-9]/m);
  expect(metrics).toContain('sigma_objective_events_total{objective="passing",outcome="bad"} 0');
});
