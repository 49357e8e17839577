import { describe, expect, test } from "vitest";
import { partitionOf } from "../../src/source/partitioner.ts";
import { jsonLines, project, shipmentLines, sigma, startSigma, type Running } from "./run.ts";

const CONFIG = "sources: [{ topic: t, subject: shipment, default: 1, partitions: 7 }]\n";
const EVENT = { specversion: "1.0", id: "e", source: "/tests", type: "made" };

function shipment(id: string): Readonly<Record<string, unknown>> {
  return { shipment_id: id, weight_kg: 1, destination: `to ${id}`, priority: 2 };
}

function partition(key: string): number {
  return partitionOf(Buffer.from(key), 7);
}

async function startGateway(cwd: string): Promise<{ readonly running: Running; readonly url: string }> {
  const running = startSigma(["start", "--port", "0", "--no-demo", "--json"], { cwd });
  const { url } = JSON.parse(await running.line(/"kind":"started"/)) as { url: string };
  return { running, url };
}

/** Where the records of a request came to lie. */
async function send(url: string, body: unknown, headers: Readonly<Record<string, string>>): Promise<readonly number[]> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const init = {
    method: "POST",
    headers: { "content-type": "application/json", prefer: "wait=30", ...headers },
    body: text,
  };
  const answer = (await (await fetch(`${url}/v1/events/t`, init)).json()) as {
    decisions: readonly { readonly partition: number }[];
  };
  return answer.decisions.map((one) => one.partition);
}

const ids = Array.from({ length: 12 }, (_, at) => `S-${at}`);

describe("records of one identity come to lie in one partition", () => {
  test("however they are sent over HTTP", async () => {
    const { url } = await startGateway(project({ "sigma.yaml": CONFIG }));
    const expected = ids.map(partition);
    expect(new Set(expected).size).toBeGreaterThan(3);
    const lines = { "content-type": "application/x-ndjson" };
    expect(await send(url, `${ids.map((id) => JSON.stringify(shipment(id))).join("\n")}\n`, lines)).toEqual(expected);
    const batch = { "content-type": "application/cloudevents-batch+json" };
    expect(
      await send(
        url,
        ids.map((id) => ({ ...EVENT, data: shipment(id) })),
        batch,
      ),
    ).toEqual(expected);
    const binary = { "ce-specversion": "1.0", "ce-id": "e", "ce-source": "/tests", "ce-type": "made" };
    for (const id of ids.slice(0, 3)) {
      expect(await send(url, shipment(id), {})).toEqual([partition(id)]);
      expect(await send(url, shipment(id), binary)).toEqual([partition(id)]);
      const structured = { "content-type": "application/cloudevents+json" };
      expect(await send(url, { ...EVENT, data: shipment(id) }, structured)).toEqual([partition(id)]);
    }
  });

  test("unless the request names a key or a field, and a CloudEvent's own wins", async () => {
    const { url } = await startGateway(project({ "sigma.yaml": CONFIG }));
    const lines = { "content-type": "application/x-ndjson" };
    const text = `${ids.map((id) => JSON.stringify(shipment(id))).join("\n")}\nno JSON\n`;
    expect(new Set(await send(url, text, { ...lines, "sigma-key": "K" }))).toEqual(new Set([partition("K")]));
    const byField = await send(url, text, { ...lines, "sigma-key-field": "/destination" });
    expect(byField.slice(0, 12)).toEqual(ids.map((id) => partition(`to ${id}`)));
    const events = [
      { ...EVENT, partitionkey: "own", data: shipment("S-1") },
      { ...EVENT, data: shipment("S-2") },
    ];
    const batch = { "content-type": "application/cloudevents-batch+json", "sigma-key": "K" };
    expect(await send(url, events, batch)).toEqual([partition("own"), partition("K")]);
    const init = { method: "POST", headers: { ...lines, "sigma-key-field": "id" }, body: text };
    const refused = await fetch(`${url}/v1/events/t`, init);
    expect([refused.status, await refused.json()]).toMatchObject([400, { code: "bad-key-field" }]);
  });

  test("when a file is ingested, here or to a gateway, and the store keeps the key it was sent with", async () => {
    const cwd = project({ "sigma.yaml": CONFIG, "a.ndjson": shipmentLines(0, 200), "b.ndjson": shipmentLines(0, 200) });
    await sigma(["ingest", "a.ndjson", "-q"], { cwd });
    const { url, running } = await startGateway(cwd);
    const to = await sigma(["ingest", "b.ndjson", "--to", url, "--json"], { cwd });
    expect(jsonLines(to.stdout)).toMatchObject([{ decided: { duplicates: 200 } }]);
    running.child.kill("SIGTERM");
    await running.ended;
    const { stdout } = await sigma(["status", "--json"], { cwd });
    const counts = Array.from({ length: 7 }, () => 0);
    for (let n = 0; n < 200; n += 1) counts[partition(`S-${n}`)] = (counts[partition(`S-${n}`)] ?? 0) + 2;
    expect(jsonLines(stdout)).toMatchObject([{ streams: counts.map((end) => ({ end: String(end) })) }]);
    await sigma(["ingest", "a.ndjson", "-q", "--key", "/destination"], { cwd });
    await sigma(["ingest", "a.ndjson", "-q", "--key", "all of them"], { cwd });
    counts[partition("Dublin")] = (counts[partition("Dublin")] ?? 0) + 200;
    counts[partition("all of them")] = (counts[partition("all of them")] ?? 0) + 200;
    const after = await sigma(["status", "--json"], { cwd });
    expect(jsonLines(after.stdout)).toMatchObject([{ streams: counts.map((end) => ({ end: String(end) })) }]);
    expect((await sigma(["audit", "--source", "-q"], { cwd })).code).toBe(0);
  });
});
