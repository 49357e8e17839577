import { fail, ok, warn, type Check } from "../doctor/check.ts";
import type { OllamaOptions } from "./ollama.ts";

const NAME = "ollama";

/** Checks for `sigma doctor` that an Ollama server answers and has the model. Nothing is asked of the model. */
export async function checkOllama({ url, model, token, timeoutMs }: OllamaOptions): Promise<readonly Check[]> {
  const ask = async (path: string): Promise<unknown> => {
    const response = await fetch(`${url.replace(/\/+$/, "")}/api/${path}`, {
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    return response.status === 200 ? JSON.parse(await beginningOf(response)) : null;
  };
  const host = new URL(url).host;
  try {
    const version = textIn(await ask("version"), "version");
    const models = modelsIn(await ask("tags"));
    if (version === null || models === null)
      return [fail(NAME, `what answers at ${host} is no Ollama server`, "correct diagnosis.url, or diagnosis.token")];
    const checks: Check[] = [
      models.some((one) => one === model || one === `${model}:latest`)
        ? ok(NAME, `Ollama ${version} at ${host} has model ${model}`)
        : fail(
            NAME,
            `Ollama ${version} at ${host} has no model ${model}`,
            `run ollama pull ${model} there, or set diagnosis.model`,
          ),
    ];
    if (isElsewhere(url))
      checks.push(warn(NAME, `excerpts of records are sent to ${host}, another machine`, ELSEWHERE));
    return checks;
  } catch {
    return [
      fail(
        NAME,
        `nobody answers at ${host}`,
        "start it (ollama serve), or correct diagnosis.url; nothing else needs it",
      ),
    ];
  }
}

const ELSEWHERE = "do so only where it may see them; diagnosis.excerpt: none sends no value of a record";

/** Bytes of an answer that are read: a server has a few hundred models at most. */
const ANSWER_BYTES_MAX = 4_194_304;

/** @throws when the answer has more bytes. */
async function beginningOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += (chunk as Uint8Array).byteLength;
    if (size > ANSWER_BYTES_MAX) throw new Error("The answer is too long");
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function textIn(value: unknown, name: string): string | null {
  const text = typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : null;
  return typeof text === "string" && /^[\w.+-]{1,60}$/.test(text) ? text : null;
}

function modelsIn(value: unknown): readonly string[] | null {
  const models = typeof value === "object" && value !== null ? (value as { readonly models?: unknown }).models : null;
  if (!Array.isArray(models)) return null;
  return models.flatMap((one: unknown) => {
    const name = typeof one === "object" && one !== null ? (one as { readonly name?: unknown }).name : null;
    return typeof name === "string" ? [name] : [];
  });
}

function isElsewhere(url: string): boolean {
  return !/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}
