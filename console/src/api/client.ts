import { requestHeaders } from "./session.ts";
import type { Answers, Problem } from "./types.ts";

/** What a request came to: the answer, the problem that the server names, or no server at all. `isSlow`: it did not answer in its time. */
export type Outcome<Answer> =
  | { readonly kind: "answer"; readonly value: Answer }
  | { readonly kind: "problem"; readonly problem: Problem }
  | { readonly kind: "unreachable"; readonly isSlow?: boolean };

/** How long an answer is waited for: of a question, and of what changes something, as a dry run over many records. */
const LIMIT_MS = { ask: 20_000, send: 120_000 } as const;

type Parameters = Readonly<Record<string, string | number | null | undefined>>;

/** Fills the parameters of a path, and appends the rest as a query. Empty values are left out. */
export function pathOf(path: string, parameters: Parameters = {}): string {
  const rest = new URLSearchParams();
  let filled = path;
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null || value === undefined || value === "") continue;
    const place = `{${name}}`;
    if (filled.includes(place)) filled = filled.replace(place, encodeURIComponent(value));
    else rest.set(name, String(value));
  }
  const query = rest.toString();
  return query === "" ? filled : `${filled}?${query}`;
}

/** Asks for a JSON answer. */
export async function ask<Path extends keyof Answers>(
  path: Path,
  parameters: Parameters,
  signal: AbortSignal,
): Promise<Outcome<Answers[Path]>> {
  const limit = AbortSignal.timeout(LIMIT_MS.ask);
  const init = { signal: AbortSignal.any([signal, limit]), headers: requestHeaders() };
  return request<Answers[Path]>(pathOf(path, parameters), init, limit);
}

/** Sends a JSON body; a text is sent as it is. Absent: the request has none. */
export async function send<Answer>(method: "POST" | "PATCH", path: string, body?: unknown): Promise<Outcome<Answer>> {
  const limit = AbortSignal.timeout(LIMIT_MS.send);
  if (body === undefined) return request<Answer>(path, { method, headers: requestHeaders(), signal: limit }, limit);
  const headers = requestHeaders({ "content-type": "application/json" });
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return request<Answer>(path, { method, headers, body: text, signal: limit }, limit);
}

/** The exact bytes of a failure; null where nobody has them. */
export async function bytesAt(path: string, signal: AbortSignal): Promise<Outcome<Uint8Array>> {
  const limit = AbortSignal.timeout(LIMIT_MS.ask);
  try {
    const response = await fetch(path, { signal: AbortSignal.any([signal, limit]), headers: requestHeaders() });
    if (!response.ok) return { kind: "problem", problem: (await response.json()) as Problem };
    return { kind: "answer", value: new Uint8Array(await response.arrayBuffer()) };
  } catch {
    return { kind: "unreachable", isSlow: limit.aborted };
  }
}

async function request<Answer>(path: string, init: RequestInit, limit: AbortSignal): Promise<Outcome<Answer>> {
  try {
    const response = await fetch(path, init);
    const body = (await response.json()) as unknown;
    // Readiness is an answer whatever its status says: 503 is how probes read it.
    if (response.ok || path === "/readyz") return { kind: "answer", value: body as Answer };
    return { kind: "problem", problem: body as Problem };
  } catch {
    return { kind: "unreachable", isSlow: limit.aborted };
  }
}
