import type { CompiledContractSet, CompiledVersion } from "../core/compiled.ts";
import { failureCode } from "../core/failure.ts";
import { resolveIntegers, type Parsed } from "../core/long-integers.ts";
import { compilePointers } from "../core/identity.ts";
import { parseValue, reparse } from "../core/payload.ts";
import { canonicalText } from "../json/canonical.ts";
import type { JsonValue } from "../json/json.ts";
import { isErased, type KeptRecord } from "../ledger/tombstone.ts";
import type { OffsetRange } from "../source/source.ts";
import type { Redecided } from "../gateway/decided.ts";
import { isWithin } from "../operator/erasures.ts";
import type { AppliedLetter } from "../ledger/proof.ts";
import type { StreamNote } from "../store/stream-note.ts";

/** Offsets in one stream. */
export type Place = { readonly stream: string; readonly ranges: readonly OffsetRange[] };

/** A condition on a payload member: it is the string `text`, or equals the JSON value that `text` encodes. */
export type Where = { readonly pointer: string; readonly text: string };

/** The records to erase. */
export type Selection =
  /** Every record with this identity, passed or failed. `identity` is a payload with the identity's fields. */
  | { readonly kind: "identity"; readonly subject: string; readonly identity: Parsed }
  | { readonly kind: "positions"; readonly places: readonly Place[] }
  /** Every record that meets all conditions; null is no condition. Times are the log's timestamps, from `fromMs` to before `toMs`. */
  | {
      readonly kind: "filter";
      readonly topic: string | null;
      readonly code: string | null;
      readonly fromMs: number | null;
      readonly toMs: number | null;
      readonly where: readonly Where[];
    };

/** A record of an entry, decided again, with the result of applying it. */
export type SeenRecord = {
  readonly record: KeptRecord;
  readonly row: Redecided;
  readonly letter: AppliedLetter;
};

/** Whether a record is selected. */
export type Matcher = (seen: SeenRecord) => boolean;

/** Whether a stream may have records of a selection. */
export function mayHold(selection: Selection, { stream, topic }: StreamNote): boolean {
  switch (selection.kind) {
    case "identity":
      return true;
    case "positions":
      return selection.places.some((place) => place.stream === stream);
    case "filter":
      return selection.topic === null || selection.topic === topic;
  }
}

/** Whether a range of offsets may have records of a selection. */
export function mayBeIn(selection: Selection, stream: string, { from, to }: OffsetRange): boolean {
  if (selection.kind !== "positions") return true;
  return selection.places.some(
    (place) => place.stream === stream && place.ranges.some((range) => range.from < to && range.to > from),
  );
}

/** Makes the matcher of a selection for the records of one entry. @param set the contract set of the entry. */
export function matcherOf(selection: Selection, { stream, topic }: StreamNote, set: CompiledContractSet): Matcher {
  switch (selection.kind) {
    case "identity":
      return byIdentity(selection.subject, selection.identity, topic, set);
    case "positions": {
      const ranges = selection.places.filter((place) => place.stream === stream).flatMap((place) => place.ranges);
      return ({ record }) => isWithin(ranges, record.position.offset);
    }
    case "filter":
      return byFilter(selection);
  }
}

function byIdentity(subject: string, identity: Parsed, topic: string, set: CompiledContractSet): Matcher {
  const contract = set.bySubject.get(subject);
  const versions = contract === undefined ? [] : [...contract.versions.values()];
  const wanted = new Set(versions.flatMap((version) => idOf(version, identity) ?? []));
  const isBound = set.byTopic.get(topic)?.contract.subject === subject;
  return ({ record, row }) => {
    if (wanted.size === 0) return false;
    if (row.kind !== "failed") return row.contract.subject === subject && wanted.has(row.id);
    if (!isBound || isErased(record)) return false;
    const parsed = row.parsed === null ? parseValue(record.value, set.limits) : settled(row.parsed.payload);
    return parsed.ok && versions.some((version) => wanted.has(idOf(version, parsed) ?? ""));
  };
}

function settled(payload: JsonValue): Parsed {
  return { ok: true, payload };
}

/** The machine id that a contract version gives a payload; null when the payload lacks identity fields. */
function idOf({ identity, idRecipe, numbers }: CompiledVersion, parsed: Parsed): string | null {
  const read = resolveIntegers(parsed, numbers);
  if (!read.ok) return null;
  const fields = identity(read.payload);
  return "missing" in fields ? null : idRecipe.idOf(fields);
}

function byFilter({ code, fromMs, toMs, where }: Extract<Selection, { readonly kind: "filter" }>): Matcher {
  const members = where.map(({ pointer, text }) => ({ read: compilePointers([pointer]), text, json: jsonOf(text) }));
  return ({ record, row, letter }) => {
    // An erased record has no payload and no reason to compare.
    if (isErased(record)) return false;
    const { timestampMs } = record;
    if ((fromMs !== null && timestampMs < fromMs) || (toMs !== null && timestampMs >= toMs)) return false;
    if (code !== null && code !== codeOf(row, letter)) return false;
    if (members.length === 0) return true;
    const payload = row.kind === "validated" ? row.payload : row.kind === "failed" ? row.parsed?.payload : undefined;
    if (payload === undefined) return false;
    return members.every(({ read, text, json }) => {
      const found = read(payload);
      if ("missing" in found) return false;
      const [value] = found;
      return value === text || (value !== undefined && json !== null && canonicalText(value) === json);
    });
  };
}

function codeOf(row: Redecided, letter: AppliedLetter): string | null {
  if (row.kind === "failed") return failureCode(row.reason);
  return letter === "C" ? "conflict" : null;
}

/** The RFC 8785 form of a text that is JSON; null when it is none. */
function jsonOf(text: string): string | null {
  try {
    const read = reparse(text);
    return read.ok ? canonicalText(read.payload) : null;
  } catch {
    return null;
  }
}
