import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { FORMATS } from "../schema/formats/formats.ts";
import { toJsonText } from "../json/json-text.ts";
import { isList, under } from "./draft.ts";

/** What was seen at one place of many records. Memory is bounded by the limits below, whatever is sent. */
type Seen = {
  readonly types: Map<string, number>;
  readonly members: Map<string, Seen>;
  /** Objects, for which members are counted. */
  objects: number;
  /** Of arrays: all their items. */
  items: Seen | null;
  /** Texts with their counts; null once there are too many to be names of a few kinds. */
  texts: Map<string, number> | null;
  integers: boolean;
  /** Formats that every text so far was of. */
  formats: readonly string[];
  /** An integer came that no double keeps. */
  long: boolean;
};

/** Beyond these a place is described as an object of any members, and its members are not told apart. */
const MEMBERS_MAX = 500;
const DEPTH_MAX = 16;
/** A text is offered as one of a few kinds when it was seen often, in few forms, each of them several times. */
const ENUM = { seenMin: 100, formsMax: 10, timesMin: 5 } as const;
/** Values of a possible identity that are compared. */
const UNIQUE_MAX = 200_000;

export type Sample = {
  /** @param fractions where the record has numbers that are written with a fraction or an exponent, by steps. */
  readonly add: (record: JsonValue, fractions?: readonly (readonly (string | number)[])[]) => void;
  readonly result: () => Inferred;
};

export type Inferred = {
  readonly records: number;
  readonly schema: JsonObject;
  /** Pointers of members that every record had, each with another value. */
  readonly unique: readonly string[];
  /** Pointers at which a text is offered as one of a few kinds. */
  readonly kinds: readonly string[];
  /** Pointers at which every text was of a format, with its name. */
  readonly dated: readonly { readonly pointer: string; readonly format: string }[];
  /** Pointers at which there were too many members to tell apart. */
  readonly open: readonly string[];
};

/** Describes records by what all of them have in common: nothing is made up, and no bound is drawn from a few values. */
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
      const told: Told = { kinds: [], dated: [], open: [] };
      const schema = { $schema: "https://json-schema.org/draft/2020-12/schema", ...describe(root, "", told) };
      const candidates = [...unique].filter(([name, values]) => values !== null && isCandidate(root, name, records));
      return { records, schema, unique: candidates.map(([name]) => under("", name)), ...told };
    },
  };
}

type Told = {
  readonly kinds: string[];
  readonly dated: { readonly pointer: string; readonly format: string }[];
  readonly open: string[];
};

/** Formats that are looked for: a text that is one of them hardly ever is so by chance. */
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
      // One more than the limit is kept, to know that it was passed.
      if (seen.members.size <= MEMBERS_MAX) seen.members.set(name, known);
      see(known, member, depth + 1);
    }
  }
}

/** The place is that of a number, not of an integer. Beyond the limits above there is no such place. */
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

function describe(seen: Seen, pointer: string, told: Told): JsonObject {
  const types = [...seen.types.keys()]
    .map((type) => (type === "number" && seen.integers ? "integer" : type))
    .toSorted();
  const [only] = types;
  const type = types.length === 1 && only !== undefined ? only : types;
  const isLong = seen.long && seen.integers;
  const [format] = seen.types.has("string") && !isLong ? seen.formats : [];
  if (format !== undefined) told.dated.push({ pointer, format });
  const kinds = format === undefined ? kindsOf(seen) : null;
  if (kinds !== null) told.kinds.push(pointer);
  return {
    ...(types.length === 0 ? {} : { type }),
    ...(isLong ? { format: "int64" } : format === undefined ? {} : { format }),
    ...(kinds === null ? {} : { enum: kinds }),
    ...(seen.objects === 0 ? {} : describeMembers(seen, pointer, told)),
    ...(seen.items === null ? {} : { items: describe(seen.items, `${pointer}/*`, told) }),
  };
}

/** Offered only where every value is such a text: `null` among them is one more form. */
function kindsOf({ texts, types }: Seen): readonly string[] | null {
  const count = types.get("string") ?? 0;
  if (types.size !== 1 || texts === null || count < ENUM.seenMin) return null;
  return [...texts.values()].every((times) => times >= ENUM.timesMin) ? [...texts.keys()].toSorted() : null;
}

function describeMembers(seen: Seen, pointer: string, told: Told): JsonObject {
  if (seen.members.size > MEMBERS_MAX) {
    told.open.push(pointer);
    return { additionalProperties: true };
  }
  const required = [...seen.members].filter(([, member]) => countOf(member) === seen.objects).map(([name]) => name);
  const members = [...seen.members].map(
    ([name, member]) => [name, describe(member, under(pointer, name), told)] as const,
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

/** Members whose value was another one in every record so far; a member that came twice with one value is out for good. */
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
