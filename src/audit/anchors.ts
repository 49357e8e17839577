import type { NamedHead, VerifiedAnchors } from "../ledger/anchor-chain.ts";
import type { Finding, FindingCode } from "./finding.ts";

/** Heads that were kept outside the store. */
export type KeptHeads = {
  /** Null when nothing was anchored, or anchors are not to be checked. */
  readonly anchors: Pick<VerifiedAnchors, "faults" | "streams" | "operator"> | null;
  /** Head hashes that a person has noted, by stream. */
  readonly byHand: ReadonlyMap<string, readonly string[]>;
  /** Head hashes of the operator log that a person has noted. */
  readonly operatorByHand: readonly string[];
};

export const NOTHING_KEPT: KeptHeads = { anchors: null, byHand: new Map(), operatorByHand: [] };

export type HeadCheck = {
  /** Receives every entry of a chain, in order. */
  readonly see: (link: { readonly seq: number; readonly hash: string }) => void;
  /** Ends the chain and returns the findings. */
  readonly end: () => readonly Finding[];
  /** Number of anchored heads that the chain contains. */
  readonly found: () => number;
};

/**
 * Checks that the chain of one stream, or of the operator log, contains every head that was kept of it. A forged chain
 * is consistent in itself but lacks these hashes; a truncated chain ends before them.
 * @param stream null for the operator log.
 */
export function checkHeads(kept: KeptHeads, stream: string | null): HeadCheck {
  const anchored =
    (stream === null ? kept.anchors?.operator : kept.anchors?.streams.get(stream)) ??
    new Map<number, readonly NamedHead[]>();
  const byHand = new Set(stream === null ? kept.operatorByHand : kept.byHand.get(stream));
  const findings: Finding[] = [];
  const passed = new Set<number>();
  let last = -1;
  let found = 0;
  const add = (code: FindingCode, seq: number | null, message: string): void =>
    void findings.push({ code, stream, seq, offset: null, message });
  const what = stream === null ? "action" : "entry";
  return {
    see: ({ seq, hash }) => {
      last = seq;
      if (anchored.has(seq)) passed.add(seq);
      byHand.delete(hash);
      for (const head of anchored.get(seq) ?? []) {
        if (head.hash === hash) found += 1;
        else add("ANCHOR_DIFFERS", seq, `${what} ${seq} is not the one that ${head.anchor} names`);
      }
    },
    end: () => {
      for (const hash of byHand) add("ANCHOR_MISSING", null, `no ${what} has the hash ${hash} that was kept by hand`);
      const [newest, head] = newestOf(anchored);
      if (head === null) return findings;
      const named = `and ${head.anchor} names ${what} ${newest}`;
      if (last === -1)
        add("ANCHOR_MISSING", null, `the store has nothing of ${stream ?? "the operator log"}, ${named}`);
      else if (last < newest) {
        add(
          "ANCHOR_BEHIND",
          last,
          `${stream === null ? "the operator log" : "the ledger"} ends with ${what} ${last}, ${named}`,
        );
      }
      for (const [seq, heads] of anchored) {
        if (seq > last || passed.has(seq)) continue;
        for (const { anchor } of heads) add("ANCHOR_MISSING", seq, `${what} ${seq} is missing, and ${anchor} names it`);
      }
      return findings;
    },
    found: () => found,
  };
}

function newestOf(anchored: ReadonlyMap<number, readonly NamedHead[]>): readonly [number, NamedHead | null] {
  let newest = -1;
  for (const seq of anchored.keys()) newest = Math.max(newest, seq);
  return [newest, anchored.get(newest)?.[0] ?? null];
}

/** Streams that have kept heads. */
export function keptStreams({ anchors, byHand }: KeptHeads): ReadonlySet<string> {
  return new Set([...(anchors?.streams.keys() ?? []), ...byHand.keys()]);
}
