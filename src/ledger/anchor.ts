import { createPublicKey, hash, sign, verify, type KeyObject } from "node:crypto";
import { canonicalText } from "../json/canonical.ts";
import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { parseJson } from "../json/parse-json.ts";

/** The head of a stream: its last entry when the anchor was written. */
export type AnchoredHead = {
  readonly stream: string;
  readonly seq: number;
  readonly hash: string;
  /** Everything below this offset was decided. */
  readonly settledTo: bigint;
};

/** The last action of the operator log when the anchor was written. */
export type OperatorHead = { readonly seq: number; readonly hash: string };

/** A statement, signed by both keys, that key `to` replaces key `from`. */
export type Rotation = {
  readonly from: string;
  readonly to: string;
  /** ISO 8601. */
  readonly at: string;
  /** Signature of `from` over {@link rotationText}. */
  readonly signature: string;
  /** Signature of `to` over the same text. */
  readonly accepted: string;
};

/**
 * One link of a hash chain of anchors. Anchors are kept outside the store, where somebody who can change the store cannot write.
 * A place (a file or a topic) has one chain, or one chain for each process that wrote there.
 */
export type Anchor = {
  /** 32 hex digits, chosen at random when the chain began. */
  readonly chain: string;
  /** 0, 1, 2 ... without a gap. */
  readonly counter: number;
  /** {@link lineHash} of the previous anchor; 64 zeros for counter 0. */
  readonly prev: string;
  /** Time of writing by the gateway's clock, ISO 8601. */
  readonly at: string;
  /** The public key that verifies the signature, in the form of {@link keyIdOf}. */
  readonly key: string;
  /** Every change of the signing key since the chain began, in order. */
  readonly rotations: readonly Rotation[];
  /** Every head that the writer knows. A stream has more than one when its ledger fell behind a head that the writer knew. */
  readonly streams: readonly AnchoredHead[];
  /** Null when no operator has acted. */
  readonly operator: OperatorHead | null;
};

/** The heads in an anchor. */
export type Heads = Pick<Anchor, "streams" | "operator">;

/** The last anchor of a chain, as far as the next one needs it. */
export type ChainEnd = Pick<Anchor, "chain" | "counter" | "key" | "rotations"> & { readonly hash: string };

export type SigningKey = { readonly privateKey: KeyObject; readonly id: string };

/** Hash before the first anchor of a chain. */
const GENESIS = "0".repeat(64);

/** Signs an anchor and encodes it as one line, without the line end. RFC 8785 gives every anchor exactly one text. */
export function anchorLine(anchor: Anchor, { privateKey }: Pick<SigningKey, "privateKey">): string {
  const body = bodyOf(anchor);
  return canonicalText({ ...body, signature: signText(canonicalText(body), privateKey) });
}

/** SHA-256 of a line, hex. */
export function lineHash(line: string): string {
  return hash("sha256", line);
}

/**
 * Makes the anchor that follows `end`, or the first one of a chain.
 * @param known rotations that are kept beside the key.
 * @returns null when another key signed the end of the chain, and no rotations lead from that key to this one.
 */
export function nextAnchor(
  end: ChainEnd | { readonly chain: string },
  heads: Heads,
  { key, known, at }: { readonly key: SigningKey; readonly known: readonly Rotation[]; readonly at: string },
): { readonly line: string; readonly end: ChainEnd } | null {
  const before = "hash" in end ? end : { ...end, counter: -1, key: key.id, hash: GENESIS, rotations: [] };
  const path = rotationPath(before.key, key.id, known);
  if (path === null) return null;
  const rotations = [...before.rotations, ...path];
  const { chain } = end;
  const counter = before.counter + 1;
  const line = anchorLine({ chain, counter, prev: before.hash, at, key: key.id, rotations, ...heads }, key);
  return { line, end: { chain, counter, key: key.id, rotations, hash: lineHash(line) } };
}

function bodyOf(anchor: Anchor): JsonObject {
  const { chain, counter, prev, at, key, rotations, streams, operator } = anchor;
  const written = streams.map((head) => ({ ...head, settledTo: String(head.settledTo) }));
  return { anchor: 1, chain, counter, prev, at, key, rotations, streams: written, operator };
}

export type ReadAnchor =
  | { readonly ok: true; readonly anchor: Anchor; readonly signature: string }
  | { readonly ok: false; readonly why: string };

/** Parses a line without verifying its signature ({@link isSigned}). `why` continues the sentence "it ...". */
export function parseAnchor(line: string): ReadAnchor {
  let value: JsonValue;
  try {
    value = parseJson(line);
  } catch {
    return { ok: false, why: "is no JSON" };
  }
  if (isObject(value) && typeof value["anchor"] === "number" && value["anchor"] > 1)
    return { ok: false, why: `has format ${value["anchor"]}, and this program knows 1: use a newer one` };
  const anchor = isObject(value) ? anchorOf(value) : null;
  if (anchor === null || !isObject(value)) return { ok: false, why: "is no anchor" };
  const { signature } = value;
  // The line must be the one RFC 8785 text of the anchor: no unknown members, no other spelling.
  if (!isText(signature, SIGNATURE) || canonicalText({ ...bodyOf(anchor), signature }) !== line)
    return { ok: false, why: "is not written as an anchor is" };
  return { ok: true, anchor, signature };
}

