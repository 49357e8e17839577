import fc from "fast-check";
import { type ContractRef, DECLARATIONS } from "../../src/core/compiled.ts";
import { uuidText } from "../../src/core/uuid.ts";
import { exactInteger } from "../../src/json/exact-integer.ts";
import type { EvidenceRange, EvidenceRecord } from "../../src/ledger/evidence.ts";
import type { Tombstone } from "../../src/ledger/tombstone.ts";

export type DrawnRecord = Omit<EvidenceRecord, "position"> & { readonly gap: bigint };

const bytes = fc.uint8Array({ maxLength: 40 }).map((one) => Buffer.from(one));
const orNull = (arbitrary: fc.Arbitrary<Buffer>) => fc.option(arbitrary, { nil: null });
const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: 0n, max: 2_000n }).map((ms) => 1_700_000_000_000n + ms),
  fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 0n, -1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 49n, -(2n ** 49n)),
);
/** A record, and how many offsets before it hold none. */
export const drawn: fc.Arbitrary<DrawnRecord> = fc.record({
  gap: fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 2n ** 40n })),
  timestampMs: int64.map(exactInteger),
  key: orNull(bytes),
  headers: fc.array(fc.tuple(fc.string({ unit: "binary", maxLength: 12 }).map(wellFormed), bytes), { maxLength: 3 }),
  value: orNull(bytes),
});
/** Where an entry begins. */
export const range: fc.Arbitrary<Omit<EvidenceRange, "stream">> = fc.record({
  topic: fc.string({ minLength: 1, maxLength: 20 }).map(wellFormed),
  partition: fc.nat(),
  from: fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 62n }), fc.constant(0n)),
});

/** A name with a lone surrogate has no UTF-8: none arrives from a log. */
function wellFormed(text: string): string {
  return text.toWellFormed();
}

/** The records at their offsets. */
export function place(from: bigint, all: readonly DrawnRecord[]): readonly EvidenceRecord[] {
  let next = from;
  return all.map(({ gap, ...record }) => {
    const offset = next + gap;
    next = offset + 1n;
    return { ...record, position: { offset } };
  });
}

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((one) => Buffer.from(one).toString("hex"));
const contract: fc.Arbitrary<ContractRef> = fc.record({
  subject: fc.constantFrom("shipment", "a-b"),
  version: fc.nat(),
  digest: hash,
});
const declaredBy = fc.constantFrom(...DECLARATIONS);

/** What is left of a record. */
export const tombstone: fc.Arbitrary<Tombstone> = fc.oneof(
  fc.record({
    outcome: fc.constant("P" as const),
    record: hash,
    id: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((id) => uuidText(id)),
    contract,
    declaredBy,
    content: hash,
  }),
  fc.record({
    outcome: fc.constant("F" as const),
    record: hash,
    code: fc.constantFrom("schema", "malformed-not-json"),
    fingerprint: hash,
    contract: fc.option(contract, { nil: null }),
    declaredBy: fc.option(declaredBy, { nil: null }),
  }),
);
