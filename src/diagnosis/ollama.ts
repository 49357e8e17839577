import { Ollama } from "ollama";
import { ANSWER_SCHEMA } from "./answer.ts";
import { ANSWER_CHARS_MAX, type Asked, type Diagnoser, type Prompt, type Trouble } from "./diagnoser.ts";
import { guardedBody } from "./guarded-body.ts";

export type OllamaOptions = {
  readonly url: string;
  readonly model: string;
  /** Value of a bearer token; null: no `Authorization` header is sent. */
  readonly token: string | null;
  /** Limit of a whole question, in milliseconds. */
  readonly timeoutMs: number;
  /** Limit between two parts of an answer that has begun; absent: {@link IDLE_MS}. */
  readonly idleMs?: number;
};

/** How long an answer that has begun may pause: a model runner that froze answers nothing, and closes nothing. */
export const IDLE_MS = 30_000;
/** Tokens of an answer, at most. The longest answer of the form is about 700. */
const TOKENS_MAX = 1_024;
/** Tokens of question and answer. A question of 32 KiB, the longest, has up to 11,000. */
const CONTEXT_TOKENS = { least: 4_096, most: 16_384 };
const BYTES_PER_TOKEN = 3;

/** A trouble on its way through the library, which throws on what it is thrown. */
class TroubleError extends Error {
  readonly trouble: Trouble;

  constructor(trouble: Trouble) {
    super(trouble.message);
    this.name = "TroubleError";
    this.trouble = trouble;
  }
}

/**
 * Asks an Ollama server. Nothing that it does, from silence to a flood, throws or outlasts the limits. Redirects are not followed: a
 * question goes to the server that was named, and nowhere else.
 */
export function createOllama(options: OllamaOptions): Diagnoser {
  const { model } = options;
  return {
    model,
    ask: async (prompt, signal) => {
      const ended = new AbortController();
      const deadline = AbortSignal.timeout(options.timeoutMs);
      const limit = AbortSignal.any([signal, deadline, ended.signal]);
      try {
        const text = await answerOf(options, prompt, limit, ended);
        return signal.aborted ? { kind: "aborted" } : text;
      } catch (error) {
        if (signal.aborted) return { kind: "aborted" };
        const idle: unknown = ended.signal.reason;
        const why = deadline.aborted ? tooSlow(options) : idle instanceof TroubleError ? idle.trouble : null;
        return { kind: "failed", ...(why ?? troubleOf(error, options)) };
      } finally {
        // Ends the connection where the answer is not read to its end: the server stops thinking.
        ended.abort();
      }
    },
  };
}

async function answerOf(
  options: OllamaOptions,
  prompt: Prompt,
  signal: AbortSignal,
  ended: AbortController,
): Promise<Asked> {
  const { url, model, token } = options;
  const client = new Ollama({
    host: url,
    fetch: guardedFetch(options, signal, ended),
    ...(token === null ? {} : { headers: { authorization: `Bearer ${token}` } }),
  });
  const request = {
    model,
    messages: [
      { role: "system", content: prompt.system },
      { role: "user", content: prompt.user },
    ],
    stream: true as const,
    format: ANSWER_SCHEMA,
    think: false,
    // Without it the server cuts a question that is longer than the context, and says nothing.
    truncate: false,
    options: { temperature: 0, num_predict: TOKENS_MAX, num_ctx: contextOf(prompt) },
  };
  let text = "";
  for await (const part of await client.chat(request)) {
    // A server may send anything: the library's types are only its word.
    const { message, done, done_reason: reason } = part as Partial<typeof part>;
    const piece: unknown = message?.content;
    if (typeof piece === "string") text += piece;
    if (text.length > ANSWER_CHARS_MAX) throw new TroubleError(tooLong(options));
    if (done !== true) continue;
    if (reason === "stop") return { kind: "answered", text };
    throw new TroubleError(reason === "length" ? cutOff(options) : noServer());
  }
  throw new TroubleError(noServer());
}

