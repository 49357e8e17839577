import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { project, shipmentLines, sigma, startSigma, type Running } from "./run.ts";

const SHIPMENT = { shipment_id: "S-1", weight_kg: 15.2, destination: "Dublin", priority: 2 };

type Started = {
  readonly url: string;
  readonly role: string;
  readonly log: string | null;
  readonly store: string | null;
};

async function started(running: Running): Promise<Started> {
  return JSON.parse(await running.line(/"kind":"started"/)) as Started;
}

async function ask(url: string, path: string, body?: string): Promise<{ status: number; body: unknown }> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${url}${path}`, body === undefined ? {} : { method: "POST", headers, body });
  return { status: answer.status, body: await answer.json() };
}

test("a validator gives verdicts with neither log nor store, and comes to rest on SIGTERM", async () => {
  const cwd = project();
  const running = startSigma(["start", "--role", "validator", "--port", "0", "--json"], { cwd });
  const { url, role, log, store } = await started(running);
  expect([role, log, store]).toEqual(["validator", null, null]);
  expect(await ask(url, "/api/validate", JSON.stringify(SHIPMENT))).toEqual({
    status: 200,
    body: { status: "PASSED", clean_data: SHIPMENT },
  });
  expect(await ask(url, "/v1/validate/shipment", "{}")).toMatchObject({ status: 200, body: { status: "FAILED" } });
  expect(await ask(url, "/v1/contracts")).toMatchObject({ status: 200 });
  expect(await ask(url, "/readyz")).toEqual({ status: 200, body: { status: "ready", streams: [] } });
  expect(await ask(url, "/v1/failures")).toMatchObject({ status: 404, body: { code: "other-role" } });
  expect((await fetch(`${url}/metrics`)).status).toBe(200);
  running.child.kill("SIGTERM");
  expect((await running.ended).code).toBe(0);
  expect(existsSync(join(cwd, ".sigma"))).toBe(false);
});

test("a validator that other machines could reach does not start, as it knows no keys", async () => {
  const { code, stderr } = await sigma(["start", "--role", "validator", "--host", "0.0.0.0", "--port", "0"], {
    cwd: project(),
  });
  expect(code).toBe(2);
  expect(stderr).toContain(
    'error SIG-S-007 Cannot listen on "0.0.0.0" as validator: other machines could reach it, and without a store it knows no keys',
  );
});

test("a console reads what a gateway stores beside it, and changes nothing", async () => {
  const cwd = project({ "some.ndjson": `${shipmentLines(0, 3)}{"shipment_id":""}\n` });
  const early = await sigma(["start", "--role", "console", "--port", "0", "--log-level", "silent"], { cwd });
  expect([early.code, early.stderr]).toEqual([1, expect.stringContaining("LOG_CANTOPEN")]);
  expect((await sigma(["ingest", "some.ndjson"], { cwd })).code).toBe(0);
  const gateway = startSigma(["start", "--port", "0", "--json", "--no-demo"], { cwd });
  await started(gateway);
  const running = startSigma(["start", "--role", "console", "--port", "0", "--json"], { cwd });
  const { url } = await started(running);
  const groups = (await ask(url, "/v1/failures/groups")).body as { groups: readonly { fingerprint: string }[] };
  expect(groups.groups).toHaveLength(1);
  expect(await ask(url, "/v1/status")).toMatchObject({ status: 200, body: { ready: true } });
  expect(await ask(url, "/v1/decisions/sigma-aetl.shipments/0/3")).toMatchObject({ body: { status: "FAILED" } });
  for (const [path, body] of [
    ["/v1/events/sigma-aetl.shipments", JSON.stringify(SHIPMENT)],
    ["/v1/redrives", "{}"],
    [`/v1/failures/groups/${groups.groups[0]?.fingerprint}`, "{}"],
  ] as const)
    expect((await ask(url, path, body)).status).toBeGreaterThanOrEqual(404);
  for (const { child, ended } of [running, gateway]) {
    child.kill("SIGTERM");
    expect((await ended).code).toBe(0);
  }
  expect((await sigma(["audit", "--source"], { cwd })).code).toBe(0);
});
