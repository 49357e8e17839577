import { ENGINE } from "../core/decide.ts";
import { PINS, RECORDS_TYPE } from "./wire.ts";

/**
 * What a validator answered. `other`: it has other contracts or another engine. `busy`: it holds as many bytes as it may, for whoever asks,
 * and is well. `none`: nothing that could be used.
 */
export type Answer<Body> =
  | { readonly kind: "answer"; readonly body: Body }
  | { readonly kind: "other" | "busy" | "none"; readonly why: string };

type How = { readonly authorization: string | null; readonly timeoutMs: number };

/** Status of a question that pins another contract set or engine than the validator has. */
export const OTHER_SET = 409;

/** What a validator answers when bodies and answers of all who ask it would be too much. A proxy's 503 says no code. */
const OVERLOADED = { status: 503, code: "overloaded" } as const;

/** A longer answer is not read: four times what is sent at most, since text may take more bytes as a structured clone. */
const ANSWER_BYTES_MAX = 134_217_728;

/** Asks a validator by which contract set and engine it decides. */
export async function askWho(
  url: string,
  how: How,
  signal: AbortSignal,
): Promise<Answer<{ readonly contractSet: string; readonly engine: string }>> {
  const answer = await ask(url, how, { method: "GET" }, signal);
  if (answer.kind !== "answer") return answer;
  try {
    const { contractSet, engine } = JSON.parse(answer.body.toString()) as Readonly<Record<string, unknown>>;
    if (typeof contractSet === "string" && typeof engine === "string")
      return { kind: "answer", body: { contractSet, engine } };
  } catch {
    // Something else answers there.
  }
  return { kind: "none", why: "something else than a validator answers" };
}

/** Asks a validator for the decisions of a batch. */
export async function askDecisions(
  url: string,
  how: How,
  { body, contractSet }: { readonly body: Buffer; readonly contractSet: string },
  signal: AbortSignal,
): Promise<Answer<Buffer>> {
  const headers = { "content-type": RECORDS_TYPE, [PINS.contractSet]: contractSet, [PINS.engine]: ENGINE };
  const answer = await ask(url, how, { method: "POST", headers, body }, signal);
  if (answer.kind !== "answer") return answer;
  // The answer says itself by what it was decided.
  if (answer.contractSet === contractSet && answer.engine === ENGINE) return answer;
  return { kind: "other", why: "it decided by other contracts, or by another engine" };
}

type Asked = {
  readonly method: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
};

async function ask(
  url: string,
  { authorization, timeoutMs }: How,
  { method, headers = {}, body }: Asked,
  signal: AbortSignal,
): Promise<
  | {
      readonly kind: "answer";
      readonly body: Buffer;
      readonly contractSet: string | null;
      readonly engine: string | null;
    }
  | { readonly kind: "other" | "busy" | "none"; readonly why: string }
> {
  try {
    const response = await fetch(new URL("/v1/decide", url), {
      method,
      headers: { ...headers, ...(authorization === null ? {} : { authorization }) },
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const bytes = await bodyOf(response);
    if (bytes === null) return { kind: "none", why: "its answer is too large" };
    if (response.status === OTHER_SET) return { kind: "other", why: "it has other contracts, or another engine" };
    if (response.status === OVERLOADED.status && codeOf(bytes) === OVERLOADED.code)
      return { kind: "busy", why: "it holds as many bytes as it may" };
    if (response.status !== 200) return { kind: "none", why: `it answers ${response.status}` };
    const [contractSet, engine] = [response.headers.get(PINS.contractSet), response.headers.get(PINS.engine)];
    return { kind: "answer", body: bytes, contractSet, engine };
  } catch (error) {
    const { cause, name } = error as Error;
    const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
    return {
      kind: "none",
      why: name === "TimeoutError" ? "it does not answer in time" : `it does not answer (${code ?? name})`,
    };
  }
}

/** The code of a problem; null where there is none. */
function codeOf(bytes: Buffer): unknown {
  try {
    return (JSON.parse(bytes.toString()) as { readonly code?: unknown } | null)?.code ?? null;
  } catch {
    return null;
  }
}

/** @returns null where it is too large; then no more of it is read. */
async function bodyOf({ body }: Response): Promise<Buffer | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > ANSWER_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
