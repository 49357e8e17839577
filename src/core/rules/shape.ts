/**
 * The shape of a value: the kinds that it may have, and what is known for each kind. It is sound but not complete: every
 * possible value fits its shape, while the shape may allow further values.
 */
export type Shape = {
  readonly null: boolean;
  readonly bool: boolean;
  readonly number: NumberShape | null;
  readonly string: StringShape | null;
  readonly list: ListShape | null;
  readonly object: ObjectShape | null;
  /** A kind that only expressions yield. A shape with a computed kind has no other kind. */
  readonly computed: ComputedKind | null;
};

export type ComputedKind = "instant" | "date" | "duration";

export type NumberShape = {
  readonly whole: boolean;
  readonly nonZero: boolean;
  /** How many numbers of the payload were multiplied to compute it, which bounds its digits. */
  readonly degree: number;
};

export type StringShape = {
  /** Set only when the schema asserts the format. */
  readonly format: "date-time" | "date" | null;
  /** Whether `decimal` accepts every text. */
  readonly decimal: boolean;
  /** All possible texts, when they are few; otherwise null. */
  readonly values: ReadonlySet<string> | null;
  /** The most characters, in UTF-16 units; Infinity without a bound. */
  readonly lengthMax: number;
};

/** A shape that is made on demand: a schema may contain itself. */
export type Lazy = () => Shape;

export type ListShape = {
  readonly prefix: readonly Lazy[];
  readonly items: Lazy;
  readonly min: number;
  /** Infinity without a bound. */
  readonly max: number;
};

export type FieldShape = { readonly shape: Lazy; readonly required: boolean };

export type ObjectShape = {
  readonly fields: ReadonlyMap<string, FieldShape>;
  /** The shape of undeclared fields; null when there are none. */
  readonly rest: Lazy | null;
  /** Whether the schema describes undeclared fields, which may then be read by name. */
  readonly isMap: boolean;
};

export const ANY_NUMBER: NumberShape = { whole: false, nonZero: false, degree: 1 };
export const ANY_STRING: StringShape = { format: null, decimal: false, values: null, lengthMax: Infinity };
const anyPart: Lazy = () => ANY;
export const ANY_LIST: ListShape = { prefix: [], items: anyPart, min: 0, max: Infinity };
const ANY_OBJECT: ObjectShape = { fields: new Map(), rest: anyPart, isMap: false };

/** No value at all. */
export const NEVER: Shape = {
  null: false,
  bool: false,
  number: null,
  string: null,
  list: null,
  object: null,
  computed: null,
};

/** Any JSON value. */
export const ANY: Shape = {
  null: true,
  bool: true,
  number: ANY_NUMBER,
  string: ANY_STRING,
  list: ANY_LIST,
  object: ANY_OBJECT,
  computed: null,
};

/** Any JSON value and any computed number: the start for narrowing one kind only. */
export const ANYTHING: Shape = { ...ANY, number: { ...ANY_NUMBER, degree: Infinity } };

export const NULL: Shape = { ...NEVER, null: true };
export const BOOL: Shape = { ...NEVER, bool: true };
export const STRING: Shape = { ...NEVER, string: ANY_STRING };
export const NUMBER: Shape = { ...NEVER, number: ANY_NUMBER };
export const LIST: Shape = { ...NEVER, list: ANY_LIST };
export const OBJECT: Shape = { ...NEVER, object: ANY_OBJECT };

export function numberShape(more: Partial<NumberShape>): Shape {
  return { ...NEVER, number: { ...ANY_NUMBER, ...more } };
}

export function stringShape(more: Partial<StringShape>): Shape {
  return { ...NEVER, string: { ...ANY_STRING, ...more } };
}

export function listShape(more: Partial<ListShape>): Shape {
  return { ...NEVER, list: { ...ANY_LIST, ...more } };
}

export function computedShape(kind: ComputedKind): Shape {
  return { ...NEVER, computed: kind };
}

/** Makes a shape on demand and caches it. */
export function lazily(make: Lazy): Lazy {
  let made: Shape | null = null;
  return () => (made ??= make());
}