/** Whether the signature is that of the key that the anchor names. */
export function isSigned(anchor: Anchor, signature: string): boolean {
  return verifyText(canonicalText(bodyOf(anchor)), anchor.key, signature);
}

const HASH = /^[0-9a-f]{64}$/;
const CHAIN = /^[0-9a-f]{32}$/;
const SIGNATURE = /^[A-Za-z0-9_-]{86}$/;
const KEY_ID = /^ed25519:[A-Za-z0-9_-]{43}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const OFFSET = /^(?:0|[1-9]\d{0,18})$/;

function anchorOf(value: JsonObject): Anchor | null {
  const { anchor: format, chain, counter, prev, at, key, rotations, streams, operator } = value;
  if (format !== 1 || !isText(chain, CHAIN) || !isCount(counter) || !isText(prev, HASH)) return null;
  if (!isText(at, TIME) || !isText(key, KEY_ID) || !Array.isArray(rotations) || !Array.isArray(streams)) return null;
  const keys = (rotations as readonly JsonValue[]).map(readRotation);
  const heads = (streams as readonly JsonValue[]).map(headOf);
  const acted = operator === null ? null : operatorOf(operator);
  if (acted === undefined || !keys.every((one) => one !== null) || !heads.every((one) => one !== null)) return null;
  return { chain, counter, prev, at, key, rotations: keys, streams: heads, operator: acted };
}

function headOf(value: JsonValue): AnchoredHead | null {
  if (!isObject(value)) return null;
  const { stream, seq, hash: own, settledTo } = value;
  if (typeof stream !== "string" || !isCount(seq) || !isText(own, HASH) || !isText(settledTo, OFFSET)) return null;
  return { stream, seq, hash: own, settledTo: BigInt(settledTo) };
}

function operatorOf(value: JsonValue | undefined): OperatorHead | undefined {
  if (!isObject(value)) return undefined;
  const { seq, hash: own } = value;
  return isCount(seq) && isText(own, HASH) ? { seq, hash: own } : undefined;
}

/** Reads a rotation from JSON without verifying its signatures ({@link isRotation}); null when it is malformed. */
export function readRotation(value: JsonValue): Rotation | null {
  if (!isObject(value)) return null;
  const { from, to, at, signature, accepted } = value;
  if (!isText(from, KEY_ID) || !isText(to, KEY_ID) || !isText(at, TIME)) return null;
  if (!isText(signature, SIGNATURE) || !isText(accepted, SIGNATURE)) return null;
  return { from, to, at, signature, accepted };
}

function isText(value: JsonValue | undefined, form: RegExp): value is string {
  return typeof value === "string" && form.test(value);
}

function isCount(value: JsonValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** Makes a rotation, signed by both keys, from the first key to the second. */
export function rotate(from: SigningKey, to: SigningKey, at: string): Rotation {
  const text = rotationText({ from: from.id, to: to.id, at });
  const [signature, accepted] = [signText(text, from.privateKey), signText(text, to.privateKey)];
  return { from: from.id, to: to.id, at, signature, accepted };
}

function rotationText({ from, to, at }: Pick<Rotation, "from" | "to" | "at">): string {
  return canonicalText({ rotation: 1, from, to, at });
}

/** Whether both signatures of a rotation are valid. */
export function isRotation(rotation: Rotation): boolean {
  const text = rotationText(rotation);
  return verifyText(text, rotation.from, rotation.signature) && verifyText(text, rotation.to, rotation.accepted);
}

/** Finds the shortest chain of rotations from one key to another, past rotations that were never completed; null when there is none. */
function rotationPath(from: string, to: string, known: readonly Rotation[]): readonly Rotation[] | null {
  const ways = new Map<string, readonly Rotation[]>([[from, []]]);
  for (const [at, way] of ways) {
    if (at === to) return way;
    for (const one of known) if (one.from === at && !ways.has(one.to)) ways.set(one.to, [...way, one]);
  }
  return null;
}

/** Returns `keys` and every key that valid rotations connect with them, in either direction. */
export function tiedKeys(keys: readonly string[], rotations: readonly Rotation[]): ReadonlySet<string> {
  const tied = new Set(keys);
  const valid = rotations.filter(isRotation);
  for (let before = -1; tied.size !== before;) {
    before = tied.size;
    for (const { from, to } of valid) if (tied.has(from) || tied.has(to)) tied.add(from).add(to);
  }
  return tied;
}

/** The id of an Ed25519 key: `ed25519:` and the 32 bytes of its public half in base64url (RFC 8037); null for another kind of key. */
export function keyIdOf(key: KeyObject): string | null {
  if (key.asymmetricKeyType !== "ed25519") return null;
  const { x } = (key.type === "private" ? createPublicKey(key) : key).export({ format: "jwk" });
  return x === undefined ? null : `ed25519:${x}`;
}

/** Whether a text has the form of a public key as {@link keyIdOf} writes it. */
export function isKeyId(text: string): boolean {
  return KEY_ID.test(text);
}

function signText(text: string, privateKey: KeyObject): string {
  return sign(null, Buffer.from(text), privateKey).toString("base64url");
}

function verifyText(text: string, keyId: string, signature: string): boolean {
  try {
    const x = keyId.slice(keyId.indexOf(":") + 1);
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    return verify(null, Buffer.from(text), key, Buffer.from(signature, "base64url"));
  } catch {
    // Not every sequence of 32 bytes is a valid public key.
    return false;
  }
}
