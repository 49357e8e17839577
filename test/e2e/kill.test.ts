import { expect, test } from "vitest";
import { shipment, temporaryDirectory } from "../embedded.ts";
import { until } from "../patience.ts";
import { seeded } from "../simulation/random.ts";
import { sigma, startGatewayProcess } from "./process.ts";

const TOPIC = "sigma-aetl.shipments";
const KILLS = 40;
const SEED = 20_261_123;

type Acknowledged = { readonly offset: number; readonly text: string };

/** Posts records one after another, some alone and some as lines, until the gateway is gone; every 202 is written down. */
async function produce(url: string, name: string, acknowledged: Acknowledged[], signal: AbortSignal): Promise<void> {
  for (let n = 0; !signal.aborted; n += 1) {
    const texts =
      n % 3 === 2
        ? Array.from({ length: 40 }, (_, line) => textOf(`${name}-${n}-${line}`, line))
        : [textOf(`${name}-${n}`, n)];
    const type = texts.length === 1 ? "application/json" : "application/x-ndjson";
    try {
      const response = await fetch(`${url}/v1/events/${TOPIC}`, {
        method: "POST",
        headers: { "content-type": type },
        body: texts.join("\n"),
        signal,
      });
      const body = (await response.json()) as {
        positions?: { offset: number }[];
        ranges?: { from: number; to: number }[];
      };
      if (response.status !== 202) return;
      const first = body.positions?.[0]?.offset ?? body.ranges?.[0]?.from ?? -1;
      // Lines of one request may share their range with another producer's; only a range of their own size names them.
      const range = body.ranges?.[0];
      if (range !== undefined && range.to - range.from !== texts.length) continue;
      texts.forEach((text, index) => acknowledged.push({ offset: first + index, text }));
    } catch {
      return;
    }
  }
}

/** Valid, invalid, duplicates and conflicts: every way through the protocol. */
function textOf(id: string, n: number): string {
  if (n % 11 === 3) return "{broken";
  if (n % 7 === 5) return shipment("shared", n);
  return n % 5 === 4 ? shipment(id, -1) : shipment(id);
}

test(`${KILLS} kills at random moments lose no acknowledged record and decide none twice`, async () => {
  const random = seeded(SEED);
  const directory = temporaryDirectory();
  const acknowledged: Acknowledged[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    const gateway = await startGatewayProcess(directory);
    const abort = new AbortController();
    const producers = ["a", "b", "c"].map(async (name) =>
      produce(gateway.url, `${kill}${name}`, acknowledged, abort.signal),
    );
    // At a random record, on a machine of any speed; now and then before the first.
    const enough = acknowledged.length + random.below(300);
    await until(() => acknowledged.length >= enough);
    gateway.child.kill("SIGKILL");
    expect((await gateway.ended).signal).toBe("SIGKILL");
    abort.abort();
    await Promise.all(producers);
  }
  expect(acknowledged.length).toBeGreaterThan(KILLS * 10);

  const gateway = await startGatewayProcess(directory);
  const last = Math.max(...acknowledged.map(({ offset }) => offset));
  await until(async () => (await fetch(`${gateway.url}/v1/decisions/${TOPIC}/0/${last}`)).status === 200);
  // Every acknowledged record is decided, and it is that record: its bytes stand at the position that was promised.
  const wrong: string[] = [];
  for (const { offset, text } of acknowledged.filter(
    (_, index) => index % 10 === 0 || index > acknowledged.length - 200,
  )) {
    const response = await fetch(`${gateway.url}/v1/decisions/${TOPIC}/0/${offset}/raw`);
    if (response.status !== 200 || (await response.text()) !== text) wrong.push(`${offset}: ${response.status}`);
  }
  expect(wrong).toEqual([]);
  gateway.child.kill("SIGTERM");
  expect(await gateway.ended).toMatchObject({ code: 0 });

  const audit = await sigma(["audit", "--source", "--json", "--quiet", "--data", directory]);
  expect({
    code: audit.code,
    stdout: audit.stdout.includes('"findings":0') || audit.stdout.includes('"findingsTotal":0'),
  }).toEqual({ code: 0, stdout: true });
});
