import { createHmac } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseSecret, sign } from "../../src/notify/signature.ts";
import { startWebhook, type Webhook, type WebhookDeps } from "../../src/notify/webhook.ts";
import { until } from "../patience.ts";
import { halt, KEY, sendingWith, startReceiver, webhookTo } from "./receiver.ts";

function running(webhook: Webhook, deps: WebhookDeps): ReturnType<typeof startWebhook> {
  const sink = startWebhook(webhook, deps);
  onTestFinished(sink.close);
  return sink;
}

describe("the signature of a standard webhook", () => {
  test("is the one of the example that the specification's libraries are tested with", () => {
    const key = parseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    const signed = sign([key ?? KEY], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330_999, '{"test": 2432232314}');
    expect(signed).toEqual({
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    });
  });

  test.each([
    "",
    "whsec_",
    "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "whsec_AAAA",
    `whsec_${"A".repeat(96)}`,
    "whsec_MfKQ 9r8G",
  ])("is not made with %j, which is no secret", (text) => {
    expect(parseSecret(text)).toBeNull();
  });
});

describe("a webhook", () => {
  test("posts the event once, with an id, a time and a signature of what arrives for each key", async () => {
    const receiver = await startReceiver([{ status: 204 }]);
    const other = Buffer.alloc(24, 1);
    const deps = sendingWith();
    const sink = running(webhookTo(receiver.url, { keys: async () => [KEY, other] }), deps);
    sink.send(halt("msg_1"));
    await until(() => deps.events.length > 0);
    expect(deps.events).toEqual([{ kind: "notify-delivered", sink: "webhook", id: "msg_1" }]);
    const [{ method, path, headers, body } = { method: "", path: "", headers: {}, body: "" }] = receiver.received;
    expect([receiver.received.length, method, path, headers["content-type"]]).toEqual([
      1,
      "POST",
      "/hook?a=1",
      "application/json",
    ]);
    expect(JSON.parse(body)).toEqual({
      type: "stream-halted",
      timestamp: "2026-01-01T00:00:00.000Z",
      data: halt("").event.data,
    });
    const signatures = [KEY, other].map((key) =>
      createHmac("sha256", key).update(`msg_1.${headers["webhook-timestamp"]?.toString()}.${body}`).digest("base64"),
    );
    expect(headers).toMatchObject({
      "webhook-id": "msg_1",
      "webhook-timestamp": "1767225600",
      "webhook-signature": signatures.map((one) => `v1,${one}`).join(" "),
    });
  });

  test("is tried again after errors, resets and redirects, which it does not follow, with the same id and body", async () => {
    const elsewhere = await startReceiver([{ status: 200 }]);
    const redirect = { status: 307, headers: { location: elsewhere.url.href } };
    const receiver = await startReceiver([{ status: 500 }, "reset", redirect, { status: 404 }, { status: 200 }]);
    const deps = sendingWith();
    running(webhookTo(receiver.url), deps).send(halt("msg_1"));
    await receiver.came(5);
    await until(() => deps.events.length === 5);
    expect(deps.events).toEqual([
      { kind: "notify-trouble", sink: "webhook", why: "it answered 500", retryInMs: 5_000 },
      { kind: "notify-trouble", sink: "webhook", why: "ECONNRESET", retryInMs: 30_000 },
      { kind: "notify-trouble", sink: "webhook", why: "it answered 307", retryInMs: 120_000 },
      { kind: "notify-trouble", sink: "webhook", why: "it answered 404", retryInMs: 600_000 },
      { kind: "notify-delivered", sink: "webhook", id: "msg_1" },
    ]);
    expect(elsewhere.received).toEqual([]);
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
    const ids = receiver.received.map(({ headers }) => [headers["webhook-id"], headers["webhook-timestamp"]]);
    expect(ids).toEqual([0, 5, 35, 155, 755].map((seconds) => ["msg_1", String(1_767_225_600 + seconds)]));
  });

  test("waits up to half as long again, by chance, and gives up after ten attempts", async () => {
    const receiver = await startReceiver([{ status: 500 }]);
    const deps = sendingWith({ random: () => 1 });
    running(webhookTo(receiver.url), deps).send(halt("msg_1"));
    await until(() => deps.events.some(({ kind }) => kind === "notify-lost"));
    expect(deps.slept).toEqual([
      7_500, 45_000, 180_000, 900_000, 2_700_000, 10_800_000, 27_000_000, 54_000_000, 54_000_000,
    ]);
    expect(deps.events.at(-1)).toEqual({
      kind: "notify-lost",
      sink: "webhook",
      result: "failed",
      count: 1,
      why: "it answered 500; that was the last of 10 attempts",
    });
  });

  test.each([
    [{ status: 429, headers: { "retry-after": "90" } }, 90_000],
    [{ status: 503, headers: { "retry-after": "Thu, 01 Jan 2026 00:02:00 GMT" } }, 120_000],
    [{ status: 503, headers: { "retry-after": "Wed, 31 Dec 2025 00:00:00 GMT" } }, 5_000],
    [{ status: 429, headers: { "retry-after": "soon" } }, 5_000],
    [{ status: 500, headers: { "retry-after": "90" } }, 90_000],
    [{ status: 503, headers: { "retry-after": "1" } }, 5_000],
  ] as const)("that answers %j is not asked again before %d ms", async (answer, retryInMs) => {
    const receiver = await startReceiver([answer, { status: 200 }]);
    const deps = sendingWith();
    running(webhookTo(receiver.url), deps).send(halt("msg_1"));
    await until(() => deps.events.length === 2);
    expect(deps.events[0]).toMatchObject({ kind: "notify-trouble", retryInMs });
    expect(deps.slept).toEqual([retryInMs]);
  });

  test("that asks for a pause gets nothing else in it either", async () => {
    const receiver = await startReceiver([{ status: 429, headers: { "retry-after": "90" } }, { status: 200 }]);
    const deps = sendingWith();
    const sink = running(webhookTo(receiver.url), deps);
    sink.send(halt("msg_1"));
    sink.send(halt("msg_2"));
    await until(() => deps.events.filter(({ kind }) => kind === "notify-delivered").length === 2);
    const seen = receiver.received.map(({ headers }) => [headers["webhook-id"], headers["webhook-timestamp"]]);
    expect(seen).toEqual([
      ["msg_1", "1767225600"],
      ["msg_2", "1767225690"],
      ["msg_1", "1767225690"],
    ]);
  });

  test("that answers 410 is sent nothing more, and what waited is reported as lost", async () => {
    const receiver = await startReceiver([{ status: 410 }]);
    const deps = sendingWith();
    const sink = running(webhookTo(receiver.url), deps);
    for (const id of ["msg_1", "msg_2", "msg_3"]) sink.send(halt(id));
    await until(() => deps.events.length === 2);
    sink.send(halt("msg_4"));
    await sink.close();
    expect(deps.events).toEqual([
      { kind: "notify-gone", sink: "webhook" },
      { kind: "notify-lost", sink: "webhook", result: "failed", count: 3, why: "it answered 410" },
    ]);
    expect(deps.waiting.count).toBe(0);
    expect(receiver.received).toHaveLength(1);
  });

  test("that does not answer in time is tried again", async () => {
    const receiver = await startReceiver(["nothing", { status: 200 }]);
    const deps = sendingWith({ timeoutMs: 200 });
    running(webhookTo(receiver.url), deps).send(halt("msg_1"));
    await until(() => deps.events.length > 0);
    expect(deps.events[0]).toEqual({
      kind: "notify-trouble",
      sink: "webhook",
      why: "no answer within 0.2 s",
      retryInMs: 5_000,
    });
  });

  test("keeps a thousand that wait, and gives up the oldest of more", async () => {
    const receiver = await startReceiver([{ status: 200 }]);
    const deps = sendingWith();
    const sink = running(webhookTo(receiver.url), deps);
    // All are given before the first turn of the event loop in which one could be sent.
    for (let n = 0; n < 1_003; n += 1) sink.send(halt(`msg_${n}`));
    await receiver.came(1_000);
    const why = "1000 notifications wait already";
    const lost = { kind: "notify-lost", sink: "webhook", result: "dropped", count: 1, why };
    expect(deps.events.slice(0, 3)).toEqual([lost, lost, lost]);
    expect(receiver.received[0]?.headers["webhook-id"]).toBe("msg_3");
  });

  test("tries what waits a last time when the gateway stops, and reports what is lost", async () => {
    const receiver = await startReceiver([{ status: 500 }, { status: 200 }, { status: 500 }]);
    const deps = sendingWith({
      sleep: async (_, signal) => void (await new Promise((done) => signal.addEventListener("abort", done))),
    });
    const sink = startWebhook(webhookTo(receiver.url), deps);
    sink.send(halt("msg_1"));
    await until(() => deps.events.length === 1);
    sink.send(halt("msg_2"));
    await until(() => deps.events.length === 2);
    sink.send(halt("msg_3"));
    await until(() => deps.events.length === 3);
    await sink.close();
    expect(deps.events.map(({ kind }) => kind)).toEqual([
      "notify-trouble",
      "notify-delivered",
      "notify-trouble",
      "notify-lost",
      "notify-lost",
    ]);
    // Whatever was taken was delivered or lost: nothing is counted as waiting any more.
    expect(deps.waiting.count).toBe(0);
    expect(receiver.received.map(({ headers }) => headers["webhook-id"])).toEqual([
      "msg_1",
      "msg_2",
      "msg_3",
      "msg_1",
      "msg_3",
    ]);
  });

  test("whose secrets cannot be read is tried again, unsigned never", async () => {
    const receiver = await startReceiver([{ status: 200 }]);
    let readable = false;
    const keys = async (): Promise<readonly Uint8Array[]> => {
      if (!readable) throw new Error("notify.secrets_file cannot be read: ENOENT");
      return [KEY];
    };
    const deps = sendingWith({ random: () => ((readable = true), 0) });
    running(webhookTo(receiver.url, { keys }), deps).send(halt("msg_1"));
    await receiver.came(1);
    expect(deps.events[0]).toMatchObject({ why: "notify.secrets_file cannot be read: ENOENT", retryInMs: 5_000 });
    expect(receiver.received[0]?.headers["webhook-signature"]).toMatch(/^v1,/);
  });

  test("is told of the events that it asked for, and of tests", async () => {
    const receiver = await startReceiver([{ status: 200 }]);
    const deps = sendingWith();
    const sink = running(webhookTo(receiver.url, { events: ["group-appeared"] }), deps);
    sink.send(halt("msg_1"));
    sink.send({ ...halt("msg_2"), event: { type: "test", data: { message: "a test" } } });
    await until(() => deps.events.length > 0);
    expect(deps.events).toEqual([{ kind: "notify-delivered", sink: "webhook", id: "msg_2" }]);
  });
});
