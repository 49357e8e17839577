import type { JsonObject, JsonValue } from "../json/json.ts";
import type { Report, At } from "./report.ts";
import type { Seen } from "./seen.ts";

/** The five kinds of values that keywords speak of; `any` of a keyword that speaks of every value. */
export type Kinds = {
  readonly any: JsonValue;
  readonly string: string;
  readonly number: number | bigint;
  readonly array: readonly JsonValue[];
  readonly object: JsonObject;
};
export type Kind = keyof Kinds;

/** One keyword, or a few that only make sense together, compiled: it speaks of values of one kind. */
export type Part<K extends Kind = Kind> = {
  readonly kind: K;
  readonly accepts: (value: Kinds[K]) => boolean;
  /** As `accepts`, and notes in `seen` which members and items were looked at; absent when the keyword looks at none. */
  readonly tracks?: (value: Kinds[K], seen: Seen) => boolean;
  /** Reports what is wrong; nothing when `accepts` says yes. */
  readonly explain: (value: Kinds[K], at: At | null, report: Report) => void;
};

/** A part with its kind known to the type checker when it is taken apart. */
export type AnyPart = { readonly [K in Kind]: Part<K> }[Kind];

/** A compiled schema at one place. References link nodes in circles, so what is called is looked up when it is called. */
export type Node = {
  accepts: (value: JsonValue) => boolean;
  tracks: (value: JsonValue, seen: Seen) => boolean;
  explain: (value: JsonValue, at: At | null, report: Report) => void;
};
