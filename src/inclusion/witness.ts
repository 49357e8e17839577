import type { JsonValue } from "../json/json.ts";
import { toJsonText } from "../json/json-text.ts";
import { isSpent, spend, type Effort } from "./effort.ts";
import { variationsOf } from "./variations.ts";
import type { Pick } from "./seeded-pick.ts";

/** The input of a search for a witness. */
export type WitnessSearch = {
  /** Whether a value is a witness: one version accepts it, the other refuses it. */
  readonly isWitness: (value: JsonValue) => boolean;
  /** Whether the first version accepts the value; variations of such values are tried. */
  readonly isBase: (value: JsonValue) => boolean;
  /** Makes a random value that the first version probably accepts; undefined when the attempt failed. */
  readonly sample: (pick: Pick) => JsonValue | undefined;
  /** Known values, such as fixtures. */
  readonly given: readonly JsonValue[];
  /** Values to try at every place. */
  readonly pool: readonly JsonValue[];
  /** Names to try in every object. */
  readonly names: readonly string[];
  readonly pick: Pick;
  /** The most values that are made and judged in all. */
  readonly effort: number;
  /** Whether the steps of the comparison are used up. */
  readonly isSpent: () => boolean;
};

/** The most accepted values that are kept for variations. */
const BASES_MAX = 16;

/**
 * Searches a witness among the given values, then among samples, then among single and double changes of accepted values. Null
 * means only that none was found.
 */
export function searchWitness(search: WitnessSearch): JsonValue | null {
  const { isWitness, isBase, sample, given, pick, effort } = search;
  const bases: JsonValue[] = [];
  let left = effort;
  const look = (value: JsonValue | undefined): JsonValue | null => {
    left -= 1;
    if (value === undefined) return null;
    if (isWitness(value)) return value;
    if (bases.length < BASES_MAX && isBase(value)) bases.push(value);
    return null;
  };
  for (const value of given) {
    const found = look(value);
    if (found !== null) return found;
  }
  for (let count = 0; count < effort / 20 && !search.isSpent(); count += 1) {
    const found = look(sample(pick));
    if (found !== null) return found;
  }
  for (const base of bases.slice()) {
    for (const changed of variationsOf(base, search.pool, search.names)) {
      if (left <= 0 || search.isSpent()) return null;
      const found = look(changed);
      if (found !== null) return found;
    }
  }
  return searchFurther(search, bases, left);
}

/** Tries two random changes at once. */
function searchFurther(
  { isWitness, pool, names, pick, isSpent: isOver }: WitnessSearch,
  bases: readonly JsonValue[],
  effort: number,
): JsonValue | null {
  for (let left = Math.min(effort, bases.length * 200); left > 0 && !isOver(); left -= 1) {
    const base = bases[pick(bases.length)] ?? null;
    const once = [...variationsOf(base, pool, names, pick)][0] ?? base;
    const twice = [...variationsOf(once, pool, names, pick)][0] ?? once;
    if (isWitness(twice)) return twice;
  }
  return null;
}

/** One step pays for 64 characters of a value: their number is shifted right by this many bits. */
const SIZE_SHIFT = 6;

/** The most values that are judged to make a witness smaller. */
const SHRINK_MAX = 3_000;

/** Makes a witness smaller: drops properties and items and replaces values by simpler ones, as long as the result is a witness. */
export function shrinkWitness(witness: JsonValue, isWitness: (value: JsonValue) => boolean, steps: Effort): JsonValue {
  let best = witness;
  let left = SHRINK_MAX;
  let size = sizeOf(best);
  for (let improved = true; improved && left > 0;) {
    improved = false;
    for (const smaller of variationsOf(best, PLAIN, [])) {
      left -= 1;
      if (left <= 0 || isSpent(steps)) break;
      const other = sizeOf(smaller);
      spend(steps, Math.trunc(other) >> SIZE_SHIFT);
      if (other >= size || !isWitness(smaller)) continue;
      best = smaller;
      size = other;
      improved = true;
      break;
    }
  }
  return best;
}

const PLAIN: readonly JsonValue[] = [0, 1, "", "a", null, [], {}, false, true];

/** Orders values by the length of their text, then by unusual characters. The order is total, so that shrinking ends. */
function sizeOf(value: JsonValue): number {
  const text = toJsonText(value);
  const odd = [...text.matchAll(/[^a0{}[\]",:]/g)].length;
  return text.length + odd / (text.length + 1);
}
