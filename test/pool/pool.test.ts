import { once } from "node:events";
import { createServer, request as begin, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { serialize } from "node:v8";
import { expect, onTestFinished, test } from "vitest";
import type { CompiledContractSet } from "../../src/core/compiled.ts";
import { decide, ENGINE, type Decision } from "../../src/core/decide.ts";
import type { SourceRecord } from "../../src/core/record.ts";
import { Unavailable } from "../../src/core/unavailable.ts";
import type { PoolEvent } from "../../src/gateway/event.ts";
import { openPool, type Pool } from "../../src/pool/pool.ts";
import { pinned, readVectors, recordOf, vectorContracts } from "../core/vectors.ts";
import { shipmentContracts } from "../embedded.ts";
import { startService } from "../http/service.ts";
import { PATIENCE_MS, until } from "../patience.ts";

const ROWS = readVectors().rows;
const NEVER = new AbortController().signal;

async function sleep(_: number, signal: AbortSignal): Promise<void> {
  // Looks again at once, and lets others run.
  await new Promise((resolve) => setImmediate(resolve));
  signal.throwIfAborted();
}

/** @param onPause called when a batch waits for room, which is not as long as between two looks. */
function poolOf(
  urls: readonly string[],
  set: CompiledContractSet,
  events: PoolEvent[] = [],
  onPause: () => void = () => undefined,
): Pool {
  const pool = openPool({
    urls,
    authorization: null,
    inFlightMax: 2,
    timeoutMs: PATIENCE_MS,
    contracts: () => set,
    report: (event) => void events.push(event),
    sleep: async (ms, signal) => {
      if (ms < 1_000) onPause();
      await sleep(ms, signal).catch(() => undefined);
    },
  });
  onTestFinished(async () => pool.close());
  return pool;
}

function states(pool: Pool): readonly string[] {
  return pool.validators().map(({ state }) => state);
}

/** The vectors of one topic, as records of one stream. */
function recordsOf(topic: string): readonly SourceRecord[] {
  return ROWS.filter((row) => row.topic === topic).map((row, index) => ({
    ...recordOf(row),
    position: { stream: `log/${topic}/0`, topic, partition: 0, offset: BigInt(index) },
    timestampMs: 0,
    key: null,
  }));
}

async function outcomeOf(deciding: Promise<readonly Decision[] | null>): Promise<string> {
  return deciding.then(
    () => "decided",
    (error: unknown) => (error instanceof Unavailable ? error.code : String(error)),
  );
}

test("validators decide every vector as this process does, to the last bit", async () => {
  const set = vectorContracts();
  const { url } = await startService({ http: { contracts: () => set } });
  const pool = poolOf([url], set);
  await until(() => states(pool)[0] === "ready");
  const topics = [...new Set(ROWS.map(({ topic }) => topic))];
  let count = 0;
  for (const topic of topics) {
    const records = recordsOf(topic);
    const decisions = (await pool.decide(records, set, NEVER)) ?? [];
    const here = records.map((record) => decide({ ...record, topic }, set));
    // Also what no vector pins: the parsed payload, and the very number types of the version.
    expect(decisions).toEqual(here);
    for (const [index, one] of here.entries()) {
      const other = decisions[index];
      if (one.status === "PASSED" && other?.status === "PASSED") expect(other.numbers).toBe(one.numbers);
    }
    expect(decisions.map(pinned)).toEqual(ROWS.filter((row) => row.topic === topic).map(({ decision }) => decision));
    count += decisions.length;
  }
  expect(count).toBe(ROWS.length);
});

test("a validator with other contracts is not used, and is said to have them", async () => {
  const [set, other] = [shipmentContracts(), shipmentContracts(2_000)];
  const { url } = await startService({ http: { contracts: () => other } });
  const events: PoolEvent[] = [];
  const pool = poolOf([url], set, events);
  await until(() => states(pool)[0] === "other-set");
  expect(await outcomeOf(pool.decide(recordsOf("shipments"), set, NEVER))).toBe("POOL_UNREACHABLE");
  // What topics are bound to is part of a set.
  await expect(pool.decide(recordsOf("shipments"), set, NEVER)).rejects.toMatchObject({
    remedy: expect.stringContaining("the same contracts, sources, lanes and version") as string,
  });
  expect(events).toMatchObject([{ url, state: "other-set", why: expect.stringMatching(/contract set/) as string }]);
  // Its own health check does not count: each question names the set.
  const answer = await fetch(`${url}/v1/decide`, {
    method: "POST",
    headers: {
      "content-type": "application/vnd.sigma.evidence",
      "sigma-contract-set": set.digest,
      "sigma-engine": "3",
    },
    body: new Uint8Array(4),
  });
  expect([answer.status, await answer.json()]).toMatchObject([409, { code: "other-contracts" }]);
});

test("a validator that takes over a set is used then, and one that loses it is left out in the middle", async () => {
  const [set, other] = [shipmentContracts(), shipmentContracts(2_000)];
  let live = other;
  const { url } = await startService({ http: { contracts: () => live } });
  const pool = poolOf([url], set);
  await until(() => states(pool)[0] === "other-set");
  live = set;
  await until(() => states(pool)[0] === "ready");
  expect(await outcomeOf(pool.decide(recordsOf("shipments"), set, NEVER))).toBe("decided");
  live = other;
  expect(await outcomeOf(pool.decide(recordsOf("shipments"), set, NEVER))).toBe("POOL_UNREACHABLE");
});

test("batches go to the validators that decide fewest, and to the others when one is gone", async () => {
  const set = shipmentContracts();
  const first = await startService({ http: { contracts: () => set } });
  const second = await startService({ http: { contracts: () => set } });
  const pool = poolOf([first.url, second.url], set);
  await until(() => states(pool).every((state) => state === "ready"));
  const records = recordsOf("shipments");
  const asked = Array.from({ length: 8 }, async () => pool.decide(records, set, NEVER));
  await Promise.all(asked);
  expect(pool.validators().map(({ batches, inFlight }) => [batches, inFlight])).toEqual([
    [4, 0],
    [4, 0],
  ]);
  first.server.closeAllConnections();
  await new Promise((resolve) => first.server.close(resolve));
  for (let n = 0; n < 4; n += 1) expect(await outcomeOf(pool.decide(records, set, NEVER))).toBe("decided");
  await until(() => states(pool).join() === "away,ready");
});

test("a validator that has no room for a batch now is asked again, and not left out", async () => {
  const set = shipmentContracts();
  const [record] = recordsOf("shipments");
  if (record === undefined) throw new Error("there are records");
  const records = [{ ...record, value: Buffer.alloc(8_388_608, "x") }];
  const { url } = await startService({ http: { contracts: () => set } });
  const events: PoolEvent[] = [];
  // Somebody else's body takes nearly all the room that there is, and does not end.
  const other = begin(`${url}/v1/decide`, {
    method: "POST",
    headers: { "content-type": "application/vnd.sigma.evidence", "content-length": 67_000_000 },
  });
  other.on("error", () => undefined);
  await new Promise((resolve) => void other.write(Buffer.alloc(66_000_000), resolve));
  const pool = poolOf([url], set, events, () => void other.destroy());
  await until(() => states(pool)[0] === "ready");
  expect(await outcomeOf(pool.decide(records, set, NEVER))).toBe("decided");
  expect([events.map(({ state }) => state), other.destroyed]).toEqual([["ready"], true]);
});

test("one that never has room is left out in the end", async () => {
  const set = shipmentContracts();
  let asked = 0;
  const url = await impostor(set, (response) => {
    asked += 1;
    response.writeHead(503, { "content-type": "application/problem+json" }).end('{"code":"overloaded"}');
  });
  const events: PoolEvent[] = [];
  const pool = poolOf([url], set, events);
  await until(() => states(pool)[0] === "ready");
  expect(await outcomeOf(pool.decide(recordsOf("shipments").slice(0, 1), set, NEVER))).toBe("POOL_UNREACHABLE");
  expect(asked).toBe(51);
  expect(events.map(({ why }) => why)).toContainEqual("it holds as many bytes as it may");
});

test("without any validator there is no decision yet", async () => {
  const set = shipmentContracts();
  const pool = poolOf(["http://127.0.0.1:9"], set);
  await until(() => states(pool)[0] === "away");
  expect(await outcomeOf(pool.decide(recordsOf("shipments"), set, NEVER))).toBe("POOL_UNREACHABLE");
});

/** Something that speaks as a validator of the set until it is asked to decide. */
async function impostor(set: CompiledContractSet, decides: (response: ServerResponse) => void): Promise<string> {
  const pins = { "sigma-contract-set": set.digest, "sigma-engine": ENGINE };
  const server = createServer((request, response) => {
    request.resume();
    if (request.method === "GET") return response.end(JSON.stringify({ contractSet: set.digest, engine: ENGINE }));
    for (const [name, value] of Object.entries(pins)) response.setHeader(name, value);
    return decides(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const ANSWERS: Readonly<Record<string, unknown>> = {
  "of nothing": [null],
  "of numbers": [7],
  "of empty objects": [{}],
  "without a status": [{ contract: null }],
  "of an unknown status": [{ contract: null, status: "MAYBE" }],
  "of a record that passed by no contract": [{ contract: null, status: "PASSED" }],
  "of a failure that says nothing": [{ contract: null, status: "FAILED", parsed: 3 }],
  "of too many": [{}, {}],
};

test.each(Object.keys(ANSWERS))(
  "an answer %s is none: the validator is left out, and nothing is decided",
  async (name) => {
    const set = shipmentContracts();
    const url = await impostor(set, (response) => void response.end(serialize(ANSWERS[name])));
    const events: PoolEvent[] = [];
    const pool = poolOf([url], set, events);
    await until(() => states(pool)[0] === "ready");
    expect(await outcomeOf(pool.decide(recordsOf("shipments").slice(0, 1), set, NEVER))).toBe("POOL_UNREACHABLE");
    expect(events.map(({ state, why }) => [state, why])).toContainEqual(["away", "its answer is none"]);
  },
);

test("an answer that does not end is not read to its end", async () => {
  const set = shipmentContracts();
  let sent = 0;
  const url = await impostor(set, (response) => {
    const chunk = Buffer.alloc(1_048_576);
    const more = (): void => {
      while (!response.destroyed && response.write(chunk)) sent += 1;
      if (!response.destroyed) response.once("drain", more);
    };
    more();
  });
  const events: PoolEvent[] = [];
  const pool = poolOf([url], set, events);
  await until(() => states(pool)[0] === "ready");
  expect(await outcomeOf(pool.decide(recordsOf("shipments").slice(0, 1), set, NEVER))).toBe("POOL_UNREACHABLE");
  expect(events.map(({ why }) => why)).toContainEqual("its answer is too large");
  expect(sent).toBeLessThan(1_000);
});

test("a validator that sends its askers elsewhere is left out, and it is said why", async () => {
  const set = shipmentContracts();
  const url = await impostor(
    set,
    (response) => void response.writeHead(307, { location: "http://127.0.0.1:9/" }).end(),
  );
  const events: PoolEvent[] = [];
  const pool = poolOf([url], set, events);
  await until(() => states(pool)[0] === "ready");
  expect(await outcomeOf(pool.decide(recordsOf("shipments").slice(0, 1), set, NEVER))).toBe("POOL_UNREACHABLE");
  expect(events.map(({ why }) => why)).toContainEqual("it answers 307");
});
