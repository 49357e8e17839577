import { once } from "node:events";
import { PassThrough } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createHeld } from "../../src/http/body/held.ts";
import { plainChunks } from "../../src/http/body/read-body.ts";
import { startClock } from "../../src/http/body/clock.ts";
import { wholeLines } from "../../src/http/events/line-body.ts";
import { shipment, TOPIC } from "../embedded.ts";
import { PATIENCE_MS } from "../patience.ts";
import { chunked, openRaw } from "./raw-connection.ts";
import { post, startService, type Service } from "./service.ts";

const EVENTS = `/v1/events/${TOPIC}`;
const NDJSON = { "content-type": "application/x-ndjson" };

function head(type: string, more = ""): string {
  return `POST ${EVENTS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\n${more}Connection: close\r\n`;
}

async function endOf({ log }: Service): Promise<bigint> {
  const [stream] = await log.streams();
  return stream === undefined ? -1n : (await log.bounds(stream)).end;
}

describe("gzip", () => {
  test("ordinary NDJSON packs 30 to one and is taken whole, under either name of the encoding", async () => {
    const service = await startService();
    const lines = Array.from({ length: 4_000 }, (_, n) => {
      return `{"shipment_id":"s-${String(n).padStart(6, "0")}","weight_kg":21.5,"destination":"${"Dublin North ".repeat(20)}","priority":2}\n`;
    }).join("");
    const packed = gzipSync(lines, { level: 6 });
    expect(lines.length / packed.length).toBeGreaterThan(26);
    for (const encoding of ["gzip", "x-gzip"]) {
      const answer = await post(`${service.url}${EVENTS}`, packed, { ...NDJSON, "content-encoding": encoding });
      expect([answer.status, answer.body["count"]]).toEqual([202, 4_000]);
    }
    const spaces = gzipSync(`{"shipment_id":"z",${" ".repeat(3_000)}"weight_kg":1,"destination":"D","priority":1}`);
    const one = await post(`${service.url}${EVENTS}`, spaces, { "content-encoding": "gzip", prefer: "wait=30" });
    expect(one.body).toMatchObject({ decisions: [{ status: "PASSED" }] });
  });

  test("a packed stream is bounded by its bytes, however they are spread over chunks", async () => {
    const packed = gzipSync(Buffer.alloc(3_000_000, "a"));
    async function* source(): AsyncGenerator<Buffer> {
      for (let at = 0; at < packed.length; at += 100) yield packed.subarray(at, at + 100);
    }
    const read = async (bytesMax: number): Promise<number> => {
      let bytes = 0;
      for await (const chunk of plainChunks(source(), { "content-encoding": "gzip" }, bytesMax)) bytes += chunk.length;
      return bytes;
    };
    expect(await read(3_000_000)).toBe(3_000_000);
    await expect(read(2_999_999)).rejects.toMatchObject({ problem: { status: 413, code: "gzip-too-large" } });
  });

  test("what is refused midway says exactly what was appended", async () => {
    const service = await startService();
    const lines = Array.from({ length: 3_000 }, (_, n) => `${shipment(`g${n}`)}\n`).join("");
    const packed = gzipSync(lines);
    const cut = await post(`${service.url}${EVENTS}`, packed.subarray(0, packed.length - 20), {
      ...NDJSON,
      "content-encoding": "gzip",
    });
    expect([cut.status, cut.body["code"]]).toEqual([400, "bad-gzip"]);
    const { appended } = cut.body as { appended: number };
    expect(BigInt(appended)).toBe(await endOf(service));
    const [stream] = await service.log.streams();
    const range = { stream: stream?.id, partition: 0, from: 0, to: appended };
    expect(cut.body["ranges"]).toEqual(appended === 0 ? [] : [range]);
  });
});

