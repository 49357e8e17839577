import { expect, test } from "vitest";
import { until } from "../patience.ts";
import { jsonLines, project, shipmentLines, sigma, startSigma, type Running } from "./run.ts";

async function urlOf(running: Running): Promise<string> {
  return (JSON.parse(await running.line(/"kind":"started"/)) as { url: string }).url;
}

test("a gateway lets a validator decide, waits while there is none, and goes on by itself", async () => {
  const cwd = project({ "some.ndjson": `${shipmentLines(0, 500)}{"shipment_id":""}\n` });
  const validator = async (port: string): Promise<Running> => {
    const running = startSigma(["start", "--role", "validator", "--port", port, "--json"], { cwd });
    await urlOf(running);
    return running;
  };
  const first = await validator("0");
  const pool = await urlOf(first);
  const gateway = startSigma(["start", "--port", "0", "--json", "--no-demo"], {
    cwd,
    env: { SIGMA_DECIDE_POOL: pool },
  });
  const url = await urlOf(gateway);
  const send = async (): Promise<unknown> =>
    jsonLines((await sigma(["ingest", "some.ndjson", "--to", url, "--json"], { cwd })).stdout).at(-1);
  const status = async (): Promise<Readonly<Record<string, unknown>>> =>
    (await (await fetch(`${url}/v1/status`)).json()) as Readonly<Record<string, unknown>>;
  await until(async () => JSON.stringify((await status())["pool"]).includes('"ready"'));
  expect(await send()).toMatchObject({ records: 501 });
  await until(async () => JSON.stringify(await status()).includes('"decided":501'));
  const used = (await status())["pool"] as readonly { readonly batches: number }[];
  expect(used[0]?.batches).toBeGreaterThan(0);
  expect(await (await fetch(`${url}/metrics`)).text()).toContain('sigma_pool_validators{state="ready"} 1');

  first.child.kill("SIGKILL");
  await first.ended;
  await gateway.line(/"validator\.left_out"/);
  // What is taken meanwhile is durable, and waits.
  const taken = await fetch(`${url}/v1/events/sigma-aetl.shipments`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"shipment_id":"LATE","weight_kg":1,"destination":"Dublin","priority":1}',
  });
  expect(taken.status).toBe(202);
  await until(async () => (await (await fetch(`${url}/readyz`)).text()).includes("POOL_UNREACHABLE"));
  await validator(new URL(pool).port);
  await until(async () => (await fetch(`${url}/readyz`)).status === 200);
  await until(async () => JSON.stringify(await status()).includes('"passed":501'));
  gateway.child.kill("SIGTERM");
  expect((await gateway.ended).code).toBe(0);
  expect((await sigma(["audit", "--source"], { cwd })).code).toBe(0);
});
