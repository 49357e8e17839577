import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { FORMATS } from "../schema/formats/formats.ts";
import { toJsonText } from "../json/json-text.ts";
import { isList, under } from "./draft.ts";

/** Statistics of the values at one place of many records. The limits below bound its memory for any input. */
type Seen = {
  readonly types: Map<string, number>;
  readonly members: Map<string, Seen>;
  /** The number of objects, with which the counts of members are compared. */
  objects: number;
  /** Statistics over all items of all arrays; null without an array. */
  items: Seen | null;
  /** Texts with their counts; null once there are too many different texts for an enum. */
  texts: Map<string, number> | null;
  integers: boolean;
  /** The formats that all texts so far are of. */
  formats: readonly string[];
  /** Whether an integer was seen that a double cannot represent. */
  long: boolean;
};

/** Beyond these limits a place is described as an object of any members. */
const MEMBERS_MAX = 500;
const DEPTH_MAX = 16;
/**
 * A place gets an `enum` when it was seen at least `seenMin` times, with at most `formsMax` different texts, each at least
 * `timesMin` times.
 */
const ENUM = { seenMin: 100, formsMax: 10, timesMin: 5 } as const;
/** The most values of a possible identity field that are checked for uniqueness. */
const UNIQUE_MAX = 200_000;

export type Sample = {
  /**
   * Adds a record.
   * @param fractions paths of the numbers that are written with a fraction or an exponent.
   */
  readonly add: (record: JsonValue, fractions?: readonly (readonly (string | number)[])[]) => void;
  readonly result: () => Inferred;
};

export type Inferred = {
  readonly records: number;
  readonly schema: JsonObject;
  /** Pointers of members that every record has, each time with a different value. */
  readonly unique: readonly string[];
  /** Pointers of the places that got an `enum`. */
  readonly kinds: readonly string[];
  /** Pointers of the places whose texts all have a format, with the format. */
  readonly dated: readonly { readonly pointer: string; readonly format: string }[];
  /** Pointers of objects with too many members to describe each. */
  readonly open: readonly string[];
};

/** Infers a schema from what all records have in common. Nothing is invented, and no bounds are derived from few values. */
export function createSample(): Sample {
  const root = nothing();
  const unique = new Map<string, Set<string> | null>();
  let records = 0;
  return {
    add: (record, fractions = []) => {
      records += 1;
      see(root, record, 0);
      for (const steps of fractions) markFraction(root, steps);
      if (isObject(record)) watchUnique(unique, record, records);
    },
    result: () => {
      const notable: Notable = { kinds: [], dated: [], open: [] };
      const schema = { $schema: "https://json-schema.org/draft/2020-12/schema", ...describe(root, "", notable) };
      const candidates = [...unique].filter(([name, values]) => values !== null && isCandidate(root, name, records));
      return { records, schema, unique: candidates.map(([name]) => under("", name)), ...notable };
    },
  };
}

/** The places that {@link Inferred} lists, collected while the schema is described. */
type Notable = {
  readonly kinds: string[];
  readonly dated: { readonly pointer: string; readonly format: string }[];
  readonly open: string[];
};

/** The formats that are inferred: a text is hardly ever of one of them by chance. */
const DATED: readonly string[] = ["date-time", "date"];

function nothing(): Seen {
  return {
    types: new Map(),
    members: new Map(),
    objects: 0,
    items: null,
    texts: new Map(),
    integers: true,
    formats: DATED,
    long: false,
  };
}

function see(seen: Seen, value: JsonValue, depth: number): void {
  const type = typeOf(value);
  seen.types.set(type, (seen.types.get(type) ?? 0) + 1);
  if (typeof value === "number" && !Number.isInteger(value)) seen.integers = false;
  if (typeof value === "bigint") seen.long = true;
  if (typeof value === "string") {
    countText(seen, value);
    seen.formats = seen.formats.filter((format) => FORMATS.get(format)?.(value));
  }
  if (depth >= DEPTH_MAX) return;
  if (isList(value)) {
    for (const item of value) see((seen.items ??= nothing()), item, depth + 1);
  } else if (isObject(value)) {
    seen.objects += 1;
    for (const [name, member] of Object.entries(value)) {
      const known = seen.members.get(name) ?? nothing();
      // One member more than the limit is kept, to know that the limit was exceeded.
      if (seen.members.size <= MEMBERS_MAX) seen.members.set(name, known);
      see(known, member, depth + 1);
    }
  }
}

