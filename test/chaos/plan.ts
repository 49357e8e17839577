import { hash } from "node:crypto";
import type { Random } from "../simulation/random.ts";

/** Ways a record can be wrong, and the failure code each must get. */
export const INVALID = {
  "broken-json": "malformed-not-json",
  "not-utf8": "malformed-not-utf8",
  "duplicate-key": "malformed-duplicate-key",
  "lossy-number": "malformed-lossy-number",
  empty: "malformed-empty",
  tombstone: "malformed-empty",
  "missing-field": "schema",
  "wrong-type": "schema",
  "unknown-field": "schema",
  "out-of-range": "schema",
  "too-heavy": "rule",
  "unknown-version": "contract-unknown",
} as const;

export type InvalidKind = keyof typeof INVALID;

/**
 * What a record was written as. `duplicate` repeats the bytes of an earlier fact, `rewritten` its content in other bytes,
 * `conflict` only its identity. Which of one fact's records comes first is the log's affair: the verdict does not ask.
 */
export type Kind = "valid" | "duplicate" | "rewritten" | "conflict" | InvalidKind;

/** A record to be written, and what it is. */
export type Planned = {
  readonly kind: Kind;
  /** Identity of the fact; null when the record states none that counts. */
  readonly shipmentId: string | null;
  /** Equal for two valid records when, and only when, they say the same; null for an invalid one. */
  readonly content: string | null;
  readonly value: Buffer | null;
  readonly headers: ReadonlyMap<string, string>;
};

type Shipment = {
  readonly shipment_id: string;
  readonly weight_kg: number;
  readonly destination: string;
  readonly priority: number;
};

/** Equal for two shipments when, and only when, all their values are. */
export function contentOf(shipment: Readonly<Record<keyof Shipment, unknown>>): string {
  const { shipment_id, weight_kg, destination, priority } = shipment;
  return hash("sha256", JSON.stringify([shipment_id, weight_kg, destination, priority]));
}

export function isInvalid(kind: Kind): kind is InvalidKind {
  return Object.hasOwn(INVALID, kind);
}

/** An endless, seeded supply of records of the contract `shipment` version 1. */
export type Plan = {
  readonly next: () => Planned;
  /** A valid fact of its own, its bytes brought to about `sizeBytes`. */
  readonly padded: (sizeBytes: number) => Planned;
};

/** How far back a duplicate or a conflict may reach, in facts. */
const REMEMBERED = 4_096;
const DESTINATIONS = ["Dublin", "Gdańsk", "Malmö", "São Paulo", "Αθήνα", "札幌", "Val-d'Or 🚚"] as const;
const DECLARED: ReadonlyMap<string, string> = new Map([["sigma-contract", "shipment@1"]]);
const NO_HEADERS: ReadonlyMap<string, string> = new Map();

/** Per mille: 800 valid, 50 duplicates (15 of them rewritten), 20 conflicts, 100 invalid, 30 tombstones. */
export function createPlan(random: Random, prefix: string): Plan {
  const facts: Shipment[] = [];
  let count = 0;
  const fresh = (destination: string = random.pick(DESTINATIONS)): Shipment => {
    count += 1;
    const weight = (1 + random.below(10_000)) / 10;
    const fact = {
      shipment_id: `${prefix}-${count}`,
      weight_kg: weight,
      destination,
      priority: 1 + random.below(3),
    };
    facts[facts.length < REMEMBERED ? facts.length : random.below(REMEMBERED)] = fact;
    return fact;
  };
  const next = (): Planned => {
    const dice = random.below(1_000);
    if (dice < 800 || facts.length === 0) return valid("valid", fresh(), random);
    if (dice < 835) return valid("duplicate", random.pick(facts), random);
    if (dice < 850) return rewritten(random.pick(facts), random);
    if (dice < 870) return valid("conflict", otherContent(random.pick(facts), random), random);
    if (dice < 970) return invalid(random, random.chance(0.5) ? random.pick(facts) : fresh());
    return { kind: "tombstone", shipmentId: null, content: null, value: null, headers: NO_HEADERS };
  };
  return { next, padded: (sizeBytes) => valid("valid", fresh("x".repeat(sizeBytes)), random) };
}

function valid(kind: Kind, fact: Shipment, random: Random): Planned {
  return planned(kind, fact, JSON.stringify(fact), random);
}

/** The same values: keys in another order, white space, a decimal written longer. */
function rewritten(fact: Shipment, random: Random): Planned {
  const { shipment_id, weight_kg, destination, priority } = fact;
  const weight = Number.isInteger(weight_kg) ? `${weight_kg}.0` : `${weight_kg}0`;
  const text =
    `{ "priority": ${priority}, "destination": ${JSON.stringify(destination)},\n` +
    ` "weight_kg": ${weight}, "shipment_id": ${JSON.stringify(shipment_id)} }`;
  return planned("rewritten", fact, text, random);
}

function planned(kind: Kind, fact: Shipment, text: string, random: Random): Planned {
  return {
    kind,
    shipmentId: fact.shipment_id,
    content: contentOf(fact),
    value: Buffer.from(text),
    headers: random.chance(0.1) ? DECLARED : NO_HEADERS,
  };
}

function otherContent(fact: Shipment, random: Random): Shipment {
  const weight = (1 + random.below(10_000)) / 10;
  const destination = `${fact.destination} (changed)`;
  return { ...fact, weight_kg: weight, destination };
}

const INVALID_KINDS = (Object.keys(INVALID) as InvalidKind[]).filter((kind) => kind !== "tombstone");

/** Wrong in one way only, and often under the identity of a fact that is stored: it must not touch that fact. */
function invalid(random: Random, fact: Shipment): Planned {
  const kind = random.pick(INVALID_KINDS);
  const headers = kind === "unknown-version" ? new Map([["sigma-contract", "shipment@9"]]) : NO_HEADERS;
  return { kind, shipmentId: null, content: null, value: spoil(kind, fact), headers };
}

function spoil(kind: InvalidKind, fact: Shipment): Buffer | null {
  const text = JSON.stringify(fact);
  const { destination: _, ...rest } = fact;
  switch (kind) {
    case "tombstone":
      return null;
    case "empty":
      return Buffer.alloc(0);
    case "broken-json":
      return Buffer.from(text.slice(0, -2));
    case "not-utf8":
      return Buffer.concat([Buffer.from('{"shipment_id":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
    case "duplicate-key":
      return Buffer.from(`${text.slice(0, -1)},"weight_kg":1}`);
    case "lossy-number":
      return Buffer.from(text.replace(/"weight_kg":[\d.]+/, '"weight_kg":0.12345678901234567890123'));
    case "missing-field":
      return Buffer.from(JSON.stringify(rest));
    case "wrong-type":
      return Buffer.from(JSON.stringify({ ...fact, weight_kg: String(fact.weight_kg) }));
    case "unknown-field":
      return Buffer.from(JSON.stringify({ ...fact, fragile: true }));
    case "out-of-range":
      return Buffer.from(JSON.stringify({ ...fact, priority: 4 }));
    case "too-heavy":
      return Buffer.from(JSON.stringify({ ...fact, weight_kg: 1_000.5 }));
    case "unknown-version":
      return Buffer.from(text);
  }
}
