import { once } from "node:events";
import { expect, test } from "vitest";
import { until } from "../patience.ts";
import { jsonLines, project, sigma, startSigma, type Running } from "./run.ts";

type Json = Readonly<Record<string, unknown>>;

/** A project whose 300 failures would pass by the contract that is live now. */
async function failed(): Promise<string> {
  const lines = Array.from({ length: 300 }, (_, number) => `{"shipment_id":"s-${number}","weight_kg":-1}\n`);
  const cwd = project({ "all.ndjson": lines.join("") });
  expect((await sigma(["ingest", "all.ndjson", "-q"], { cwd })).code).toBe(0);
  return cwd;
}

async function last(cwd: string, ...args: readonly string[]): Promise<Json> {
  const { stdout } = await sigma([...args, "--json"], { cwd });
  return jsonLines(stdout).at(-1) ?? {};
}

async function gateway(cwd: string): Promise<Running> {
  const running = startSigma(["start", "--port", "0", "--log-level", "info"], { cwd });
  await running.line(/listening/);
  return running;
}

test("a plan that is given to the gateways goes on by itself after kill -9 of the one that ran it", async () => {
  const cwd = await failed();
  const { id } = await last(cwd, "redrive", "plan", "--reason", "try");
  const show = async (): Promise<Json> => last(cwd, "redrive", "show", String(id));
  const handled = async (): Promise<number> => ((await show())["report"] as { handled: number }).handled;
  const first = await gateway(cwd);
  const run = ["redrive", "run", String(id), "--detach", "--reason", "go", "--expect", "300"];
  expect(await last(cwd, ...run, "--rate", "1")).toMatchObject({ state: "running", by: "gateway" });
  await until(async () => (await handled()) > 0);
  first.child.kill("SIGKILL");
  await once(first.child, "exit");
  expect(await show()).toMatchObject({ state: "running" });
  expect(await handled()).toBeLessThan(300);
  const second = await gateway(cwd);
  // A new rate while it runs.
  expect(await last(cwd, ...run)).toMatchObject({ state: "running" });
  await until(async () => (await show())["state"] === "done");
  second.child.kill("SIGTERM");
  const { code, stderr } = await second.ended;
  expect(code).toBe(0);
  expect(stderr).toContain("a redrive runs here no more");
  expect(await show()).toMatchObject({ report: { planned: 300, handled: 300, failed: 300, pending: 0 } });
  expect((await sigma(["audit", "--source"], { cwd })).code).toBe(0);
});

test("what a gateway redrives is on its page of metrics, and not among the live decisions", async () => {
  const cwd = await failed();
  const { id } = await last(cwd, "redrive", "plan", "--reason", "try");
  const running = startSigma(["start", "--port", "0", "--json", "--no-demo"], { cwd });
  const { url } = JSON.parse(await running.line(/"kind":"started"/)) as { readonly url: string };
  const run = ["redrive", "run", String(id), "--detach", "--reason", "go", "--expect", "300"];
  expect((await sigma(run, { cwd })).code).toBe(0);
  await running.line(/"redrive\.ended"/);
  const page = await (await fetch(`${url}/metrics`)).text();
  const counted = page.split("\n").filter((line) => /^sigma_(?:decisions|redriven|replayed|objective)/.test(line));
  expect(counted).toEqual([
    'sigma_redriven_decisions_total{subject="shipment",version="1",outcome="failed",reason="schema"} 300',
    'sigma_replayed_records_total{subject="shipment",kind="redriven"} 300',
  ]);
});
