import { isSigned, tiedKeys, type Anchor, type Rotation } from "./anchor.ts";
import type { WrittenEnd } from "./anchor-chain.ts";

/** What the last anchor of a place says about itself. */
export type AnchorSignature =
  /** A key that is trusted signed it; `at` is the time of writing, ISO 8601. */
  | { readonly kind: "verified"; readonly key: string; readonly counter: number; readonly at: string }
  /** It proves nothing. `why` continues the sentence "the last anchor ...". */
  | { readonly kind: "wrong"; readonly why: string }
  /** It could not be looked at. `why` is a sentence without its end. */
  | { readonly kind: "unknown"; readonly why: string };

/** An anchor as it lies in its place. `hash` is that of its line. */
export type LastAnchor = { readonly anchor: Anchor; readonly signature: string; readonly hash: string };

/**
 * Judges the last anchor of a place. The chain before it is not looked at: that is what `sigma audit --anchors` does.
 * @param last null when the place has none.
 * @param written how far the place was written, as the note beside the key says; null without a note.
 * @param trusted the id of a public key. Keys that rotations connect with it are trusted too.
 * @param known rotations in addition to those in the anchor.
 */
export function judgeSignature(
  last: LastAnchor | null,
  written: WrittenEnd | null,
  trusted: string,
  known: readonly Rotation[],
): AnchorSignature {
  if (last === null)
    return written === null
      ? { kind: "unknown", why: "no anchor is there" }
      : { kind: "wrong", why: `is missing: anchor ${written.counter} was written` };
  const { anchor, signature, hash } = last;
  if (!isSigned(anchor, signature)) return { kind: "wrong", why: "does not have its signature" };
  if (!tiedKeys([trusted], [...known, ...anchor.rotations]).has(anchor.key))
    return {
      kind: "wrong",
      why: `is signed by ${anchor.key}, which is not the key here, nor tied to it by a rotation`,
    };
  const isOfNote = written !== null && written.chain === anchor.chain;
  if (isOfNote && anchor.counter < written.counter)
    return { kind: "wrong", why: `is number ${anchor.counter}, and number ${written.counter} was written` };
  if (isOfNote && anchor.counter === written.counter && hash !== written.hash)
    return { kind: "wrong", why: "is another than was written" };
  return { kind: "verified", key: anchor.key, counter: anchor.counter, at: anchor.at };
}
