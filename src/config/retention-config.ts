import type { ConfigFault } from "./fault.ts";
import { listOf } from "./list-of.ts";
import type { SettingKey, SettingsByKey, SettingValues } from "./settings.ts";

/** How long something is kept: in milliseconds, and as it was written. Null: for ever. */
export type KeptFor = { readonly ms: number; readonly text: string } | null;

/** What the store keeps how long. */
export type RetentionConfig = {
  readonly failed: KeptFor;
  readonly receipts: KeptFor;
  readonly facts: KeptFor;
  readonly evidence: KeptFor;
  /** The terms of the failures of some collections, and those of the facts of some. */
  readonly collections: readonly CollectionTerm[];
  readonly factsCollections: readonly CollectionTerm[];
  /** Null: a gateway takes nothing away by itself. */
  readonly everyHours: number | null;
};

type CollectionTerm = { readonly collection: string; readonly kept: KeptFor };

const HOUR_MS = 3_600_000;
const UNITS: Readonly<Record<string, number>> = { h: HOUR_MS, d: 24 * HOUR_MS, w: 168 * HOUR_MS, y: 8_760 * HOUR_MS };
const TERM = /^(\d{1,5}) ?([hdwy])$/;
const COLLECTION = /^([a-z][a-z0-9_]{0,62})=(.*)$/;

/** @returns undefined for a text that is no term. */
function termOf(text: string): KeptFor | undefined {
  if (text === "" || text === "forever") return null;
  const [, number, unit = ""] = TERM.exec(text) ?? [];
  return number === undefined ? undefined : { ms: Number(number) * (UNITS[unit] ?? 0), text };
}

/** @param values in which {@link retentionFaults} finds no fault. */
export function retentionConfig(values: SettingValues): RetentionConfig {
  return {
    failed: termOf(values["retention.failed"]) ?? null,
    receipts: termOf(values["retention.receipts"]) ?? null,
    facts: termOf(values["retention.facts"]) ?? null,
    evidence: termOf(values["retention.evidence"]) ?? null,
    collections: collectionTerms(values["retention.collections"]),
    factsCollections: collectionTerms(values["retention.facts_collections"]),
    everyHours: values["retention.every_hours"] === 0 ? null : values["retention.every_hours"],
  };
}

function collectionTerms(text: string): readonly CollectionTerm[] {
  return listOf(text).map((part) => {
    const [, collection = "", term = ""] = COLLECTION.exec(part) ?? [];
    return { collection, kept: termOf(term) ?? null };
  });
}

/** Terms that are none. */
export function retentionFaults({ values, origins }: SettingsByKey): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  const add = (key: SettingKey, state: string, remedy: string): void =>
    void faults.push({ place: origins[key], code: "SIG-S-004", message: `Setting ${key} ${state}`, remedy });
  for (const key of ["retention.failed", "retention.receipts", "retention.facts", "retention.evidence"] as const) {
    if (termOf(values[key]) === undefined) add(key, `is "${values[key].slice(0, 60)}", which is no term`, TERM_REMEDY);
  }
  for (const key of ["retention.collections", "retention.facts_collections"] as const) {
    const wrong = listOf(values[key]).find((part) => {
      const [, name, term = ""] = COLLECTION.exec(part) ?? [];
      return name === undefined || term === "" || termOf(term) === undefined;
    });
    if (wrong === undefined) continue;
    add(key, `has "${wrong.slice(0, 100)}", which gives no collection a term`, "Write orders=30d,payments=forever");
  }
  return faults;
}

const TERM_REMEDY = "Write 36h, 90d, 8w, 2y, or forever";
