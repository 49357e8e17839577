import { expect, test } from "vitest";
import { jsonLines, project, sigma, startSigma } from "./run.ts";

async function started(env: Readonly<Record<string, string>>, cwd: string) {
  const running = startSigma(["start", "--port", "0", "--json", "--no-demo"], { cwd, env });
  const line = JSON.parse(await running.line(/"kind":"started"/)) as { url: string; validate: string | null };
  return { running, ...line };
}

test("the start says what judges at /api/validate, and who asks is counted as traffic", async () => {
  const cwd = project();
  const { running, url, validate } = await started({}, cwd);
  expect(validate).toBe("shipment@1");
  const body = '{"shipment_id":"A","weight_kg":1,"destination":"Dublin","priority":1,"raw_payload":{}}';
  const headers = { "content-type": "application/json", "sigma-producer": "old-flow" };
  const answer = await fetch(`${url}/api/validate`, { method: "POST", headers, body });
  expect([answer.status, answer.headers.get("sigma-set-aside"), answer.headers.get("contract")]).toEqual([
    200,
    "raw_payload",
    "shipment@1",
  ]);
  // What is still to be noted is written before the end.
  running.child.kill("SIGTERM");
  expect((await running.ended).code).toBe(0);
  const traffic = await sigma(["contract", "traffic", "shipment", "--json"], { cwd });
  expect(jsonLines(traffic.stdout)).toMatchObject([{ version: 1, producer: "old-flow" }]);
  await sigma(["contract", "deprecate", "shipment@1", "--sunset", "2099-01-01", "--reason", "r"], { cwd });
  const retired = await sigma(["contract", "retire", "shipment@1", "--reason", "r"], {
    cwd,
    env: { SIGMA_SOURCES: "sigma-aetl.shipments=shipment" },
  });
  expect(retired.stdout + retired.stderr).toContain("old-flow");
  expect(retired.code).not.toBe(0);
});

test("http.validate_subject is told, and refused when it names nothing", async () => {
  const cwd = project();
  const named = await started({ SIGMA_HTTP_VALIDATE_SUBJECT: "shipment@2", SIGMA_HTTP_SET_ASIDE: "none" }, cwd);
  expect(named.validate).toBe("shipment@2");
  named.running.child.kill("SIGTERM");
  await named.running.ended;
  for (const [value, words] of [
    ["shipmnt@1", "did you mean"],
    ["shipment@7", "no such version"],
    ["letter", "no source says"],
    ["a b", "names no contract"],
  ] as const) {
    const refused = await sigma(["start", "--port", "0"], { cwd, env: { SIGMA_HTTP_VALIDATE_SUBJECT: value } });
    expect([value, refused.code === 0, refused.stdout + refused.stderr]).toEqual([
      value,
      false,
      expect.stringContaining(words),
    ]);
  }
  const hosts = await sigma(["start", "--port", "0"], { cwd, env: { SIGMA_HTTP_HOSTS: "http://a:80" } });
  expect(hosts.stdout + hosts.stderr).toContain("no host name");
});
