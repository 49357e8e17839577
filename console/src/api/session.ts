import { signal } from "@preact/signals";
import { apiKey } from "./key.ts";
import type { Session } from "./types.ts";

/** Who the gateway takes this page for; null before it was asked. */
export const session = signal<Session | null>(null);

/** Asks who this page is, once at its start and whenever a key is given. Without an answer the page goes on as nobody. */
export function followSession(): void {
  apiKey.subscribe((key) => void refresh(key));
}

async function refresh(key: string): Promise<void> {
  try {
    const response = await fetch("/auth/session", key === "" ? {} : { headers: { authorization: `Bearer ${key}` } });
    session.value = response.ok ? ((await response.json()) as Session) : null;
  } catch {
    session.value = null;
  }
}

/** Headers of a request: the key that was given here, and of a session the token that a page of another origin cannot know. */
export function requestHeaders(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  const csrf = session.value?.csrf ?? null;
  return {
    ...headers,
    ...(apiKey.value === "" ? {} : { authorization: `Bearer ${apiKey.value}` }),
    ...(csrf === null ? {} : { "x-csrf-token": csrf }),
  };
}
