import { cpSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sigma, startSigma, type Run } from "../cli/run.ts";
import { temporaryDirectory } from "../embedded.ts";
import { startApicurio, type ApicurioServer } from "../servers/apicurio.ts";
import { serialize } from "../servers/serializer.ts";

const TOPIC = "sigma-aetl.shipments";
const CONTRACTS = resolve(import.meta.dirname, "../../contracts");
const SCHEMA = readFileSync(join(CONTRACTS, "shipment/v1.schema.json"), "utf8");
const PAYLOAD = { shipment_id: "S-1", weight_kg: 15.2, destination: "Dublin", priority: 2 };

let apicurio: ApicurioServer;
beforeAll(async () => {
  apicurio = await startApicurio();
});
afterAll(async () => apicurio.stop());

type Decision = { readonly status: string; readonly code?: string; readonly declaredBy: string | null };

test("a version is published, a real serializer writes by the registry's id, and the gateway judges by it; without the registry nothing is decided and nothing is FAILED", async () => {
  const cwd = temporaryDirectory();
  cpSync(CONTRACTS, join(cwd, "contracts"), { recursive: true });
  const env = { SIGMA_REGISTRY_URL: apicurio.url, SIGMA_REGISTRY_TIMEOUT_SECONDS: "30", SIGMA_LOG_FORMAT: "json" };
  const run = async (...args: readonly string[]): Promise<Run> => sigma(args, { cwd, env });

  const before = await run("doctor");
  expect(before.stdout).toContain(`shipment@1 is not under ${TOPIC}-value`);
  const published = await run("contract", "publish", "shipment@1", "--json");
  expect([published.code, published.stderr]).toEqual([0, ""]);
  const told = JSON.parse(published.stdout) as { id: number; changed: readonly string[]; dropped: readonly string[] };
  // What this registry really does: it keeps the schema to the letter, and drops the metadata without a word.
  expect(told).toMatchObject({
    subject: `${TOPIC}-value`,
    changed: [],
    dropped: ["sigma.contract", "sigma.digest", "sigma.identity"],
  });
  expect((await run("doctor")).stdout).toContain("answers and takes JSON Schema");

  // The application has the schema as its own file: the registry gives it another id than the annotated one.
  const conf = { "auto.register.schemas": true };
  const registered = await serialize({ url: apicurio.url, topic: TOPIC, schema: SCHEMA, conf, payloads: [PAYLOAD] });
  const latest = { "auto.register.schemas": false, "use.latest.version": true };
  const second = { ...PAYLOAD, shipment_id: "S-2" };
  const byLatest = await serialize({
    url: apicurio.url,
    topic: TOPIC,
    schema: SCHEMA,
    conf: latest,
    payloads: [second],
  });

  const gateway = startSigma(["start", "--no-demo", "--port", "0"], { cwd, env });
  const url = /http:\/\/[\d.:]+/.exec(await gateway.line(/ on http/))?.[0] ?? "";
  const send = async (value: Uint8Array, wait: number): Promise<Decision | null> => {
    const response = await fetch(`${url}/v1/events/${TOPIC}`, {
      method: "POST",
      headers: { "content-type": "application/json", prefer: `wait=${wait}` },
      body: value,
    });
    return ((await response.json()) as { decisions?: readonly Decision[] }).decisions?.[0] ?? null;
  };
  for (const [value] of [registered, byLatest]) {
    expect(await send(value ?? new Uint8Array(), 10)).toMatchObject({ status: "PASSED", declaredBy: "wire-format" });
  }
  const framed = (id: number, text: string): Buffer => {
    const prefix = Buffer.alloc(5);
    prefix.writeInt32BE(id, 1);
    return Buffer.concat([prefix, Buffer.from(text)]);
  };
  const unknown = framed(1_999_999_999, JSON.stringify(PAYLOAD));
  expect(await send(unknown, 10)).toMatchObject({ status: "FAILED", code: "contract-unknown" });
  await gateway.line(/"sigma\.schema\.id":"1999999999".*stands for no contract version/);

  await apicurio.stop();
  const later = framed(1_999_999_998, JSON.stringify(PAYLOAD));
  expect(await send(later, 2)).toBeNull();
  const readiness = async (): Promise<unknown> => {
    const answer = await fetch(`${url}/readyz`);
    const { streams } = (await answer.json()) as { streams: readonly { state: string }[] };
    return [answer.status, streams[0]?.state];
  };
  await expect.poll(readiness).toEqual([503, "paused"]);
  // It stays so while the registry is asked again and again.
  for (let asked = 0; asked < 50; asked += 1) expect(await readiness()).toEqual([503, "paused"]);
  apicurio = await startApicurio();
  gateway.child.kill("SIGTERM");
  expect((await gateway.ended).code).toBe(0);

  // Started again with the registry where it is now: the record that waited gets its decision.
  const again = startSigma(["start", "--no-demo", "--port", "0"], {
    cwd,
    env: { ...env, SIGMA_REGISTRY_URL: apicurio.url },
  });
  const there = /http:\/\/[\d.:]+/.exec(await again.line(/ on http/))?.[0] ?? "";
  await expect
    .poll(async () => ((await (await fetch(`${there}/v1/decisions/${TOPIC}/0/3`)).json()) as Decision).code)
    .toBe("contract-unknown");
  again.child.kill("SIGTERM");
  await again.ended;
  // History stays readable and decides the same, although this registry knows none of the ids any more.
  expect((await run("audit", "--source", "--quiet")).stdout).toContain("nothing was found");
});
