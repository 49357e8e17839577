import type { Config } from "../config/config.ts";
import { Unavailable } from "../core/unavailable.ts";
import type { WrittenLine } from "../ledger/anchor-chain.ts";
import { judgeSignature, type AnchorSignature, type LastAnchor } from "../ledger/anchor-signature.ts";

/** Judges the last anchor of a place that this process writes to. */
export type ReadSignature = (place: string) => Promise<AnchorSignature>;

/** A place is looked at again after so long: whoever watches the page asks every few seconds. */
const FRESH_MS = 15_000;
/** How far back the last anchor of a topic is looked for in each partition: where it usually is, then where others wrote much since. */
const OFFSETS = [200n, 20_000n] as const;

/**
 * Verifies with the public half of the gateway's own key, and the rotations beside it. Nothing is loaded before somebody asks.
 * @param now milliseconds since the epoch.
 */
export function openSignatures(config: Pick<Config, "anchor" | "kafka">, now: () => number): ReadSignature {
  const known = new Map<string, { readonly atMs: number; readonly judged: Promise<AnchorSignature> }>();
  return async (place) => {
    const before = known.get(place);
    if (before !== undefined && now() - before.atMs < FRESH_MS) return before.judged;
    const judged = readSignature(config, place);
    known.set(place, { atMs: now(), judged });
    return judged;
  };
}

async function readSignature(config: Pick<Config, "anchor" | "kafka">, place: string): Promise<AnchorSignature> {
  const { readKey, readRotations } = await import("../anchor/keys.ts");
  const { readWritten } = await import("../anchor/written.ts");
  const { keyFile, topic } = config.anchor;
  try {
    const { id } = await readKey(keyFile);
    const rotations = await readRotations(keyFile);
    // Read before the anchors: the gateway goes on writing.
    const written = readWritten(keyFile);
    const { topicPlace } = await import("../anchor/topic.ts");
    if (topic !== null && place === topicPlace(topic)) {
      const note = written.get(place) ?? null;
      const { last, isWhole } = await lastInTopic(config, topic, note?.chain ?? null);
      if (last === null && !isWhole) return { kind: "unknown", why: TOO_FAR };
      return judgeSignature(last, note, id, rotations);
    }
    const { filePlaces, readLastAnchor } = await import("../anchor/file.ts");
    const judged: AnchorSignature[] = [];
    // Processes beside each other write files beside each other.
    for (const { name } of filePlaces(place, written))
      judged.push(judgeSignature(await readLastAnchor(name), written.get(name) ?? null, id, rotations));
    return judged.find(({ kind }) => kind === "wrong") ?? judged[0] ?? { kind: "unknown", why: "no anchor is there" };
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return { kind: "unknown", why: error.message };
  }
}

const TOO_FAR = `it is further back than the newest ${OFFSETS[1]} records of a partition; \`sigma audit --anchors\` reads all`;

type Found = {
  readonly last: LastAnchor | null;
  /** Whether the topic was read from its start. */
  readonly isWhole: boolean;
};

/** @param chain the one that this process, or the one before it, wrote; null: any. */
async function lastInTopic({ kafka }: Pick<Config, "kafka">, topic: string, chain: string | null): Promise<Found> {
  let found: Found = { last: null, isWhole: true };
  if (kafka === null) return found;
  for (const most of OFFSETS) {
    found = await lastAmong(kafka, topic, chain, most);
    if (found.last !== null || found.isWhole) return found;
  }
  return found;
}

async function lastAmong(
  kafka: NonNullable<Config["kafka"]>,
  topic: string,
  chain: string | null,
  most: bigint,
): Promise<Found> {
  const { readAnchorTopic } = await import("../anchor/topic.ts");
  const { openTopic } = await import("./logs.ts");
  const { lineHash, parseAnchor } = await import("../ledger/anchor.ts");
  let isWhole = true;
  const lines: AsyncIterable<WrittenLine> = readAnchorTopic(async () => openTopic(kafka, topic), {
    most,
    onLeftOut: () => (isWhole = false),
  });
  let last: LastAnchor | null = null;
  for await (const { text } of lines) {
    const read = parseAnchor(text);
    if (!read.ok || (chain !== null && read.anchor.chain !== chain)) continue;
    if (last === null || read.anchor.counter >= last.anchor.counter || chain === null)
      last = { anchor: read.anchor, signature: read.signature, hash: lineHash(text) };
  }
  return { last, isWhole };
}
