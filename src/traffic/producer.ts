import type { Header } from "../core/record.ts";

/**
 * Longest producer name, in UTF-16 code units. A longer name is cut: names only group and inform, they decide nothing.
 */
export const PRODUCER_NAME_MAX = 256;

/**
 * A character takes at most three bytes of UTF-8 for each UTF-16 code unit, so later bytes cannot be part of the name.
 */
const BYTES_READ_MAX = PRODUCER_NAME_MAX * 3;

/**
 * The headers that name a producer, strongest first: our own, the CloudEvents 1.0 attribute `source` as Kafka and HTTP
 * carry it, and the usual client id headers.
 */
const NAMING: ReadonlyMap<string, number> = new Map([
  ["sigma-producer", 0],
  ["ce_source", 1],
  ["ce-source", 1],
  ["client-id", 2],
  ["client.id", 2],
]);

/**
 * The producer that a record claims: the value of its strongest naming header, the first where a name repeats; null
 * when none has a value. The claim is not verified. The name has 1 to 256 code units and is well-formed text: bytes
 * that are not UTF-8 and control characters become U+FFFD, so that it is safe to print.
 */
export function producerOf(record: { readonly headers: readonly Header[] }): string | null {
  const named = namingValue(record.headers);
  return named === null ? null : nameOf(named);
}

/** Names that a reader of {@link createProducerReader} remembers. */
const REMEMBERED = 8;

/** Creates a reader that answers as {@link producerOf} does, for many records of few producers: it decodes the same bytes once. */
export function createProducerReader(): typeof producerOf {
  const known: { readonly bytes: Uint8Array; readonly name: string }[] = [];
  let next = 0;
  return ({ headers }) => {
    const named = namingValue(headers);
    if (named === null) return null;
    for (const { bytes, name } of known) if (isEqual(bytes, named)) return name;
    const name = nameOf(named);
    known[next] = { bytes: named, name };
    next = (next + 1) % REMEMBERED;
    return name;
  };
}

/** Names are short: a loop takes less time than a call of the runtime. */
function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = a.length - 1; at >= 0; at -= 1) if (a[at] !== b[at]) return false;
  return true;
}

/** The lengths of the naming headers: most headers have another, and need not be looked at. */
const LENGTHS: readonly number[] = [9, 14];

/** The value of the strongest header that names a producer; null when none has a value. */
function namingValue(headers: readonly Header[]): Uint8Array | null {
  let strongest = Number.POSITIVE_INFINITY;
  let named: Uint8Array | null = null;
  for (const [name, value] of headers) {
    if (!LENGTHS.includes(name.length)) continue;
    // HTTP lower-cases header names; Kafka keeps the producer's spelling.
    const strength = NAMING.get(name) ?? NAMING.get(name.toLowerCase());
    if (strength === undefined || strength >= strongest || value.length === 0) continue;
    strongest = strength;
    named = value;
  }
  return named;
}

function nameOf(value: Uint8Array): string {
  const all = Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.length);
  if (all.length <= PRODUCER_NAME_MAX && isPlain(all)) return all.toString("latin1");
  const bytes = all.subarray(0, BYTES_READ_MAX);
  // The cut may split a surrogate pair.
  return bytes
    .toString("utf8")
    .slice(0, PRODUCER_NAME_MAX)
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, "\uFFFD");
}

/** Whether a name is printable ASCII, as most are: decoding it as latin1 takes a fifth of the time. */
function isPlain(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (byte < 0x20 || byte > 0x7e) return false;
  }
  return true;
}
