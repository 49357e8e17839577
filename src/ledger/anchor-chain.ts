import { isSigned, lineHash, parseAnchor, tiedKeys, type Anchor, type ChainEnd, type Rotation } from "./anchor.ts";

/** A fault of the anchors themselves, independent of the store. */
export type AnchorFault = { readonly code: "ANCHOR_CHAIN" | "ANCHOR_SIGNATURE"; readonly message: string };

/** The hash of a head, and the name of the anchor that holds it, for messages. */
export type NamedHead = { readonly hash: string; readonly anchor: string };

export type VerifiedAnchors = {
  readonly faults: readonly AnchorFault[];
  /** Heads that a trusted key signed, by stream and seq. */
  readonly streams: ReadonlyMap<string, ReadonlyMap<number, readonly NamedHead[]>>;
  readonly operator: ReadonlyMap<number, readonly NamedHead[]>;
  /** The end of every chain. An auditor who keeps it can see later whether the end of the chain was cut off. */
  readonly ends: readonly {
    readonly place: string;
    readonly counter: number;
    readonly hash: string;
    readonly at: string;
  }[];
  /** Names of the places whose last line is incomplete, as a crash in the middle of a write leaves it. */
  readonly torn: readonly string[];
};

/** The last anchor known to be durable at a place. It is kept beside the key. */
export type WrittenEnd = Pick<ChainEnd, "chain" | "counter" | "hash">;

/** A line without its line end. `whole`: the line end was there; a crash in the middle of a write leaves a last line without one. */
export type WrittenLine = { readonly text: string; readonly whole: boolean };

type Lines = AsyncIterable<WrittenLine> | Iterable<WrittenLine>;

/**
 * A place with anchors. A file has one chain, complete and in order. A topic has a chain for each process that wrote to it;
 * log compaction keeps at least the last anchor of each.
 */
export type AnchorPlace = {
  readonly name: string;
  readonly kind: "file" | "topic";
  readonly lines: Lines;
  readonly written: WrittenEnd | null;
};

type Link = { readonly anchor: Anchor; readonly hash: string };

/**
 * Verifies the signatures and the hash chains of anchors.
 * @param trusted public keys that the auditor keeps; keys that rotations connect with them are trusted too.
 * @param known rotations in addition to those in the anchors.
 */
export async function verifyAnchors(
  places: readonly AnchorPlace[],
  trusted: readonly string[],
  known: readonly Rotation[],
): Promise<VerifiedAnchors> {
  const faults: AnchorFault[] = [];
  const rotations = new Map(known.map((one) => [one.signature, one]));
  /** By key: the name of the first anchor that the key signed, and the heads of all its anchors. */
  const signed = new Map<string, { readonly first: string; readonly heads: HeadsByPlace }>();
  const ends: VerifiedAnchors["ends"][number][] = [];
  const torn: string[] = [];
  for (const place of places) {
    const walked = await walk(place, faults, (anchor, name) => {
      for (const one of anchor.rotations) rotations.set(one.signature, one);
      const under = signed.get(anchor.key) ?? { first: name, heads: newHeads() };
      signed.set(anchor.key, under);
      addHeads(under.heads, anchor, name);
    });
    if (walked.torn) torn.push(place.name);
    for (const { anchor, hash } of walked.ends)
      ends.push({ place: place.name, counter: anchor.counter, hash, at: anchor.at });
  }
  const tied = tiedKeys(trusted, [...rotations.values()]);
  const all = newHeads();
  for (const [key, { first, heads }] of signed) {
    if (tied.has(key)) merge(all, heads);
    else {
      const message = `${first} is signed by ${key}, which is not the key that is trusted, nor tied to it by a rotation`;
      faults.push({ code: "ANCHOR_SIGNATURE", message });
    }
  }
  return { faults, ...all, ends, torn };
}

type Walked = { readonly ends: readonly Link[]; readonly torn: boolean };