describe("streams of lines", () => {
  test("two writers at once: the ranges of each are exactly its own positions", async () => {
    const service = await startService();
    const send = async (name: string) =>
      post(
        `${service.url}${EVENTS}`,
        Array.from({ length: 5_000 }, (_, n) => `${shipment(`${name}${n}`)}\n`).join(""),
        NDJSON,
      );
    const answers = await Promise.all(["a", "b", "c"].map(send));
    const taken = answers.flatMap(({ body }) =>
      (body["ranges"] as { from: number; to: number }[]).flatMap(({ from, to }) =>
        Array.from({ length: to - from }, (_, n) => from + n),
      ),
    );
    expect(taken.length).toBe(15_000);
    expect(new Set(taken).size).toBe(15_000);
  });

  test("Prefer: wait is honoured for as many as one answer holds, and else the answer says that it was not", async () => {
    const service = await startService();
    const lines = (count: number): string => Array.from({ length: count }, (_, n) => `${shipment(`w${n}`)}\n`).join("");
    const few = await post(`${service.url}${EVENTS}`, lines(20), { ...NDJSON, prefer: "wait=30" });
    expect([few.status, few.headers.get("preference-applied"), few.body["decisions"]]).toMatchObject([
      200,
      "wait=30",
      Array.from({ length: 20 }, () => ({ status: "PASSED" })),
    ]);
    const many = await post(`${service.url}${EVENTS}`, lines(1_001), { ...NDJSON, prefer: "wait=30" });
    expect([many.status, many.headers.get("preference-applied"), many.body["count"]]).toEqual([202, "none", 1_001]);
  });

  test("a sender that stalls is answered, and told what was appended", async () => {
    const service = await startService({ http: { limits: { lineMs: 3_000 } } });
    const stalled = await openRaw(service.port);
    stalled.socket.write(`${head(NDJSON["content-type"], "Transfer-Encoding: chunked\r\n")}\r\n`);
    stalled.socket.write(chunked(Array.from({ length: 1_000 }, (_, n) => `${shipment(`x${n}`)}\n`).join("")));
    stalled.socket.write(chunked('{"half":'));
    expect(await stalled.answer).toMatch(/^HTTP\/1\.1 408[^]*"appended":1000/);
    expect(await endOf(service)).toBe(1_000n);
  });

  test("pieces that are gone cost nothing, however many there were of one body", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const body = new PassThrough();
    const clock = startClock(PATIENCE_MS, "Nothing arrived", "too-slow");
    const chunks = clock.watch(body)[Symbol.asyncIterator]();
    const pass = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n += 1) {
        body.write("x");
        await chunks.next();
      }
    };
    const usedAfter = async (count: number): Promise<number> => {
      await pass(count);
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = await usedAfter(10_000);
    // A hundred bytes for each would be ten million.
    expect((await usedAfter(100_000)) - before).toBeLessThan(3_000_000);
    body.end();
    expect(await chunks.next()).toMatchObject({ done: true });
    clock.stop();
  });

  test("a line now and then is enough however long it takes in all; without one the answer says what was appended", async () => {
    const service = await startService({ http: { limits: { lineMs: 30_000 } } });
    const { socket, answer } = await openRaw(service.port);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const held = async (): Promise<number> => {
      const text = await (await fetch(`${service.url}/metrics`)).text();
      return Number(/^sigma_http_held_bytes (\d+)$/m.exec(text)?.[1]);
    };
    const taken = async (bytes: number): Promise<void> => {
      while ((await held()) !== bytes) await nextTurn();
    };
    const line = `${shipment("slow")}\n`;
    socket.write(`${head(NDJSON["content-type"], "Transfer-Encoding: chunked\r\n")}\r\n`);
    socket.write(chunked(line.repeat(1_000)));
    await taken(0);
    for (let sent = 1; sent <= 3; sent += 1) {
      socket.write(chunked(line));
      await taken(sent * line.length);
      vi.advanceTimersByTime(25_000);
    }
    vi.advanceTimersByTime(5_000);
    vi.useRealTimers();
    expect(await answer).toMatch(/^HTTP\/1\.1 408[^]*"appended":1000/);
    expect(await endOf(service)).toBe(1_000n);
  });

  test.each([
    ["lines", NDJSON["content-type"], "\n", "lineMs"],
    ["one record", "application/json", "", "bodyMs"],
  ] as const)("who sends %s is not late because the process stood still", async (_, type, end, limit) => {
    const service = await startService({ http: { limits: { [limit]: 2_000 } } });
    const { socket, answer } = await openRaw(service.port);
    const record = `${shipment("kept")}${end}`;
    const [first, second] = [record.slice(0, 10), record.slice(10)];
    socket.write(`${head(type, `Content-Length: ${record.length}\r\n`)}\r\n${first}`);
    await expect
      .poll(async () => (await (await fetch(`${service.url}/metrics`)).text()).includes("held_bytes 0"))
      .toBe(false);
    await new Promise<void>((written) => socket.write(second, () => written()));
    // Nothing is read and no clock is looked at for longer than the sender has.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_000);
    expect(await answer).toMatch(/^HTTP\/1\.1 202/);
  });

  test("holds nothing for answers that waited behind others when their connection ended", async () => {
    const service = await startService();
    const ask = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const held = async (): Promise<number> => {
      const text = await (await fetch(`${service.url}/metrics`)).text();
      return Number(/^sigma_http_held_bytes (\d+)$/m.exec(text)?.[1]);
    };
    for (let client = 0; client < 10; client += 1) {
      const { socket } = await openRaw(service.port);
      // All of them arrive at once, and the client leaves in the middle of the answers.
      const begun = once(socket, "data");
      socket.write(ask.repeat(20));
      await begun;
      socket.destroy();
    }
    await expect.poll(held).toBe(0);
  });

  test("a line that is too long ends it, and the answer says what was appended before", async () => {
    const service = await startService();
    const lines = `${shipment("a")}\n`.repeat(1_000);
    const long = await post(`${service.url}${EVENTS}`, `${lines}${"x".repeat(17_000_000)}`, NDJSON);
    expect([long.status, long.body]).toMatchObject([413, { code: "line-too-long", line: 1_001, appended: 1_000 }]);
  });

  test("every whole line is progress, and what is no line yet is not", async () => {
    let moved = 0;
    const seen: number[] = [];
    const pieces = ["{", '"a"', ":1}\n", "{}\n{}\n", "{", "}\n{", "}"];
    async function* source(): AsyncGenerator<Buffer> {
      for (const piece of pieces) {
        seen.push(moved);
        yield Buffer.from(piece);
      }
      seen.push(moved);
    }
    const clock = { moved: () => void (moved += 1), stop: () => undefined, watch: () => source() };
    const bounds = { lineBytesMax: 1_000, blankBytesMax: 1_000 };
    const held = createHeld(10_000, () => 0);
    const { lines } = wholeLines(source(), bounds, held.lease(), clock);
    const texts: string[] = [];
    for await (const chunk of lines) texts.push(chunk.toString());
    expect([texts.join(""), seen]).toEqual([pieces.join(""), [0, 0, 0, 1, 2, 2, 3, 3]]);
    // All but the last, which has no line feed, end where a line does.
    expect(texts.slice(0, -1).join("").split("\n").at(-1)).toBe("");
  });
});

