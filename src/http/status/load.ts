import { NO_REDACTION } from "../../failures/redact.ts";
import type { StreamState } from "../../gateway/gateway.ts";
import { hashedKey, type HotKey } from "../../traffic/hot-keys.ts";
import type { HttpDeps } from "../deps.ts";

/** How a stream is loaded: its share of the records of its topic that this process decided, and its hot keys. */
export type LoadView = { readonly share: number | null; readonly hotKeys: readonly HotKey[] };

/**
 * Says how each stream is loaded. Where anything at all is redacted, keys are shown as hashes: a key may be a value of the payload,
 * and no rule can look into it.
 */
export function loadsOf(
  { loadOf, redaction = NO_REDACTION }: Pick<HttpDeps, "loadOf" | "redaction">,
  streams: readonly StreamState[],
): (stream: StreamState["stream"]) => LoadView {
  const records = new Map<string, number>();
  for (const { stream } of streams)
    records.set(stream.topic, (records.get(stream.topic) ?? 0) + (loadOf?.(stream.id)?.records ?? 0));
  const isHidden = redaction.isFor(null);
  return ({ id, topic }) => {
    const load = loadOf?.(id) ?? null;
    const all = records.get(topic) ?? 0;
    return {
      share: load === null || all === 0 ? null : load.records / all,
      hotKeys: (load?.keys ?? []).map(({ key, share }) => ({ key: isHidden ? hashedKey(key) : key, share })),
    };
  };
}
