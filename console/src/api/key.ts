import { signal } from "@preact/signals";

/** The API key of this page; "" without one. It is kept in memory only: whoever loads the page again gives it again. */
export const apiKey = signal("");

/** Headers that carry the key. */
export function withKey(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return apiKey.value === "" ? { ...headers } : { ...headers, authorization: `Bearer ${apiKey.value}` };
}