describe("bodies", () => {
  test.each(["application/json", "application/cloudevents+json", "application/vnd.x+json"])(
    "a slow body of type %s has a clock, and an answer",
    async (type) => {
      const service = await startService({ http: { limits: { bodyMs: 200 } } });
      const { socket, answer } = await openRaw(service.port);
      socket.write(`${head(type, "Content-Length: 100\r\n")}\r\n{"a":`);
      expect(await answer).toMatch(/^HTTP\/1\.1 408[^]*"code":"too-slow"/);
      expect(await endOf(service)).toBe(0n);
    },
  );

  test("a request refused before its body was read is answered, and what follows on the connection is no request", async () => {
    const service = await startService();
    const { socket, answer } = await openRaw(service.port);
    const smuggled = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
    socket.write(
      `POST ${EVENTS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\nContent-Length: 500000\r\n\r\n${smuggled}`,
    );
    const text = await answer;
    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1])).toEqual(["415"]);
  });

  test("a sender that reads nothing before it has sent what it wants still finds the answer to a refused body", async () => {
    const service = await startService();
    const { socket, answer } = await openRaw(service.port);
    socket.pause();
    socket.write(`${head("text/csv", "Content-Length: 100000000\r\n")}\r\n`);
    const mega = Buffer.alloc(1_000_000, "x");
    for (let sent = 0; sent < 100; sent += 1) await new Promise((written) => socket.write(mega, written));
    socket.resume();
    expect(await answer).toMatch(/^HTTP\/1\.1 415[^]*"code":"unsupported-media-type"/);
  });

  test.each([5, 70_000])("a request behind a refused body of %i bytes is never carried out", async (bytes) => {
    const service = await startService();
    const { socket, answer } = await openRaw(service.port);
    const refused = `POST ${EVENTS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\nContent-Length: ${bytes}\r\n\r\n`;
    const good = shipment("behind");
    socket.write(
      `${refused}${"x".repeat(bytes)}${head("application/json", `Content-Length: ${good.length}\r\n`)}\r\n${good}`,
    );
    const statuses = [...(await answer).matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1]);
    expect([statuses, await endOf(service)]).toEqual([["415"], 0n]);
  });

  test("the bytes of all requests together are bounded, and given back whatever became of a request", async () => {
    const service = await startService();
    const held = Array.from({ length: 70 }, async () => {
      const { socket, answer } = await openRaw(service.port);
      socket.write(`${head("application/json", "Content-Length: 1000001\r\n")}\r\n${"1".repeat(1_000_000)}`);
      return { socket, answer };
    });
    const connections = await Promise.all(held);
    const refused = await Promise.race(connections.map(async ({ answer }) => answer));
    expect(refused).toMatch(/^HTTP\/1\.1 503[^]*"code":"overloaded"/);
    for (const { socket } of connections) socket.destroy();
    await expect.poll(async () => (await post(`${service.url}${EVENTS}`, "1".repeat(1_000_000))).status).toBe(202);
  });

  test("a gzip body that is announced and is none leaves nothing counted", async () => {
    const service = await startService();
    for (let n = 0; n < 70; n += 1) {
      const { socket, answer } = await openRaw(service.port);
      socket.write(`${head("application/json", "Content-Encoding: gzip\r\n")}\r\n`);
      expect(await answer).toContain('"code":"bad-gzip"');
    }
    expect((await post(`${service.url}${EVENTS}`, shipment("after"))).status).toBe(202);
  });

  test("unfinished lines are counted as well, in whatever pieces they come", async () => {
    const service = await startService();
    const connections = await Promise.all(Array.from({ length: 5 }, async () => openRaw(service.port)));
    for (const { socket } of connections) {
      socket.write(`${head(NDJSON["content-type"], "Content-Length: 100000000\r\n")}\r\n`);
      for (let sent = 0; sent < 16; sent += 1) socket.write("x".repeat(1_000_000));
    }
    const first = await Promise.race(connections.map(async ({ answer }) => answer));
    expect(first).toMatch(/^HTTP\/1\.1 503[^]*"appended":0/);
  });

  test("a media type or header that belongs to another kind of body leaves the limits as they are", async () => {
    const service = await startService();
    const mixed = await post(`${service.url}${EVENTS}`, "{}\n", { ...NDJSON, "ce-specversion": "1.0" });
    expect([mixed.status, mixed.body["code"]]).toEqual([415, "unsupported-media-type"]);
    for (const path of ["/v1/validate/shipment", "/api/validate"]) {
      expect((await post(`${service.url}${path}`, "{}\n", NDJSON)).status).toBe(415);
    }
    expect((await post(`${service.url}${EVENTS}`, "{}\n", { "content-type": "application/x-ndjsonX" })).status).toBe(
      415,
    );
  });
});

test("whatever requests hold, change and give back in whatever order: the sum is what the open ones hold, and under the limit", () => {
  const step = fc.record({ lease: fc.nat(5), bytes: fc.option(fc.nat(400), { nil: null }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const held = createHeld(1_000, () => 0);
      const leases = Array.from({ length: 6 }, () => held.lease());
      const model = Array.from({ length: 6 }, () => 0);
      const ended = new Set<number>();
      for (const { lease, bytes } of steps) {
        if (bytes === null) {
          leases[lease]?.end();
          ended.add(lease);
          model[lease] = 0;
          continue;
        }
        const before = model[lease] ?? 0;
        const total = model.reduce((sum, one) => sum + one, 0);
        const fits = ended.has(lease) || bytes <= before || total - before + bytes <= 1_000;
        let refused = false;
        try {
          leases[lease]?.set(bytes);
        } catch {
          refused = true;
        }
        expect(refused).toBe(!fits);
        if (fits && !ended.has(lease)) model[lease] = bytes;
        expect(held.bytes()).toBe(model.reduce((sum, one) => sum + one, 0));
      }
      for (const lease of leases) lease.end();
      expect(held.bytes()).toBe(0);
    }),
  );
});