function contextOf({ system, user }: Prompt): number {
  const asked = Math.ceil((Buffer.byteLength(system) + Buffer.byteLength(user)) / BYTES_PER_TOKEN);
  return Math.min(CONTEXT_TOKENS.most, Math.max(CONTEXT_TOKENS.least, asked + TOKENS_MAX));
}

/**
 * `fetch` for the library, with limits. The library writes to the console what it cannot read, which could be a piece of a record, so
 * it is never handed anything but whole objects.
 */
function guardedFetch(options: OllamaOptions, signal: AbortSignal, ended: AbortController): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, { ...init, signal, redirect: "manual" });
    if (response.status === 404 && (await namesModel(response))) throw new TroubleError(unknownModel(options));
    if (response.status !== 200 || response.body === null) throw new TroubleError(refused(response.status));
    const idleMs = options.idleMs ?? IDLE_MS;
    const body = guardedBody(response.body, {
      onTooLong: () => new TroubleError(tooLong(options)),
      onGarbage: () => new TroubleError(noServer()),
      onError: () => new TroubleError(refused(response.status)),
      idleMs,
      onIdle: () => ended.abort(new TroubleError(stoodStill(idleMs))),
    });
    return new Response(body, { status: 200 });
  };
}

/** Bytes of an error that are looked at. */
const ERROR_BYTES_MAX = 65_536;

/** Whether a 404 is about the model: any other server answers 404 too. */
async function namesModel(response: Response): Promise<boolean> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes as Uint8Array, { stream: true });
    if (text.length > ERROR_BYTES_MAX) return false;
  }
  return /^\s*\{\s*"error"\s*:\s*"[^"]*model/.test(text);
}

function troubleOf(error: unknown, options: OllamaOptions): Trouble {
  if (error instanceof TroubleError) return error.trouble;
  // `fetch` throws a TypeError for a connection that fails or breaks; the library an Error for a stream that ends too early.
  if (!(error instanceof TypeError)) return noServer();
  const { cause } = error as { readonly cause?: NodeJS.ErrnoException };
  const why = typeof cause?.code === "string" ? ` (${cause.code})` : "";
  return {
    code: "unreachable",
    message: `Cannot reach the Ollama server at ${new URL(options.url).host}${why}`,
    remedy: "start it (ollama serve), or correct diagnosis.url",
  };
}

function tooSlow({ model, timeoutMs }: OllamaOptions): Trouble {
  return {
    code: "timeout",
    message: `Model ${model} gave no whole answer within ${timeoutMs / 1_000} s`,
    remedy: "raise diagnosis.timeout_seconds, or name a smaller model",
  };
}

function stoodStill(idleMs: number): Trouble {
  return {
    code: "timeout",
    message: `The answer did not go on for ${idleMs / 1_000} s`,
    remedy: "look at the log of the Ollama server; its model runner may be frozen",
  };
}

function unknownModel({ model }: OllamaOptions): Trouble {
  return {
    code: "unknown-model",
    message: `The Ollama server has no model ${model}`,
    remedy: `run ollama pull ${model} there, or set diagnosis.model`,
  };
}

function refused(status: number): Trouble {
  const said = status === 200 ? "broke the answer off with an error" : `answered with status ${status}`;
  return {
    code: "refused",
    message: `The Ollama server ${said}`,
    remedy: "look at the log of the Ollama server, and at diagnosis.url and diagnosis.token",
  };
}

function noServer(): Trouble {
  return {
    code: "no-server",
    message: "What answers at diagnosis.url does not speak Ollama's protocol",
    remedy: "correct diagnosis.url",
  };
}

function tooLong({ model }: OllamaOptions): Trouble {
  return {
    code: "too-long",
    message: `Model ${model} did not stop: its answer was cut off`,
    remedy: "name another model; nothing was stored of the answer",
  };
}

function cutOff({ model }: OllamaOptions): Trouble {
  return {
    code: "cut-off",
    message: `Model ${model} ran out of tokens before its answer ended`,
    remedy: "name another model; nothing was stored of the answer",
  };
}
