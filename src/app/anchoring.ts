import type { Config } from "../config/config.ts";
import type { AnchorEvent, Observe } from "../gateway/event.ts";
import type { Engine } from "./engine.ts";

/** `heads` takes events that are anchored, and told to nobody else. */
export type Anchoring = {
  readonly observe: Observe;
  readonly heads: Observe;
  readonly close: () => Promise<void>;
};

/**
 * Starts to anchor the heads of the ledger as configured.
 * @returns an observer to use in place of `observe`, which it calls, and `close`. Without a configured anchor the
 * modules are not loaded.
 */
export async function openAnchors(
  { anchor, kafka }: Config,
  { log, store }: Engine,
  observe: Observe,
  report: (event: AnchorEvent) => void,
): Promise<Anchoring> {
  const { file, topic, keyFile, entries, everyMs } = anchor;
  if (file === null && (topic === null || kafka === null))
    return { observe, heads: () => undefined, close: async () => undefined };
  const { createAnchorFile } = await import("../anchor/file.ts");
  const { createAnchorTopic } = await import("../anchor/topic.ts");
  const { startAnchors } = await import("../gateway/anchors.ts");
  const writers = [
    ...(file === null ? [] : [createAnchorFile(file, keyFile)]),
    ...(topic === null || kafka === null ? [] : [createAnchorTopic(topic, log.append, keyFile)]),
  ];
  const anchors = startAnchors({ reads: store.reads, writers, entries, everyMs, now: Date.now, report });
  return {
    heads: anchors.observe,
    observe: (event) => {
      anchors.observe(event);
      observe(event);
    },
    close: anchors.close,
  };
}
