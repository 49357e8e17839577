import type { JsonObject, JsonValue } from "../json/json.ts";
import { isInteger } from "./assertions.ts";
import type { Builder } from "./builder.ts";
import type { AnyPart, Kind, Kinds, Node, Part } from "./node.ts";
import { addViolation } from "./report.ts";
import { mergeSeen, nothingSeen, type Seen } from "./seen.ts";
import { compileUnevaluated } from "./unevaluated.ts";

type Judge<T> = (value: T) => boolean;

/** Combines the parts of one schema: first `type`, then the parts for the value's kind, then those for any kind. */
export function assembleNode(builder: Builder): Node {
  const whole = assemble(builder);
  const unevaluated = compileUnevaluated(builder);
  if (unevaluated === null) return whole;
  const judge = (value: JsonValue, lenient: boolean): Seen | null => {
    const seen = nothingSeen(lenient);
    return whole.tracks(value, seen) && unevaluated.tracks(value, seen) ? seen : null;
  };
  return {
    accepts: (value) => judge(value, false) !== null,
    tracks: (value, seen) => {
      const own = judge(value, seen.lenient);
      if (own === null) return false;
      mergeSeen(seen, own);
      return true;
    },
    explain: (value, at, report) => {
      const before = report.violations.length;
      whole.explain(value, at, report);
      // When there are other violations, a field that some branch declares is not reported as unknown too.
      const seen = nothingSeen(report.violations.length > before);
      whole.tracks(value, seen);
      unevaluated.explain(value, at, report, seen);
    },
  };
}

function assemble({ schema, parts, site }: Builder): Node {
  const types = namedTypes(schema);
  const siteOfType = types === null ? null : site("type", types.join(" or "), `must be ${types.join(" or ")}`);
  const byKind = sortParts(parts);
  const partsOf = partsFor(byKind);
  const isType = types === null ? () => true : compileType(types);
  return {
    accepts: compileJudge(types, byKind),
    tracks: (value, seen) => {
      if (!isType(value)) return false;
      let accepted = true;
      // All parts run, even after one refuses: a lenient pass must see every field.
      for (const part of partsOf(value)) accepted = tracksPart(part, value, seen) && accepted;
      return accepted;
    },
    explain: (value, at, report) => {
      // For a value of the wrong type, other violations are of no use.
      if (siteOfType !== null && !isType(value)) return addViolation(report, siteOfType, at, value);
      for (const part of partsOf(value)) (part as Part<"any">).explain(value, at, report);
    },
  };
}

function tracksPart(part: AnyPart, value: JsonValue, seen: Seen): boolean {
  const known = part as Part<"any">;
  return known.tracks === undefined ? known.accepts(value) : known.tracks(value, seen);
}

type ByKind = { readonly [K in Kind]: readonly Part<K>[] };

function sortParts(parts: readonly AnyPart[]): ByKind {
  const of = <K extends Kind>(kind: K): readonly Part<K>[] =>
    parts.filter((part) => part.kind === kind) as unknown as readonly Part<K>[];
  return { any: of("any"), string: of("string"), number: of("number"), array: of("array"), object: of("object") };
}

/** Selects the parts that apply to a value, in the order in which their violations are reported. */
function partsFor(byKind: ByKind): (value: JsonValue) => readonly AnyPart[] {
  const { any, string, number, array, object } = byKind;
  const known = {
    string: [...string, ...any],
    number: [...number, ...any],
    array: [...array, ...any],
    object: [...object, ...any],
  };
  return (value) => {
    const kind = kindOfParts(value);
    return kind === null ? any : known[kind];
  };
}

function kindOfParts(value: JsonValue): Exclude<Kind, "any"> | null {
  if (typeof value === "string") return "string";
  if (typeof value === "number" || typeof value === "bigint") return "number";
  if (typeof value === "boolean" || value === null) return null;
  return Array.isArray(value) ? "array" : "object";
}

function namedTypes(schema: JsonObject): readonly string[] | null {
  const type = Object.hasOwn(schema, "type") ? schema["type"] : undefined;
  if (type === undefined) return null;
  return typeof type === "string" ? [type] : (type as readonly string[]);
}

function compileType(types: readonly string[]): Judge<JsonValue> {
  const number = numberTypeOf(types);
  return (value) => {
    if (typeof value === "number" || typeof value === "bigint") return number !== null && number(value);
    if (typeof value === "string" || typeof value === "boolean") return types.includes(typeof value);
    if (value === null) return types.includes("null");
    return types.includes(Array.isArray(value) ? "array" : "object");
  };
}

function numberTypeOf(types: readonly string[]): Judge<number | bigint> | null {
  if (types.includes("number")) return () => true;
  return types.includes("integer") ? isInteger : null;
}

/** Compiles the hot path to one function, specialised for the single type that most schemas name. */
function compileJudge(types: readonly string[] | null, byKind: ByKind): Judge<JsonValue> {
  const { any, string, number, array, object, boolean, nothing } = judgesOf(types, byKind);
  const only = types?.length === 1 ? types[0] : undefined;
  if (only === "string") return string === null ? isText : (value) => typeof value === "string" && string(value);
  if (only === "object") {
    return (value) => {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
      return object === null || object(value as JsonObject);
    };
  }
  if (only === "number" || only === "integer") {
    return (value) => (typeof value === "number" || typeof value === "bigint") && (number === null || number(value));
  }
  return (value) => {
    if (typeof value === "string") return string === null || string(value);
    if (typeof value === "number" || typeof value === "bigint") return number === null || number(value);
    if (typeof value === "boolean") return boolean && (any === null || any(value));
    if (value === null) return nothing && (any === null || any(value));
    if (Array.isArray(value)) return array === null || array(value as readonly JsonValue[]);
    return object === null || object(value as JsonObject);
  };
}

const isText: Judge<JsonValue> = (value) => typeof value === "string";

type Judges = {
  readonly [K in Kind]: Judge<Kinds[K]> | null;
} & { readonly boolean: boolean; readonly nothing: boolean };

/** The check for each kind of value; null when every value of the kind is accepted. */
function judgesOf(types: readonly string[] | null, byKind: ByKind): Judges {
  const any = conjunction(byKind.any.map((part) => part.accepts));
  const takes = (type: string): boolean => types === null || types.includes(type);
  const of = <K extends Exclude<Kind, "any">>(kind: K, isTaken: boolean): Judge<Kinds[K]> | null => {
    if (!isTaken) return NO;
    const own = byKind[kind].map((part) => part.accepts as Judge<Kinds[K]>);
    return conjunction(any === null ? own : [...own, any as Judge<Kinds[K]>]);
  };
  const ofNumber = of("number", takes("number") || takes("integer"));
  const onlyIntegers = types !== null && !types.includes("number") && types.includes("integer");
  const number = onlyIntegers
    ? conjunction<number | bigint>([isInteger, ...(ofNumber === null ? [] : [ofNumber])])
    : ofNumber;
  return {
    any,
    string: of("string", takes("string")),
    number,
    array: of("array", takes("array")),
    object: of("object", takes("object")),
    boolean: takes("boolean"),
    nothing: takes("null"),
  };
}

const NO = (): boolean => false;

function conjunction<T>(judges: readonly Judge<T>[]): Judge<T> | null {
  const [first, second, third] = judges;
  if (first === undefined) return null;
  if (second === undefined) return first;
  if (third === undefined) return (value) => first(value) && second(value);
  if (judges.length === 3) return (value) => first(value) && second(value) && third(value);
  return (value) => {
    for (const judge of judges) if (!judge(value)) return false;
    return true;
  };
}
