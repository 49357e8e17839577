import type { CompiledBinding, CompiledContractSet } from "../../../core/compiled.ts";
import { compileFieldKey, compileIdentityKey, type FieldKey } from "../../../source/record-key.ts";
import type { Header } from "../../../core/record.ts";
import type { NewRecord } from "../../../source/source.ts";
import { usage } from "../../terminal/refusal.ts";

/** What `--producer` and `--key` say of every record. */
export type Said = { readonly producer?: string; readonly key?: string };

const POINTER = /^(?:\/(?:[^~/]|~[01])*)+$/;
/** No header holds more, and no name of a producer needs it. */
const TEXT_MAX = 1_024;

/** Makes records of lines. */
export type MakeRecord = (value: Buffer) => NewRecord;

/** A key as `--key` gives it: what stands under a pointer, or one text for all. */
export type SaidKey =
  | { readonly kind: "field"; readonly pointer: string }
  | { readonly kind: "text"; readonly text: string };

/**
 * What begins with "/" is a JSON pointer, anything else the key itself.
 * @throws a refusal when it is neither.
 */
export function readKey(text: string | undefined): SaidKey | null {
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

/** @throws a refusal when it could be no header. */
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
 * Records with what the command line says of all of them. Without `--key`, or where its field is missing, a record is keyed by its
 * identity, as over HTTP.
 * @param set null where the contracts are not known: nothing is keyed by identity then.
 */
export function createMakeRecord({ producer, key }: Said, topic: string, set: CompiledContractSet | null): MakeRecord {
  const name = readProducer(producer);
  const headers: readonly Header[] = name === null ? [] : [["sigma-producer", Buffer.from(name)]];
  const said = readKey(key);
  const bound = set?.byTopic.get(topic);
  const ofIdentity = set === null || bound === undefined ? null : identityKeyOf(bound, set);
  if (said?.kind === "text") {
    const fixed = Buffer.from(said.text);
    return (value) => ({ key: fixed, headers, value, partition: null });
  }
  const ofField: FieldKey = said === null ? () => null : compileFieldKey([said.pointer]);
  return (value) => ({ key: ofField(value) ?? ofIdentity?.(value) ?? null, headers, value, partition: null });
}

function identityKeyOf(bound: CompiledBinding, { limits }: CompiledContractSet): FieldKey {
  const ofIdentity = compileIdentityKey(bound, limits);
  return (value) => ofIdentity([], value);
}
