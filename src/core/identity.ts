import { stepsIn } from "../json/pointer.ts";
import { hash } from "node:crypto";
import { canonicalText } from "../json/canonical.ts";
import type { JsonValue } from "../json/json.ts";
import { uuidText } from "./uuid.ts";

/** Lower-case text of a name-based UUID, version 8 over SHA-256 (RFC 9562, appendix B.2). */
export type MachineId = string;

/** First part of every hashed name: a changed recipe gets another prefix, and so gives other ids. */
const RECIPE = "sigma-id-1";

/**
 * The id of a fact: the first 128 bits of SHA-256 over recipe, kind, subject and the RFC 8785 form of the identity
 * fields, separated by NUL (no kind or subject contains one), with the bits of version and variant set.
 *
 * Types matter: 1 and "1" are two identities. 1 and 1.0 are the same identity, and so are 0 and -0.
 */
export function machineId(kind: string, subject: string, fields: readonly JsonValue[]): MachineId {
  return uuidOf(hash("sha256", `${prefixOf(kind, subject)}${canonicalText(fields)}`, DIGEST));
}

/** How the ids of one kind and subject are made. */
export type IdRecipe = {
  /** What each hashed name begins with. */
  readonly prefix: Uint8Array;
  /** {@link machineId} of these fields. Several ids at once are made faster by `machineIdsOf`. */
  readonly idOf: (fields: readonly JsonValue[]) => MachineId;
};

/** Compiles {@link machineId} for one kind and subject. */
export function compileIdRecipe(kind: string, subject: string): IdRecipe {
  return { prefix: Buffer.from(prefixOf(kind, subject), "utf8"), idOf: (fields) => machineId(kind, subject, fields) };
}

function prefixOf(kind: string, subject: string): string {
  return `${RECIPE}\u0000${kind}\u0000${subject}\u0000`;
}

/** The digest as a text with one character for each byte: half as long as hexadecimal. */
const DIGEST = "binary";

const [VERSION_BYTE, VARIANT_BYTE] = [6, 8] as const;
const ID = new Uint8Array(16);

function uuidOf(digest: string): MachineId {
  for (let index = 0; index < ID.length; index += 1) ID[index] = digest.charCodeAt(index);
  ID[VERSION_BYTE] = 0x80 | ((ID[VERSION_BYTE] ?? 0) & 0x0f);
  ID[VARIANT_BYTE] = 0x80 | ((ID[VARIANT_BYTE] ?? 0) & 0x3f);
  return uuidText(ID);
}

/** Reads the values at the pointers, or returns the first pointer without a value. */
export type PointerReader = (payload: JsonValue) => readonly JsonValue[] | { readonly missing: string };

/** Compiles RFC 6901 pointers. Only own properties count; null is a value, an absent field is not. */
export function compilePointers(pointers: readonly string[]): PointerReader {
  const [only, ...others] = pointers;
  if (only === undefined || others.length > 0) return compilePaths(pointers);
  return compileField(only) ?? compilePaths(pointers);
}

/**
 * Compiles a pointer to a top-level field, as most identities are. Null for any other pointer, and for a name that
 * arrays or prototypes have: this fast path does not check for own properties. JSON has no `undefined`, so any other
 * value means that the field is there.
 */
function compileField(pointer: string): PointerReader | null {
  const [name, ...deeper] = parsePointer(pointer);
  if (name === undefined || deeper.length > 0 || name in Array.prototype || /^[0-9]+$/.test(name)) return null;
  const missing = { missing: pointer };
  return (payload) => {
    if (payload === null || typeof payload !== "object") return missing;
    const value = (payload as { readonly [key: string]: JsonValue })[name];
    return value === undefined ? missing : [value];
  };
}

function compilePaths(pointers: readonly string[]): PointerReader {
  const paths = pointers.map((pointer) => ({ pointer, path: parsePointer(pointer) }));
  return (payload) => {
    const values: JsonValue[] = [];
    for (const { pointer, path } of paths) {
      const value = follow(payload, path);
      if (value === undefined) return { missing: pointer };
      values.push(value);
    }
    return values;
  };
}

function parsePointer(pointer: string): readonly string[] {
  if (pointer !== "" && !pointer.startsWith("/"))
    throw new Error(`Cannot read pointer "${pointer}": it does not begin with "/"`);
  return stepsIn(pointer);
}

function follow(payload: JsonValue, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = payload;
  for (const step of path) {
    if (value === null || typeof value !== "object") return undefined;
    if (Array.isArray(value)) {
      // "-", "01" and "length" are not indexes.
      if (!/^(?:0|[1-9][0-9]*)$/.test(step)) return undefined;
      value = (value as readonly JsonValue[])[Number(step)];
    } else {
      value = Object.hasOwn(value, step) ? (value as { readonly [key: string]: JsonValue })[step] : undefined;
    }
    if (value === undefined) return undefined;
  }
  return value;
}
