import { failureCode, isMalformedForAll } from "../../core/failure.ts";
import { producerOf } from "../../traffic/producer.ts";
import { payloadBytes } from "../../core/wire-format.ts";
import type { Decided } from "../../gateway/decided.ts";
import type { Recorded } from "../rejudge.ts";

/**
 * A settled batch packed for another thread: columns in buffers that are transferred without a copy; repeated values
 * (decisions, producers) are stored once and referred to by index.
 */
export type ShadowBatch = {
  readonly topic: string;
  readonly partition: number;
  readonly records: number;
  /** The concatenated payloads; malformed records have none. */
  readonly bytes: ArrayBuffer;
  /** The end of each value in `bytes`. */
  readonly ends: Uint32Array<ArrayBuffer>;
  readonly offsets: BigInt64Array<ArrayBuffer>;
  readonly verdictOf: Uint32Array<ArrayBuffer>;
  readonly producerOf: Uint32Array<ArrayBuffer>;
  readonly verdicts: readonly Recorded[];
  readonly producers: readonly (string | null)[];
};

/** Size of a batch once packed, in bytes. */
export function bytesOf(decided: readonly Decided[]): number {
  let bytes = 0;
  for (const one of decided) bytes += valueOf(one)?.length ?? 0;
  return bytes;
}

/** Packs a copy of a batch: its values may be views of larger buffers, which the gateway keeps using. */
export function packBatch(topic: string, partition: number, decided: readonly Decided[]): ShadowBatch {
  const records = decided.length;
  // Not from Node's buffer pool: a transfer would take the whole pool along.
  const bytes = Buffer.allocUnsafeSlow(bytesOf(decided));
  const ends = new Uint32Array(records);
  const offsets = new BigInt64Array(records);
  const verdicts = dictionary<Recorded>();
  const producers = dictionary<string | null>();
  const verdictOf = new Uint32Array(records);
  const producerAt = new Uint32Array(records);
  let end = 0;
  for (const [index, one] of decided.entries()) {
    const value = valueOf(one);
    if (value !== null) {
      bytes.set(value, end);
      end += value.length;
    }
    ends[index] = end;
    offsets[index] = one.position.offset;
    verdictOf[index] = verdicts.place(keyOf(one), () => recordedOf(one));
    const producer = one.headers.length === 0 ? null : producerOf(one);
    producerAt[index] = producers.place(producer, () => producer);
  }
  return {
    topic,
    partition,
    records,
    bytes: bytes.buffer,
    ends,
    offsets,
    verdictOf,
    producerOf: producerAt,
    verdicts: verdicts.values,
    producers: producers.values,
  };
}

/** The buffers to transfer with a batch. */
export function transfersOf({ bytes, ends, offsets, verdictOf, producerOf: named }: ShadowBatch): ArrayBuffer[] {
  return [bytes, ends.buffer, offsets.buffer, verdictOf.buffer, named.buffer];
}

function valueOf(one: Decided): Uint8Array | null {
  const { raw, headers } = one;
  const hasNone = one.kind === "failed" && isMalformedForAll(failureCode(one.reason));
  return raw === null || hasNone ? null : payloadBytes(raw, headers);
}

/** A key for equal decisions: a fingerprint covers version and code; passed records differ only by version. */
function keyOf(one: Decided): string | number {
  return one.kind === "failed" ? one.fingerprint : one.contract.version;
}

function recordedOf(one: Decided): Recorded {
  if (one.kind === "validated") return { passed: true, version: one.contract.version, code: null, fingerprint: null };
  const { contract, reason, fingerprint } = one;
  return { passed: false, version: contract?.version ?? null, code: failureCode(reason), fingerprint };
}

function dictionary<T>(): {
  readonly values: readonly T[];
  readonly place: (key: unknown, value: () => T) => number;
} {
  const values: T[] = [];
  const places = new Map<unknown, number>();
  return {
    values,
    place: (key, value) => {
      const known = places.get(key);
      if (known !== undefined) return known;
      places.set(key, values.length);
      values.push(value());
      return values.length - 1;
    },
  };
}
