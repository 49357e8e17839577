/**
 * Which members and items of one value have been looked at, for `unevaluatedProperties` and `unevaluatedItems`
 * (JSON Schema 2020-12, 11). Only what a schema that accepts the value looked at counts.
 */
export type Seen = {
  readonly names: Set<string>;
  allNames: boolean;
  /** Items from the first on. */
  items: number;
  readonly places: Set<number>;
  /**
   * Whether schemas that refuse the value count too: for explanations, where a field that some branch knows must not be
   * called unknown because another field is wrong.
   */
  readonly lenient: boolean;
};

export function nothingSeen(lenient: boolean): Seen {
  return { names: new Set(), allNames: false, items: 0, places: new Set(), lenient };
}

/** Adds what one saw to another. */
export function mergeSeen(into: Seen, from: Seen): void {
  for (const name of from.names) into.names.add(name);
  for (const place of from.places) into.places.add(place);
  if (from.allNames) into.allNames = true;
  if (from.items > into.items) into.items = from.items;
}

/** Judges by a schema beside others: what it saw counts when it accepts. */
export function trackApart(tracks: (seen: Seen) => boolean, seen: Seen): boolean {
  const apart = nothingSeen(seen.lenient);
  const accepted = tracks(apart);
  if (accepted || seen.lenient) mergeSeen(seen, apart);
  return accepted;
}
