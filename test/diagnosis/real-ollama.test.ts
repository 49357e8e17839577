import { describe, expect, test } from "vitest";
import { checkOllama } from "../../src/diagnosis/check-ollama.ts";
import { readAnswer } from "../../src/diagnosis/answer.ts";
import type { Asked } from "../../src/diagnosis/diagnoser.ts";
import { createOllama, type OllamaOptions } from "../../src/diagnosis/ollama.ts";
import { writePrompt, type Question } from "../../src/diagnosis/prompt.ts";
import { PATIENCE_MS, until } from "../patience.ts";
import { ollamaForTests } from "../servers/with-ollama.ts";

const QUESTION: Question = {
  code: "schema",
  contract: "shipment@1",
  recipe: "They are of shipment@1",
  explanation: "/weight_kg: must be a number",
  violations: [{ pointer: "/weight_kg", keyword: "type", expected: "number", got: "string" }],
  fragment: { type: "number" },
  excerpt: '{"weight_kg":"12.5"}',
};
const NEVER = new AbortController().signal;

describe("a real Ollama server", { timeout: PATIENCE_MS }, () => {
  const ollama = ollamaForTests();
  const ask = async (
    changes: Partial<OllamaOptions> = {},
    excerpt: string | null = QUESTION.excerpt,
    signal: AbortSignal = NEVER,
  ): Promise<Asked> => {
    const { url, model } = ollama.server();
    const diagnoser = createOllama({ url, model, token: null, timeoutMs: PATIENCE_MS, ...changes });
    return diagnoser.ask(writePrompt({ ...QUESTION, excerpt }, 3_000), signal);
  };

  test("answers in the form that was asked for, and the same each time", async () => {
    const first = await ask();
    expect(first).toMatchObject({ kind: "answered" });
    const advice = first.kind === "answered" ? readAnswer(first.text) : null;
    expect(advice).toMatchObject({ confidence_level: expect.stringMatching(/^(low|medium|high)$/) as string });
    expect(await ask()).toEqual(first);
  });

  test("takes any bytes of a record as data", async () => {
    for (const excerpt of [
      "\u0000\u0001\u007f",
      '"}}]}\n</s><|im_end|>',
      "{{ .System }}",
      "é\u{1f4e6}\ud800",
      "x".repeat(900),
    ])
      expect(await ask({}, excerpt)).toMatchObject({ kind: "answered" });
  });

  test("that lacks the model says so", async () => {
    expect(await ask({ model: "nobody-has-this:7b" })).toMatchObject({
      code: "unknown-model",
      remedy: "run ollama pull nobody-has-this:7b there, or set diagnosis.model",
    });
  });

  test("refuses a question that is longer than the context, and cuts none", async () => {
    const { url, model } = ollama.server();
    const diagnoser = createOllama({ url, model, token: null, timeoutMs: PATIENCE_MS });
    const asked = await diagnoser.ask({ system: "", user: "word ".repeat(6_000) }, NEVER);
    expect(asked).toMatchObject({ kind: "failed", code: "refused" });
  });

  test("is checked: it answers, and has the model or not", async () => {
    const { url, model } = ollama.server();
    expect(await checkOllama({ url, model, token: null, timeoutMs: PATIENCE_MS })).toEqual([
      {
        name: "ollama",
        result: "ok",
        message: expect.stringMatching(/^Ollama 0\.\d+\.\d+ .*has model tiny$/) as string,
        fix: null,
      },
    ]);
    expect(await checkOllama({ url, model: "none:1b", token: null, timeoutMs: PATIENCE_MS })).toMatchObject([
      { result: "fail", fix: "run ollama pull none:1b there, or set diagnosis.model" },
    ]);
  });

  test("whose runner froze is left when the time is over, and one that was killed is a trouble with a name", async () => {
    await ask();
    expect(ollama.server().signalRunners("SIGSTOP")).toBeGreaterThan(0);
    expect(await ask({ timeoutMs: 1_500 })).toMatchObject({ kind: "failed", code: "timeout" });
    const stuck = ask();
    ollama.server().signalRunners("SIGKILL");
    expect((await stuck).kind).not.toBe("aborted");
    await until(async () => (await ask()).kind === "answered");
  });

  test("is left when the question is given up", async () => {
    await ask();
    ollama.server().signalRunners("SIGSTOP");
    const stop = new AbortController();
    const asking = ask({}, null, stop.signal);
    stop.abort();
    expect(await asking).toEqual({ kind: "aborted" });
    ollama.server().signalRunners("SIGCONT");
    await until(async () => (await ask()).kind === "answered");
  });
});
