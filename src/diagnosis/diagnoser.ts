/** What a language model is asked: what it is to do, and the failures, as JSON. */
export type Prompt = { readonly system: string; readonly user: string };

/**
 * Why there is no answer. `unreachable`: nobody answers at the address. `timeout`: no whole answer in time, or none goes on.
 * `unknown-model`: the server lacks the model. `refused`: the server answers with an error. `no-server`: what answers is no Ollama
 * server. `too-long`: the answer was cut off at {@link ANSWER_BYTES_MAX}. `cut-off`: the model ended before its answer did.
 * `unusable`: the answer is not of the form that was asked for.
 */
export const TROUBLES = [
  "unreachable",
  "timeout",
  "unknown-model",
  "refused",
  "no-server",
  "too-long",
  "cut-off",
  "unusable",
] as const;

export type TroubleCode = (typeof TROUBLES)[number];

/** Why there is no answer. The message is ours: it quotes nothing of the server or the question. */
export type Trouble = { readonly code: TroubleCode; readonly message: string; readonly remedy: string };

/** The outcome of one question. `aborted`: the signal ended it. */
export type Asked =
  | { readonly kind: "answered"; readonly text: string }
  | ({ readonly kind: "failed" } & Trouble)
  | { readonly kind: "aborted" };

/** The most bytes of an answer that are read off the connection; nothing beyond is, whatever the server sends. */
export const ANSWER_BYTES_MAX = 1_048_576;
/** The most characters of the answer itself. */
export const ANSWER_CHARS_MAX = 32_768;

/**
 * The port of a language model. `ask` always resolves, within the time that the adapter was given, and throws never. It holds one
 * connection while it waits, and none afterwards.
 */
export type Diagnoser = {
  /** Name of the model. */
  readonly model: string;
  readonly ask: (prompt: Prompt, signal: AbortSignal) => Promise<Asked>;
};

/** Whether a trouble is of the server, so that asking it something else would be in vain too. */
export function isOutage(code: TroubleCode): boolean {
  return code !== "unusable" && code !== "cut-off" && code !== "too-long";
}
