import { describe, expect, test, vi } from "vitest";
import { ANSWER_BYTES_MAX } from "../../src/diagnosis/diagnoser.ts";
import { createOllama } from "../../src/diagnosis/ollama.ts";
import { PATIENCE_MS } from "../patience.ts";
import {
  ADVICE,
  advising,
  answering,
  flooding,
  line,
  part,
  startModelServer,
  status,
  type Behaviour,
} from "./model-server.ts";

const PROMPT = { system: "You help.", user: '{"code":"schema"}' };
const NEVER = new AbortController().signal;

async function askOf(behaviour: Behaviour, limits: { readonly timeoutMs?: number; readonly idleMs?: number } = {}) {
  const server = await startModelServer(behaviour);
  const options = { url: server.url, model: "qwen2.5:7b", token: null, timeoutMs: PATIENCE_MS, ...limits };
  const asked = await createOllama(options).ask(PROMPT, NEVER);
  await vi.waitFor(() => expect(server.open()).toBe(0), PATIENCE_MS);
  return { server, asked };
}

describe("a model is asked", () => {
  test("through Ollama's chat, with the form of the answer, without a cut question, and deterministic", async () => {
    const { server, asked } = await askOf(advising());
    expect(asked).toEqual({ kind: "answered", text: JSON.stringify(ADVICE) });
    expect(server.asked).toHaveLength(1);
    expect(server.asked[0]?.path).toBe("/api/chat");
    expect(server.asked[0]?.headers.authorization).toBeUndefined();
    expect(server.asked[0]?.body).toMatchObject({
      model: "qwen2.5:7b",
      messages: [
        { role: "system", content: "You help." },
        { role: "user", content: '{"code":"schema"}' },
      ],
      stream: true,
      truncate: false,
      think: false,
      format: { type: "object", additionalProperties: false },
      options: { temperature: 0, num_predict: 1_024, num_ctx: 4_096 },
    });
  });

  test("with a context that holds the longest question", async () => {
    const server = await startModelServer(advising());
    const model = createOllama({ url: server.url, model: "m", token: null, timeoutMs: PATIENCE_MS });
    await model.ask({ system: "", user: "x".repeat(32_768) }, NEVER);
    expect(server.asked[0]?.body).toMatchObject({ options: { num_ctx: 11_947 } });
  });

  test("with the token that was set", async () => {
    const server = await startModelServer(advising());
    const model = createOllama({ url: server.url, model: "m", token: "s3cret", timeoutMs: PATIENCE_MS });
    await model.ask(PROMPT, NEVER);
    expect(server.asked[0]?.headers.authorization).toBe("Bearer s3cret");
  });

  test("under a path of the server's URL", async () => {
    const server = await startModelServer(advising());
    const model = createOllama({ url: `${server.url}/models/`, model: "m", token: null, timeoutMs: PATIENCE_MS });
    await model.ask(PROMPT, NEVER);
    expect(server.asked[0]?.path).toBe("/models/api/chat");
  });
});

const SECRET = "the-record-holds-this";
const MISBEHAVING: readonly (readonly [string, Behaviour, string])[] = [
  ["hangs up at once", (response) => void response.destroy(), "unreachable"],
  ["hangs up in the middle", (response) => void response.write(part("{"), () => response.destroy()), "unreachable"],
  ["ends before it is done", (response) => void response.end(part("{}")), "no-server"],
  ["ends without a word", status(200, ""), "no-server"],
  ["answers with a page", status(200, `<html>${SECRET}</html>`, { "content-type": "text/html" }), "no-server"],
  ["answers with garbage", status(200, `${part("{")}{"message":{"content":"${SECRET}\n`), "no-server"],
  ["answers with bytes", (response) => void response.end(Buffer.from([0xff, 0xfe, 0, 0x80, 10])), "no-server"],
  ["answers with lines that are no objects", status(200, `["${SECRET}"]\n7\n`), "no-server"],
  ["answers with null", status(200, "null\n"), "no-server"],
  ["is done for no reason", answering("{}", "load"), "no-server"],
  ["runs out of tokens", answering('{"diagnostic_summary":"', "length"), "cut-off"],
  ["fails in the middle", status(200, `${part("{")}${line({ error: `llama runner: ${SECRET}` })}`), "refused"],
  ["fails before it begins", status(500, line({ error: `invalid JSON schema: ${SECRET}` })), "refused"],
  ["refuses the question", status(400, line({ error: `exceeds the context: ${SECRET}` })), "refused"],
  ["asks for a token", status(401, "no"), "refused"],
  ["lacks the model", status(404, line({ error: "model 'qwen2.5:7b' not found" })), "unknown-model"],
  ["has nothing there", status(404, "404 page not found"), "refused"],
  ["has nothing there, at length", status(404, "model ".repeat(100_000)), "refused"],
  ["answers without a body", status(204, ""), "refused"],
];

