import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { Unavailable, type UnavailableCode } from "../core/unavailable.ts";

/** Media type of the Confluent schema registry's REST interface. */
const REGISTRY_TYPE = "application/vnd.schemaregistry.v1+json";
/** The most bytes of an answer: more than any schema that can be frozen, as a JSON string. */
const BODY_BYTES_MAX = 8_388_608;

/** How to reach a registry that speaks the Confluent schema registry's REST interface. */
export type RegistryConnection = {
  /** URL with path, as `http://host:8080/apis/ccompat/v7`. */
  readonly url: string;
  /** Value of the `Authorization` header; null for none. */
  readonly authorization: string | null;
  readonly timeoutMs: number;
};

/** The answer of a registry. `error`: a 4xx that says something about the question; `errorCode` is null when the body has none. */
export type RegistryAnswer =
  | { readonly kind: "ok"; readonly body: JsonValue }
  | { readonly kind: "error"; readonly status: number; readonly errorCode: number | null; readonly message: string };

/**
 * Sends a request to a registry: a POST with a body, a GET without.
 * @throws `Unavailable` when there is no usable answer: unreachable, late, 5xx, 429, a redirect, not JSON, too long, not
 * authorized.
 */
export async function askRegistry(
  { url, authorization, timeoutMs }: RegistryConnection,
  path: string,
  body?: JsonObject,
): Promise<RegistryAnswer> {
  const headers = {
    accept: `${REGISTRY_TYPE}, application/json`,
    ...(authorization === null ? {} : { authorization }),
    ...(body === undefined ? {} : { "content-type": REGISTRY_TYPE }),
  };
  const request = body === undefined ? { headers } : { headers, method: "POST", body: JSON.stringify(body) };
  const signal = AbortSignal.timeout(timeoutMs);
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${url.replace(/\/+$/, "")}${path}`, { ...request, redirect: "manual", signal });
    text = await readBounded(response);
  } catch (error) {
    if (error instanceof Unavailable) throw error;
    throw unreachable(url, timeoutMs, error as Error);
  }
  return answerOf(response.status, text, url);
}

function answerOf(status: number, text: string, url: string): RegistryAnswer {
  if (status === 401 || status === 403) {
    throw unavailable(
      "REGISTRY_UNAUTHORIZED",
      url,
      `it answered ${status}`,
      "check registry.username, registry.password or registry.token",
    );
  }
  if (status >= 500 || status === 429 || (status >= 300 && status < 400)) {
    throw unavailable(
      "REGISTRY_ANSWER",
      url,
      `it answered ${status}`,
      "look at the registry; nothing is decided without it",
    );
  }
  const body = parse(text);
  if (status === 200 && body !== undefined) return { kind: "ok", body };
  if (status === 404 || (status >= 400 && body !== undefined)) {
    const { error_code: code, message } = fieldsOf(body);
    const errorCode = typeof code === "number" ? code : null;
    return { kind: "error", status, errorCode, message: typeof message === "string" ? message.slice(0, 500) : "" };
  }
  throw unavailable(
    "REGISTRY_ANSWER",
    url,
    `it answered ${status} with something that is no JSON`,
    "check registry.url and its path",
  );
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) {
      throw unavailable(
        "REGISTRY_ANSWER",
        response.url,
        `its answer is longer than ${BODY_BYTES_MAX} bytes`,
        "check registry.url",
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

function unreachable(url: string, timeoutMs: number, error: Error): Unavailable {
  if (error.name === "TimeoutError") {
    return unavailable(
      "REGISTRY_TIMEOUT",
      url,
      `it did not answer within ${timeoutMs / 1_000} s`,
      "look at the registry and the way to it",
      error,
    );
  }
  const { code } = (error.cause ?? {}) as { readonly code?: string };
  return unavailable(
    "REGISTRY_UNREACHABLE",
    url,
    code ?? error.message,
    "check registry.url, and that the registry runs",
    error,
  );
}

/**
 * The error for a registry that cannot be used; nothing is decided until it can. Credentials in the URL are not repeated in the
 * message.
 */
export function unavailable(
  code: UnavailableCode,
  url: string,
  why: string,
  remedy: string,
  cause?: Error,
): Unavailable {
  const shown = URL.canParse(url) ? new URL(url).host : url.slice(0, 100);
  return new Unavailable(code, `Cannot ask the schema registry at ${shown}: ${why}`, remedy, cause);
}

/** The members of an object; none for any other value. */
export function fieldsOf(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {};
}