/** The shape of values that have one of the two shapes. */
export function union(a: Shape, b: Shape): Shape {
  if (a === b) return a;
  return {
    null: a.null || b.null,
    bool: a.bool || b.bool,
    number: either(a.number, b.number, unionNumbers),
    string: either(a.string, b.string, unionStrings),
    list: either(a.list, b.list, unionLists),
    object: either(a.object, b.object, unionObjects),
    computed: a.computed ?? b.computed,
  };
}

/**
 * The union of several shapes. They are joined as a balanced tree: a chain of ten thousand would overflow the stack when its
 * lazy parts are made.
 */
export function unionAll(shapes: readonly Shape[]): Shape {
  return balanced(shapes, union) ?? NEVER;
}

/** The intersection of several shapes. */
export function intersectAll(shapes: readonly Shape[]): Shape {
  return balanced(shapes, intersect) ?? ANY;
}

function balanced(shapes: readonly Shape[], join: (a: Shape, b: Shape) => Shape): Shape | null {
  if (shapes.length <= 1) return shapes[0] ?? null;
  const middle = shapes.length >> 1;
  const [left, right] = [balanced(shapes.slice(0, middle), join), balanced(shapes.slice(middle), join)];
  return left === null || right === null ? (left ?? right) : join(left, right);
}

function either<Part>(a: Part | null, b: Part | null, join: (a: Part, b: Part) => Part): Part | null {
  if (a === null || b === null) return a ?? b;
  return join(a, b);
}

function unionNumbers(a: NumberShape, b: NumberShape): NumberShape {
  return { whole: a.whole && b.whole, nonZero: a.nonZero && b.nonZero, degree: Math.max(a.degree, b.degree) };
}

function unionStrings(a: StringShape, b: StringShape): StringShape {
  return {
    format: a.format === b.format ? a.format : null,
    decimal: a.decimal && b.decimal,
    values: a.values === null || b.values === null ? null : new Set([...a.values, ...b.values]),
    lengthMax: Math.max(a.lengthMax, b.lengthMax),
  };
}

function unionLists(a: ListShape, b: ListShape): ListShape {
  const length = Math.max(a.prefix.length, b.prefix.length);
  return {
    prefix: Array.from({ length }, (_, at) => lazily(() => union(itemAt(a, at), itemAt(b, at)))),
    items: lazily(() => union(a.items(), b.items())),
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
  };
}

/** The shape of the item at this index, if the list has one. */
export function itemAt(list: ListShape, index: number): Shape {
  return (list.prefix[index] ?? list.items)();
}

/** The union of the shapes of all items. */
export function anyItem(list: ListShape): Shape {
  const beyond = list.max > list.prefix.length ? list.items() : NEVER;
  return unionAll([...list.prefix.map((item) => item()), beyond]);
}

function unionObjects(a: ObjectShape, b: ObjectShape): ObjectShape {
  const fields = new Map<string, FieldShape>();
  for (const name of new Set([...a.fields.keys(), ...b.fields.keys()])) {
    const [one, other] = [a.fields.get(name), b.fields.get(name)];
    const left = one?.shape ?? a.rest;
    const right = other?.shape ?? b.rest;
    const shape = lazily(() => union(left?.() ?? NEVER, right?.() ?? NEVER));
    fields.set(name, { shape, required: one?.required === true && other?.required === true });
  }
  const rest =
    a.rest === null && b.rest === null ? null : lazily(() => union(a.rest?.() ?? NEVER, b.rest?.() ?? NEVER));
  return { fields, rest, isMap: (a.isMap || a.rest === null) && (b.isMap || b.rest === null) };
}

/** The shape of values that have both shapes. */
export function intersect(a: Shape, b: Shape): Shape {
  if (a === b) return a;
  return {
    null: a.null && b.null,
    bool: a.bool && b.bool,
    number: both(a.number, b.number, intersectNumbers),
    string: both(a.string, b.string, intersectStrings),
    list: both(a.list, b.list, intersectLists),
    object: both(a.object, b.object, intersectObjects),
    computed: a.computed === b.computed ? a.computed : null,
  };
}

function both<Part>(a: Part | null, b: Part | null, meet: (a: Part, b: Part) => Part): Part | null {
  return a === null || b === null ? null : meet(a, b);
}

