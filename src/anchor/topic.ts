import { randomBytes } from "node:crypto";
import { nextAnchor, type ChainEnd } from "../ledger/anchor.ts";
import type { WrittenLine } from "../ledger/anchor-chain.ts";
import type { Log, Source } from "../source/source.ts";
import { readKey, readRotations } from "./keys.ts";
import { otherKey, type AnchorWriter } from "./writer.ts";
import { noteWritten } from "./written.ts";

/** How a topic is named among places that anchors are in. */
export function topicPlace(topic: string): string {
  return `kafka:${topic}`;
}

/**
 * Appends anchors to a topic. Each process has a chain of its own, and the chain is the key of its records. So compaction keeps the
 * last anchor of each time that a gateway ran, which names every stream of that time, and no later one can take its place: with a
 * key for each stream, a gateway that goes on from a forged ledger would push the true heads out.
 */
export function createAnchorTopic(topic: string, append: Log["append"], keyFile: string): AnchorWriter {
  const chain = randomBytes(16).toString("hex");
  let end: ChainEnd | null = null;
  /** Sent, and what became of it is not known: it is sent again, to the byte. */
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

/** The values of a topic, a partition at a time, from its start to the end that it has now. */
export async function* readAnchorTopic(open: () => Promise<Source>): AsyncGenerator<WrittenLine> {
  const source = await open();
  try {
    for (const stream of await source.streams()) {
      const { start, end } = await source.bounds(stream);
      for (let at = start; at < end;) {
        const fetched = await source.fetch(stream, at, FETCH, new AbortController().signal, end);
        if (fetched.kind !== "records") break;
        for (const { value } of fetched.read()) {
          // A tombstone is nobody's anchor; compaction takes away the ones of its key.
          if (value !== null) yield { text: Buffer.from(value).toString("utf8"), whole: true };
        }
        at = fetched.to;
      }
    }
  } finally {
    await source.close();
  }
}