/** Marks a place as a number, not an integer. A path beyond the limits above leads to no place. */
function markFraction(root: Seen, steps: readonly (string | number)[]): void {
  let at: Seen | null | undefined = root;
  for (const step of steps) at = typeof step === "number" ? at?.items : at?.members.get(step);
  if (at !== null && at !== undefined) at.integers = false;
}

function countText(seen: Seen, text: string): void {
  if (seen.texts === null) return;
  seen.texts.set(text, (seen.texts.get(text) ?? 0) + 1);
  if (seen.texts.size > ENUM.formsMax || text.length > 100) seen.texts = null;
}

function typeOf(value: JsonValue): string {
  if (value === null) return "null";
  if (typeof value === "bigint") return "number";
  return Array.isArray(value) ? "array" : typeof value;
}

function describe(seen: Seen, pointer: string, notable: Notable): JsonObject {
  const types = [...seen.types.keys()]
    .map((type) => (type === "number" && seen.integers ? "integer" : type))
    .toSorted();
  const [only] = types;
  const type = types.length === 1 && only !== undefined ? only : types;
  const isLong = seen.long && seen.integers;
  const [format] = seen.types.has("string") && !isLong ? seen.formats : [];
  if (format !== undefined) notable.dated.push({ pointer, format });
  const kinds = format === undefined ? kindsOf(seen) : null;
  if (kinds !== null) notable.kinds.push(pointer);
  return {
    ...(types.length === 0 ? {} : { type }),
    ...(isLong ? { format: "int64" } : format === undefined ? {} : { format }),
    ...(kinds === null ? {} : { enum: kinds }),
    ...(seen.objects === 0 ? {} : describeMembers(seen, pointer, notable)),
    ...(seen.items === null ? {} : { items: describe(seen.items, `${pointer}/*`, notable) }),
  };
}

/** An `enum` is inferred only when every value is a text: `null` would be a further value. */
function kindsOf({ texts, types }: Seen): readonly string[] | null {
  const count = types.get("string") ?? 0;
  if (types.size !== 1 || texts === null || count < ENUM.seenMin) return null;
  return [...texts.values()].every((times) => times >= ENUM.timesMin) ? [...texts.keys()].toSorted() : null;
}

function describeMembers(seen: Seen, pointer: string, notable: Notable): JsonObject {
  if (seen.members.size > MEMBERS_MAX) {
    notable.open.push(pointer);
    return { additionalProperties: true };
  }
  const required = [...seen.members].filter(([, member]) => countOf(member) === seen.objects).map(([name]) => name);
  const members = [...seen.members].map(
    ([name, member]) => [name, describe(member, under(pointer, name), notable)] as const,
  );
  return {
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(members),
  };
}

function countOf({ types }: Seen): number {
  return [...types.values()].reduce((sum, times) => sum + times, 0);
}

/** Tracks members with a different value in every record so far; a member that had the same value twice is dropped for good. */
function watchUnique(unique: Map<string, Set<string> | null>, record: JsonObject, records: number): void {
  if (records === 1) for (const name of Object.keys(record).slice(0, MEMBERS_MAX)) unique.set(name, new Set());
  for (const [name, values] of unique) {
    if (values === null || values.size >= UNIQUE_MAX) continue;
    const value = record[name];
    const text =
      typeof value === "string" || Number.isInteger(value) || typeof value === "bigint" ? toJsonText(value) : null;
    if (text === null || values.has(text)) unique.set(name, null);
    else values.add(text);
  }
}

function isCandidate(root: Seen, name: string, records: number): boolean {
  const member = root.members.get(name);
  return member !== undefined && countOf(member) === records && member.types.size === 1;
}