function intersectNumbers(a: NumberShape, b: NumberShape): NumberShape {
  return { whole: a.whole || b.whole, nonZero: a.nonZero || b.nonZero, degree: Math.min(a.degree, b.degree) };
}

function intersectStrings(a: StringShape, b: StringShape): StringShape {
  return {
    format: a.format ?? b.format,
    decimal: a.decimal || b.decimal,
    values: commonValues(a.values, b.values),
    lengthMax: Math.min(a.lengthMax, b.lengthMax),
  };
}

function commonValues(a: StringShape["values"], b: StringShape["values"]): StringShape["values"] {
  if (a === null || b === null) return a ?? b;
  return new Set([...a].filter((value) => b.has(value)));
}

function intersectLists(a: ListShape, b: ListShape): ListShape {
  const [min, max] = [Math.max(a.min, b.min), Math.min(a.max, b.max)];
  // A list shape without information about items also allows items of computed kinds.
  if (a.items === anyPart && a.prefix.length === 0) return { ...b, min, max };
  if (b.items === anyPart && b.prefix.length === 0) return { ...a, min, max };
  const length = Math.max(a.prefix.length, b.prefix.length);
  return {
    prefix: Array.from({ length }, (_, at) => lazily(() => intersect(itemAt(a, at), itemAt(b, at)))),
    items: lazily(() => intersect(a.items(), b.items())),
    min,
    max,
  };
}

function intersectObjects(a: ObjectShape, b: ObjectShape): ObjectShape {
  if (a.rest === anyPart && a.fields.size === 0) return { ...b, isMap: a.isMap || b.isMap };
  if (b.rest === anyPart && b.fields.size === 0) return { ...a, isMap: a.isMap || b.isMap };
  const fields = new Map<string, FieldShape>();
  for (const name of new Set([...a.fields.keys(), ...b.fields.keys()])) {
    const [one, other] = [a.fields.get(name), b.fields.get(name)];
    const left = one?.shape ?? a.rest;
    const right = other?.shape ?? b.rest;
    const shape = lazily(() => intersect(left?.() ?? NEVER, right?.() ?? NEVER));
    fields.set(name, { shape, required: one?.required === true || other?.required === true });
  }
  const [left, right] = [a.rest, b.rest];
  const rest = left === null || right === null ? null : lazily(() => intersect(left(), right()));
  return { fields, rest, isMap: a.isMap || b.isMap };
}

const COMPUTED_WORDS: Readonly<Record<ComputedKind, string>> = {
  instant: "an instant",
  date: "a date",
  duration: "a duration",
};

/** The kinds of a shape in words. */
export function kindsOf(shape: Shape): readonly string[] {
  const words: string[] = [];
  if (shape.null) words.push("null");
  if (shape.bool) words.push("true or false");
  if (shape.number !== null) words.push(shape.number.whole ? "a whole number" : "a number");
  if (shape.string !== null) words.push("a text");
  if (shape.list !== null) words.push("a list");
  if (shape.object !== null) words.push("an object");
  if (shape.computed !== null) words.push(COMPUTED_WORDS[shape.computed]);
  return words;
}

/** `a text`, `null or a number`, `anything`. */
export function describeShape(shape: Shape): string {
  const words = kindsOf(shape);
  if (words.length === 0) return "nothing";
  return words.length >= 6 ? "anything" : words.join(" or ");
}

export type Kind = "null" | "bool" | "number" | "string" | "list" | "object" | ComputedKind;

/** The only kind of a shape, or null when it has several kinds or none. */
export function onlyKind(shape: Shape): Kind | null {
  const kinds = kindNames(shape);
  return kinds.length === 1 ? (kinds[0] ?? null) : null;
}

export function kindNames(shape: Shape): readonly Kind[] {
  const kinds: Kind[] = [];
  if (shape.null) kinds.push("null");
  if (shape.bool) kinds.push("bool");
  if (shape.number !== null) kinds.push("number");
  if (shape.string !== null) kinds.push("string");
  if (shape.list !== null) kinds.push("list");
  if (shape.object !== null) kinds.push("object");
  if (shape.computed !== null) kinds.push(shape.computed);
  return kinds;
}