/** Reads the lines of a place and checks its chains. @param take called with every anchor whose signature is valid. */
async function walk(
  { name, kind, lines, written }: AnchorPlace,
  faults: AnchorFault[],
  take: (anchor: Anchor, name: string) => void,
): Promise<Walked> {
  const chains = new Map<string, Map<number, Link>>();
  const chainFault = (message: string): void => void faults.push({ code: "ANCHOR_CHAIN", message });
  let number = 0;
  let last: Link | null = null;
  let unread: { readonly number: number; readonly why: string } | null = null;
  let whole = true;
  for await (const { text: line, whole: ended } of lines) {
    number += 1;
    whole = ended;
    const read = parseAnchor(line);
    if (!read.ok) {
      unread ??= { number, why: read.why };
      continue;
    }
    const { anchor } = read;
    const called = `anchor ${anchor.counter} of ${name}`;
    const link = { anchor, hash: lineHash(line) };
    if (isSigned(anchor, read.signature)) take(anchor, called);
    else faults.push({ code: "ANCHOR_SIGNATURE", message: `${called} (line ${number}) does not have its signature` });
    if (kind === "file") {
      const why = whyNotNext(last, link);
      // An incomplete line of a crash may stand between two anchors; when they follow each other, nothing is missing.
      if (why !== null) chainFault(`${called} (line ${number}) ${why}`);
      else unread = null;
      last = link;
    } else {
      const chain = chains.get(anchor.chain) ?? new Map<number, Link>();
      const other = chain.get(anchor.counter);
      // An anchor may be there twice: the producer sends again when the answer to its first attempt is lost.
      if (other !== undefined && other.hash !== link.hash) chainFault(`${called} is there twice, and not the same`);
      chains.set(anchor.chain, chain.set(anchor.counter, link));
    }
  }
  const torn = unread !== null && kind === "file" && !whole;
  if (unread !== null && !torn) chainFault(`line ${unread.number} of ${name} ${unread.why}`);
  for (const chain of chains.values()) checkCompacted(name, chain, chainFault);
  const ends =
    last !== null ? [last] : [...chains.values()].flatMap((chain) => chain.get(Math.max(...chain.keys())) ?? []);
  const lost = written === null ? null : whyLost(written, ends, chains);
  if (lost !== null) chainFault(`${name} ${lost}`);
  return { ends, torn };
}

/** Why an anchor of a file does not follow the one before, as the rest of a sentence; null when it does. */
function whyNotNext(before: Link | null, { anchor }: Link): string | null {
  if (before === null) return anchor.counter === 0 ? null : `is the first that is there: those before it are missing`;
  if (anchor.chain !== before.anchor.chain) return "is of another chain than the one before it";
  if (anchor.counter !== before.anchor.counter + 1) return `stands behind anchor ${before.anchor.counter}`;
  return whyNotAfter(before, anchor);
}

function whyNotAfter(before: Link, anchor: Anchor): string | null {
  if (anchor.prev !== before.hash) return "does not follow the one before it, which is not what was written";
  const goesOn = before.anchor.rotations.every(({ signature }, at) => anchor.rotations[at]?.signature === signature);
  const lastKey = anchor.rotations.at(-1)?.to;
  if (!goesOn || (lastKey === undefined ? anchor.key !== before.anchor.key : anchor.key !== lastKey))
    return "is signed by another key than the one before it, without a rotation";
  return null;
}

/** Checks the links of a chain from a compacted topic: an anchor whose predecessor is still there must follow it. */
function checkCompacted(name: string, chain: ReadonlyMap<number, Link>, chainFault: (message: string) => void): void {
  for (const [counter, { anchor }] of chain) {
    const before = chain.get(counter - 1);
    const why = before === undefined ? null : whyNotAfter(before, anchor);
    if (why !== null) chainFault(`anchor ${counter} of ${name} ${why}`);
  }
}

/** Why the anchor that was last written to the place is missing or changed, as the rest of a sentence; null when it is there. */
function whyLost(
  { chain, counter, hash }: WrittenEnd,
  ends: readonly Link[],
  chains: ReadonlyMap<string, ReadonlyMap<number, Link>>,
): string | null {
  const end = ends.find(({ anchor }) => anchor.chain === chain);
  if (end === undefined) return `has nothing of the chain whose anchor ${counter} was written to it`;
  if (end.anchor.counter < counter)
    return `ends with anchor ${end.anchor.counter}, and anchor ${counter} was written to it`;
  const there = end.anchor.counter === counter ? end : chains.get(chain)?.get(counter);
  return there === undefined || there.hash === hash ? null : `has another anchor ${counter} than was written to it`;
}

type HeadsByPlace = {
  readonly streams: Map<string, Map<number, NamedHead[]>>;
  readonly operator: Map<number, NamedHead[]>;
};

function newHeads(): HeadsByPlace {
  return { streams: new Map(), operator: new Map() };
}

function addHeads(heads: HeadsByPlace, { streams, operator }: Anchor, anchor: string): void {
  for (const { stream, seq, hash } of streams) addHead(streamOf(heads, stream), seq, { hash, anchor });
  if (operator !== null) addHead(heads.operator, operator.seq, { hash: operator.hash, anchor });
}

function streamOf({ streams }: HeadsByPlace, stream: string): Map<number, NamedHead[]> {
  const known = streams.get(stream) ?? new Map<number, NamedHead[]>();
  streams.set(stream, known);
  return known;
}

function addHead(bySeq: Map<number, NamedHead[]>, seq: number, head: NamedHead): void {
  const known = bySeq.get(seq);
  if (known === undefined) bySeq.set(seq, [head]);
  else if (!known.some(({ hash }) => hash === head.hash)) known.push(head);
}

function merge(into: HeadsByPlace, from: HeadsByPlace): void {
  for (const [stream, bySeq] of from.streams)
    for (const [seq, heads] of bySeq) for (const head of heads) addHead(streamOf(into, stream), seq, head);
  for (const [seq, heads] of from.operator) for (const head of heads) addHead(into.operator, seq, head);
}