describe("a server that", () => {
  test.each(MISBEHAVING)("%s is a trouble with a name, and nothing of it is shown", async (_, behaviour, code) => {
    const printed = (["log", "warn", "error"] as const).map((name) => vi.spyOn(console, name));
    const { asked } = await askOf(behaviour);
    expect(asked).toMatchObject({ kind: "failed", code });
    expect(JSON.stringify(asked)).not.toContain(SECRET);
    for (const spy of printed) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  });

  test("is not there is unreachable", async () => {
    const server = createOllama({ url: "http://127.0.0.1:1", model: "m", token: null, timeoutMs: PATIENCE_MS });
    expect(await server.ask(PROMPT, NEVER)).toEqual({
      kind: "failed",
      code: "unreachable",
      message: "Cannot reach the Ollama server at 127.0.0.1:1",
      remedy: "start it (ollama serve), or correct diagnosis.url",
    });
  });

  test("redirects is not followed: the question goes nowhere else", async () => {
    const elsewhere = await startModelServer(advising());
    const { asked } = await askOf(status(307, "", { location: `${elsewhere.url}/api/chat` }));
    expect(asked).toMatchObject({ kind: "failed", code: "refused" });
    expect(elsewhere.asked).toEqual([]);
  });

  test("says nothing is left when the time is over", async () => {
    const { asked } = await askOf(() => undefined, { timeoutMs: 50 });
    expect(asked).toMatchObject({ kind: "failed", code: "timeout" });
    expect(asked).toHaveProperty("message", "Model qwen2.5:7b gave no whole answer within 0.05 s");
  });

  test("begins and then does not go on is left before the time is over", async () => {
    const { asked } = await askOf((response) => void response.write(part("{")), { idleMs: 50 });
    expect(asked).toMatchObject({ kind: "failed", code: "timeout", message: "The answer did not go on for 0.05 s" });
  });

  test("never stops talking in small parts is left when the time is over", async () => {
    const drip: Behaviour = (response) => {
      const timer = setInterval(() => response.write(part("")), 5);
      response.on("close", () => clearInterval(timer));
    };
    const { asked } = await askOf(drip, { timeoutMs: 200 });
    expect(asked).toMatchObject({ kind: "failed", code: "timeout" });
  });

  test.each([
    ["one line without an end", "x".repeat(65_536)],
    ["lines of the protocol", part("x".repeat(1_000))],
    ["empty lines", "\n".repeat(65_536)],
    ["parts without a text", line({ message: { role: "assistant", thinking: "hm ".repeat(300) }, done: false })],
  ])("answers 100 MB and more as %s is cut off at a limit", async (_, piece) => {
    const { asked, server } = await askOf(flooding(piece));
    expect(asked).toMatchObject({ kind: "failed", code: "too-long" });
    // What the system's buffers hold is sent and never read.
    expect(server.sent()).toBeLessThan(ANSWER_BYTES_MAX + 16_777_216);
  });
});

test("a question that is given up ends its connection", async () => {
  const server = await startModelServer(() => undefined);
  const model = createOllama({ url: server.url, model: "m", token: null, timeoutMs: PATIENCE_MS });
  const stop = new AbortController();
  const asking = model.ask(PROMPT, stop.signal);
  await vi.waitFor(() => expect(server.asked).toHaveLength(1), PATIENCE_MS);
  stop.abort();
  expect(await asking).toEqual({ kind: "aborted" });
  await vi.waitFor(() => expect(server.open()).toBe(0), PATIENCE_MS);
});
