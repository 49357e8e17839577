import { randomBytes } from "node:crypto";
import { nextAnchor, type ChainEnd } from "../ledger/anchor.ts";
import type { WrittenLine } from "../ledger/anchor-chain.ts";
import type { Log, Source } from "../source/source.ts";
import { readKey, readRotations } from "./keys.ts";
import { otherKey, type AnchorWriter } from "./writer.ts";
import { noteWritten } from "./written.ts";

/** The name of a topic as a place of anchors. */
export function topicPlace(topic: string): string {
  return `kafka:${topic}`;
}

/**
 * Appends anchors to a topic. Each process has its own chain, whose id is the key of its records. Compaction thus keeps
 * the last anchor of each run of a gateway, which names every stream of that run, and no later anchor can replace it.
 * If each stream were a key, a gateway that continued a forged ledger would replace the true heads.
 */
export function createAnchorTopic(topic: string, append: Log["append"], keyFile: string): AnchorWriter {
  const chain = randomBytes(16).toString("hex");
  let end: ChainEnd | null = null;
  /** An anchor whose send has an unknown result: the same bytes are sent again. */
  let pending: { readonly line: string; readonly end: ChainEnd } | null = null;
  const send = async (next: { readonly line: string; readonly end: ChainEnd }): Promise<void> => {
    pending = next;
    await append(topic, [{ key: Buffer.from(chain), headers: [], value: Buffer.from(next.line), partition: null }]);
    pending = null;
    end = next.end;
  };
  return {
    name: topicPlace(topic),
    write: async (heads, at) => {
      const key = await readKey(keyFile);
      if (pending !== null) await send(pending);
      const known = await readRotations(keyFile);
      const next = nextAnchor(end ?? { chain }, heads, { key, known, at });
      if (next === null) throw otherKey(topicPlace(topic), end?.key ?? "", key.id);
      await send(next);
      return noteWritten(keyFile, topicPlace(topic), next.end).then(
        () => null,
        () => "cannot keep beside the key how far it was written",
      );
    },
    close: async () => undefined,
  };
}

const FETCH = { bytesMax: 1_048_576, recordsMax: 1_000, waitMs: 500 } as const;

/**
 * Reads the values of a topic, partition by partition, up to its current end.
 * @param newest how many offsets before the end of each partition are read, and who is told when that leaves some out; all without it.
 */
export async function* readAnchorTopic(
  open: () => Promise<Source>,
  newest: { readonly most: bigint; readonly onLeftOut: () => void } | null = null,
): AsyncGenerator<WrittenLine> {
  const source = await open();
  try {
    for (const stream of await source.streams()) {
      const { start, end } = await source.bounds(stream);
      const isCut = newest !== null && end - start > newest.most;
      if (isCut) newest.onLeftOut();
      for (let at = isCut ? end - newest.most : start; at < end;) {
        const fetched = await source.fetch(stream, at, FETCH, new AbortController().signal, end);
        if (fetched.kind !== "records") break;
        for (const { value } of fetched.read()) {
          // Tombstones are skipped: compaction removes the anchors of their key.
          if (value !== null) yield { text: Buffer.from(value).toString("utf8"), whole: true };
        }
        at = fetched.to;
      }
    }
  } finally {
    await source.close();
  }
}
