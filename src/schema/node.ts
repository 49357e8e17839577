import type { JsonObject, JsonValue } from "../json/json.ts";
import type { Report, At } from "./report.ts";
import type { Seen } from "./seen.ts";

/** The kinds of values that keywords apply to; `any` for keywords that apply to every value. */
export type Kinds = {
  readonly any: JsonValue;
  readonly string: string;
  readonly number: number | bigint;
  readonly array: readonly JsonValue[];
  readonly object: JsonObject;
};
export type Kind = keyof Kinds;

/** One compiled keyword, or a few that belong together, which applies to values of one kind. */
export type Part<K extends Kind = Kind> = {
  readonly kind: K;
  readonly accepts: (value: Kinds[K]) => boolean;
  /**
   * As `accepts`, and also records in `seen` which members and items were evaluated; absent when the keyword evaluates
   * none.
   */
  readonly tracks?: (value: Kinds[K], seen: Seen) => boolean;
  /** Reports the violations; none when `accepts` returns true. */
  readonly explain: (value: Kinds[K], at: At | null, report: Report) => void;
};

/** A part as a union by kind, so that the type checker can narrow it. */
export type AnyPart = { readonly [K in Kind]: Part<K> }[Kind];

/** A compiled schema. References make cycles of nodes, so the functions are looked up at each call. */
export type Node = {
  accepts: (value: JsonValue) => boolean;
  tracks: (value: JsonValue, seen: Seen) => boolean;
  explain: (value: JsonValue, at: At | null, report: Report) => void;
};
