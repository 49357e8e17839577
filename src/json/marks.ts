import type { JsonValue } from "./json.ts";
import { pointerOf, stepsIn } from "./pointer.ts";

/**
 * Which parts of a JSON value are marked, told place by place from the outside in. A value that has another shape than the marks
 * expect is taken as marked rather than not: a text where an object with a marked member should be may hold that member.
 */
export type Marks = {
  /** The whole value here is marked. */
  readonly here: boolean;
  /** Something inside the value here may be marked. */
  readonly below: boolean;
  /** A scalar here is marked too, because it stands where something with a marked part should be. */
  readonly scalar: boolean;
  /** The names of the members here are marked, and so is an object as a whole. */
  readonly names: boolean;
  readonly member: (name: string) => Marks;
  readonly item: (index: number) => Marks;
};

/** Marks nothing. */
export const NOTHING_MARKED: Marks = {
  here: false,
  below: false,
  scalar: false,
  names: false,
  member: () => NOTHING_MARKED,
  item: () => NOTHING_MARKED,
};

/** What both marks mark together. */
export function bothMarks(one: Marks, other: Marks): Marks {
  if (one === NOTHING_MARKED || one === other) return other;
  if (other === NOTHING_MARKED) return one;
  return {
    here: one.here || other.here,
    below: one.below || other.below,
    scalar: one.scalar || other.scalar,
    names: one.names || other.names,
    member: (name) => bothMarks(one.member(name), other.member(name)),
    item: (index) => bothMarks(one.item(index), other.item(index)),
  };
}

/**
 * The marks of JSON pointers (RFC 6901). A step `*` stands for every member and every item. A pointer to nothing marks nothing.
 * @param pointers each "" or beginning with "/".
 */
export function marksOf(pointers: readonly string[]): Marks {
  return marksOfPaths(pointers.map(stepsIn));
}

const ANY = "*";
const INDEX = /^(?:0|[1-9]\d*)$/;

type Steps = readonly string[];

function marksOfPaths(paths: readonly Steps[]): Marks {
  if (paths.length === 0) return NOTHING_MARKED;
  const below = paths.some((steps) => steps.length > 0);
  return {
    here: paths.some((steps) => steps.length === 0),
    below,
    scalar: below,
    names: false,
    member: (name) => marksOfPaths(paths.flatMap((steps) => intoMember(steps, name))),
    item: (index) => marksOfPaths(paths.flatMap((steps) => intoItem(steps, String(index)))),
  };
}

/** What is left of a path inside a member. An index in an object that should be a list is passed over. */
function intoMember([first, ...rest]: Steps, name: string): readonly Steps[] {
  if (first === undefined) return [];
  if (first === name || first === ANY) return [rest];
  return INDEX.test(first) ? intoMember(rest, name) : [];
}

/** What is left of a path inside an item. A list where an object should be is taken as a list of such objects. */
function intoItem(steps: Steps, index: string): readonly Steps[] {
  const [first, ...rest] = steps;
  if (first === undefined) return [];
  if (first === index || first === ANY) return [rest];
  return INDEX.test(first) ? [] : [steps];
}

/** The steps of a pointer up to the first marked place, as a pointer; null when it leads to or through no marked place. */
export function markedPrefix(marks: Marks, pointer: string): string | null {
  const steps = stepsIn(pointer);
  let at = marks;
  for (const [depth, step] of steps.entries()) {
    if (at.here || at.names) return pointerOf(steps.slice(0, depth));
    const asMember = at.member(step);
    // A pointer does not say whether a step of digits is an index or a name.
    at = INDEX.test(step) ? bothMarks(asMember, at.item(Number(step))) : asMember;
  }
  return at.here ? pointer : null;
}

/** Replaces every marked part of a value. Parts without marks are the same objects as before. */
export function replaceMarked(value: JsonValue, marks: Marks, by: JsonValue): JsonValue {
  if (marks.here) return by;
  if (!marks.below && !marks.names) return value;
  // Null tells nothing of what should be here.
  if (value === null) return value;
  if (typeof value !== "object") return marks.scalar ? by : value;
  if (Array.isArray(value))
    return (value as readonly JsonValue[]).map((item, index) => replaceMarked(item, marks.item(index), by));
  if (marks.names) return by;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, replaceMarked(part, marks.member(name), by)]),
  );
}
