import type { JsonValue } from "../json/json.ts";
import { stepsIn, valueAt } from "../json/pointer.ts";
import { toJsonText } from "../json/json-text.ts";
import { parseJson } from "../json/parse-json.ts";
import type { FailureRecord } from "../store/failures.ts";
import type { GroupStateKind } from "./group-state.ts";
import { pointersOf } from "./recipe.ts";
import { NO_REDACTION, type Redaction } from "./redact.ts";

/** Which failures are looked for. Each member narrows; null does not. */
export type FailureFilter = {
  /** Timestamps of the records, in milliseconds: from (included), to (excluded). */
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly code: string | null;
  readonly fingerprint: string | null;
  readonly topic: string | null;
  readonly partition: number | null;
  readonly offset: bigint | null;
  /** Where the record arrived before a router moved it: `orders`, `orders/3` or `orders/3@1042`. */
  readonly origin: string | null;
  /** Name of the contract. */
  readonly subject: string | null;
  readonly version: number | null;
  readonly producer: string | null;
  /** RFC 6901 pointer of a violation. */
  readonly pointer: string | null;
  /** State of the group. */
  readonly state: GroupStateKind | null;
  /** A field of the payload: a pointer, and the value as text. */
  readonly field: { readonly pointer: string; readonly value: string } | null;
};

/** Every failure. */
export const ANY_FAILURE: FailureFilter = {
  fromMs: null,
  toMs: null,
  code: null,
  fingerprint: null,
  topic: null,
  partition: null,
  offset: null,
  origin: null,
  subject: null,
  version: null,
  producer: null,
  pointer: null,
  state: null,
  field: null,
};

/**
 * Whether a failure passes the filter. Its times are not asked: a page is read between them.
 * A redacted value is compared as what is shown of it: whoever may not see a value finds no failure by guessing it.
 * @param stateOf the state of a group now.
 */
export function isWanted(
  filter: FailureFilter,
  failure: FailureRecord,
  stateOf: (fingerprint: string) => GroupStateKind,
  redaction: Redaction = NO_REDACTION,
): boolean {
  const { stream, offset, contract, producer, code, fingerprint } = failure;
  const fits = <T>(wanted: T | null, found: T | null | undefined): boolean => wanted === null || wanted === found;
  return (
    fits(filter.code, code) &&
    fits(filter.fingerprint, fingerprint) &&
    fits(filter.topic, stream.topic) &&
    fits(filter.partition, stream.partition) &&
    fits(filter.offset, offset) &&
    (filter.origin === null || isFrom(filter.origin, failure.origin)) &&
    fits(filter.subject, contract?.subject) &&
    fits(filter.version, contract?.version) &&
    fits(filter.producer, producer) &&
    (filter.state === null || stateOf(fingerprint) === filter.state) &&
    // The reason is read, which takes longer than all the rest, only of what is left.
    (filter.pointer === null || pointersIn(failure, redaction).includes(filter.pointer)) &&
    (filter.field === null || hasField(failure, filter.field, redaction))
  );
}

/** @param wanted a topic, a partition of one, or a position. */
function isFrom(wanted: string, origin: string | null): boolean {
  if (origin === null) return false;
  if (wanted.includes("@")) return origin === wanted;
  return origin.startsWith(wanted.includes("/") ? `${wanted}@` : `${wanted}/`);
}

function pointersIn({ contract, reason }: FailureRecord, redaction: Redaction): readonly string[] {
  return pointersOf(reason === null ? null : redaction.reason(contract, reason));
}

function hasField(
  { contract, payloadText }: FailureRecord,
  { pointer, value }: NonNullable<FailureFilter["field"]>,
  redaction: Redaction,
): boolean {
  const kept = payloadText === null ? undefined : fieldOf(payloadText, pointer);
  if (kept === undefined) return false;
  const found = redaction.value(contract, pointer, kept);
  return typeof found === "string" ? found === value : toJsonText(found) === value;
}

function fieldOf(payloadText: string, pointer: string): JsonValue | undefined {
  try {
    return valueAt(parseJson(payloadText), stepsIn(pointer));
  } catch {
    return undefined;
  }
}
