/**
 * The members and items of one value that were evaluated, for `unevaluatedProperties` and `unevaluatedItems` (JSON
 * Schema 2020-12, 11). Only schemas that accept the value count.
 */
export type Seen = {
  readonly names: Set<string>;
  allNames: boolean;
  /** Number of evaluated items from the first on. */
  items: number;
  readonly places: Set<number>;
  /**
   * Whether schemas that refuse the value count too. Explanations need that: a field that some branch declares must not
   * be called unknown because another field is wrong.
   */
  readonly lenient: boolean;
};

export function nothingSeen(lenient: boolean): Seen {
  return { names: new Set(), allNames: false, items: 0, places: new Set(), lenient };
}

/** Adds the members and items of one to another. */
export function mergeSeen(into: Seen, from: Seen): void {
  for (const name of from.names) into.names.add(name);
  for (const place of from.places) into.places.add(place);
  if (from.allNames) into.allNames = true;
  if (from.items > into.items) into.items = from.items;
}

/** Judges by one of several schemas: its members and items count only when it accepts. */
export function trackApart(tracks: (seen: Seen) => boolean, seen: Seen): boolean {
  const apart = nothingSeen(seen.lenient);
  const accepted = tracks(apart);
  if (accepted || seen.lenient) mergeSeen(seen, apart);
  return accepted;
}
