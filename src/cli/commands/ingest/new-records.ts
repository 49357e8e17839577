import type { CompiledBinding, CompiledContractSet } from "../../../core/compiled.ts";
import { compileFieldKey, compileIdentityKey, type FieldKey } from "../../../source/record-key.ts";
import type { Header } from "../../../core/record.ts";
import type { NewRecord } from "../../../source/source.ts";
import { usage } from "../../terminal/refusal.ts";

/** The values of `--producer` and `--key`, which apply to every record. */
export type GivenFields = { readonly producer?: string; readonly key?: string };

const POINTER = /^(?:\/(?:[^~/]|~[01])*)+$/;
/** Longest text of a key or producer: no header holds more, and no producer's name needs it. */
const TEXT_MAX = 1_024;

/** Makes records of lines. */
export type MakeRecord = (value: Buffer) => NewRecord;

/** The value of `--key`: a pointer to a field of each record, or one text for all. */
export type GivenKey =
  | { readonly kind: "field"; readonly pointer: string }
  | { readonly kind: "text"; readonly text: string };

/**
 * Reads `--key`: a value that begins with "/" is a JSON pointer, any other one is the key itself.
 * @throws a refusal when it is neither.
 */
export function readKey(text: string | undefined): GivenKey | null {
  if (text === undefined) return null;
  if (text.startsWith("/")) {
    if (POINTER.test(text) && text.length <= TEXT_MAX) return { kind: "field", pointer: text };
    throw usage(
      "SIG-I-022",
      `Cannot use "${text.slice(0, 100)}" as a key: it is no JSON pointer`,
      "write it as /order_id, or without a slash at its beginning for one key for all records",
    );
  }
  if (isHeaderText(text)) return { kind: "text", text };
  throw usage("SIG-I-022", "Cannot use this key: it is empty, too long or holds control characters", HEADER_REMEDY);
}

/** Reads `--producer`. @throws a refusal when the value cannot be a header. */
export function readProducer(text: string | undefined): string | null {
  if (text === undefined || isHeaderText(text)) return text ?? null;
  throw usage(
    "SIG-I-022",
    "Cannot use this producer: it is empty, too long or holds control characters",
    HEADER_REMEDY,
  );
}

const HEADER_REMEDY = `write up to ${TEXT_MAX} characters without a line feed`;

function isHeaderText(text: string): boolean {
  return text.trim() !== "" && text.length <= TEXT_MAX && !/\p{Cc}/u.test(text);
}

/**
 * Makes records with the given producer and key. Without `--key`, or when its field is missing, a record is keyed by
 * its identity, as over HTTP.
 * @param set null when the contracts are unknown: then no record is keyed by its identity.
 */
export function createMakeRecord(
  { producer, key }: GivenFields,
  topic: string,
  set: CompiledContractSet | null,
): MakeRecord {
  const name = readProducer(producer);
  const headers: readonly Header[] = name === null ? [] : [["sigma-producer", Buffer.from(name)]];
  const given = readKey(key);
  const bound = set?.byTopic.get(topic);
  const ofIdentity = set === null || bound === undefined ? null : identityKeyOf(bound, set);
  if (given?.kind === "text") {
    const fixed = Buffer.from(given.text);
    return (value) => ({ key: fixed, headers, value, partition: null });
  }
  const ofField: FieldKey = given === null ? () => null : compileFieldKey([given.pointer]);
  return (value) => ({ key: ofField(value) ?? ofIdentity?.(value) ?? null, headers, value, partition: null });
}

function identityKeyOf(bound: CompiledBinding, { limits }: CompiledContractSet): FieldKey {
  const ofIdentity = compileIdentityKey(bound, limits);
  return (value) => ofIdentity([], value);
}
