import { Unavailable } from "../core/unavailable.ts";
import type { Heads } from "../ledger/anchor.ts";

/** A destination of anchors, which are written one at a time. */
export type AnchorWriter = {
  readonly name: string;
  /**
   * Resolves when the anchor is durable.
   * @param at ISO 8601.
   * @returns a warning for people, or null.
   * @throws `Unavailable`; the next anchor is then written as if this one had not been tried.
   */
  readonly write: (heads: Heads, at: string) => Promise<string | null>;
  readonly close: () => Promise<void>;
};

/** The error for a chain that is signed by another key, when no rotation leads from that key to the current one. */
export function otherKey(place: string, stands: string, key: string): Unavailable {
  const message = `Cannot go on with the anchors of ${place}: they are signed by ${stands}, and the key is ${key}`;
  return new Unavailable(
    "ANCHOR_KEY",
    message,
    "put the key back, or name another place: a key is changed with `sigma keys rotate`",
  );
}
