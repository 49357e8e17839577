import type { JsonValue } from "../json/json.ts";
import { toJsonText } from "../json/json-text.ts";
import { isSpent, spend, type Effort } from "./effort.ts";
import { variationsOf } from "./variations.ts";
import type { Pick } from "./seeded-pick.ts";

/** What a search for a witness may use. */
export type WitnessSearch = {
  /** Whether a value is what is looked for: accepted by one version, refused by the other. */
  readonly isWitness: (value: JsonValue) => boolean;
  /** Whether the first version accepts: such values are worth changing. */
  readonly isBase: (value: JsonValue) => boolean;
  /** Makes one value, or undefined. */
  readonly sample: (pick: Pick) => JsonValue | undefined;
  /** Values known beforehand, such as fixtures. */
  readonly given: readonly JsonValue[];
  /** Values to try at every place. */
  readonly pool: readonly JsonValue[];
  /** Names to try in every object. */
  readonly names: readonly string[];
  readonly pick: Pick;
  /** Values to make and judge at most, in all. */
  readonly effort: number;
  /** Whether the steps of the comparison are used up. */
  readonly isSpent: () => boolean;
};

/** Values kept to be changed. */
const BASES_MAX = 16;

/**
 * Looks for a witness: among what is given, among samples, then among single and double changes of accepted values.
 * Null says that none was found, and nothing more.
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

/** Two changes at once, at random. */
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

/** Characters of a value that are written, and looked at, in one step: 64. */
const SIZE_SHIFT = 6;

/** Values judged while a witness is made smaller. */
const SHRINK_MAX = 3_000;

/** A smaller witness: fields and items dropped, values replaced by plainer ones, as long as it remains one. */
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

/** By length, then by how plain it looks: a total order, so that shrinking ends. */
function sizeOf(value: JsonValue): number {
  const text = toJsonText(value);
  const odd = [...text.matchAll(/[^a0{}[\]",:]/g)].length;
  return text.length + odd / (text.length + 1);
}
