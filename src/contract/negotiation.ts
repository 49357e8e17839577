import type { CompiledContract, CompiledContractSet } from "../core/compiled.ts";
import type { ContractStatus } from "../core/contract-set.ts";
import type { ContractCatalog } from "./catalog.ts";

/** What a producer has to know of one version. Days are YYYY-MM-DD. */
export type Standing = {
  readonly subject: string;
  readonly version: number;
  readonly status: ContractStatus;
  readonly digest: string;
  /** The day since which it is deprecated; null when it is not deprecated or the day is not known. */
  readonly deprecated: string | null;
  /** The announced day of its end; null when none is announced. */
  readonly sunset: string | null;
  /** The version that producers should move to; null when no newer version is active. */
  readonly successor: number | null;
};

/** A contract as producers see it. */
export type Offer = {
  readonly subject: string;
  readonly owner: string;
  readonly description: string;
  /** The version to write: the highest active one. Null when none is active. */
  readonly preferred: number | null;
  readonly topics: readonly {
    readonly topic: string;
    /** The version for records that declare none; null: such records are FAILED. */
    readonly default: number | null;
    /** The versions that the topic accepts; null: every live version. */
    readonly accepts: readonly number[] | null;
  }[];
  readonly versions: readonly Standing[];
};

/** What a producer has to know of a contract; null when the set does not contain it. */
export function offerOf(set: CompiledContractSet, about: ContractCatalog, subject: string): Offer | null {
  const contract = set.bySubject.get(subject);
  if (contract === undefined) return null;
  const bindings = [...set.byTopic.values()].filter((bound) => bound.contract === contract);
  return {
    subject,
    owner: about.get(subject)?.owner ?? "",
    description: about.get(subject)?.description ?? "",
    preferred: preferredVersion(contract),
    topics: bindings.map(({ binding: { topic, defaultVersion, accepts } }) => ({
      topic,
      default: defaultVersion,
      accepts: accepts ?? null,
    })),
    versions: [...contract.versions.keys()]
      .toSorted((a, b) => a - b)
      .flatMap((version) => standingOf(contract, about, version) ?? []),
  };
}

/** What a producer has to know of one version; null when the contract does not have it. */
export function standingOf(contract: CompiledContract, about: ContractCatalog, version: number): Standing | null {
  const found = contract.versions.get(version);
  if (found === undefined) return null;
  const { subject } = contract;
  const days = about.get(subject)?.versions.get(version);
  const preferred = preferredVersion(contract);
  return {
    subject,
    version,
    status: found.status,
    digest: found.ref.digest,
    deprecated: days?.deprecated ?? null,
    sunset: days?.sunset ?? null,
    successor: preferred !== null && preferred > version ? preferred : null,
  };
}

/** The highest active version; null when none is. */
function preferredVersion({ versions }: CompiledContract): number | null {
  const active = [...versions].filter(([, { status }]) => status === "active").map(([version]) => version);
  return active.length === 0 ? null : Math.max(...active);
}

/** Whether the version is active or deprecated. A topic may still not accept it. */
export function isLive(contract: CompiledContract, version: number): boolean {
  const status = contract.versions.get(version)?.status;
  return status === "active" || status === "deprecated";
}

/** One range of `Accept-Contract`. `subject` null: any contract. `version` null: any version. `weight`: 0 to 1. */
export type AcceptedContract = {
  readonly subject: string | null;
  readonly version: number | null;
  readonly weight: number;
};

/** A longer list is refused as malformed; no client needs as many ranges. */
const RANGES_MAX = 100;
const RANGE =
  /^(?:\*|([A-Za-z0-9_.-]{1,249})(?:@([1-9][0-9]{0,8}))?)[ \t]*(?:;[ \t]*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?$/;

/**
 * Reads `Accept-Contract: shipment@2, shipment@1;q=0.5` (lists and weights as in RFC 9110, 12.4.2).
 * @returns null when it is anything else.
 */
export function parseAcceptContract(text: string): readonly AcceptedContract[] | null {
  const parts = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const ranges = parts.slice(0, RANGES_MAX).flatMap((part): readonly AcceptedContract[] => {
    const match = RANGE.exec(part);
    if (match === null) return [];
    const [, subject, version, weight] = match;
    return [
      {
        subject: subject ?? null,
        version: version === undefined ? null : Number(version),
        weight: weight === undefined ? 1 : Number(weight),
      },
    ];
  });
  return parts.length > 0 && ranges.length === parts.length ? ranges : null;
}

/** Whether the client accepts this version. The most specific range that matches decides (RFC 9110, 12.5.1). */
export function isAccepted(accepted: readonly AcceptedContract[], subject: string, version: number): boolean {
  return weightOf(accepted, subject, version) > 0;
}

/**
 * The live version with the highest weight; of equal ones the preferred version, then the highest. Null when the client accepts
 * no live version.
 */
export function negotiate(contract: CompiledContract, accepted: readonly AcceptedContract[]): number | null {
  const preferred = preferredVersion(contract);
  const ranked = [...contract.versions.keys()]
    .filter((version) => isLive(contract, version))
    .map((version) => ({ version, weight: weightOf(accepted, contract.subject, version) }))
    .filter(({ weight }) => weight > 0)
    .toSorted(
      (a, b) =>
        b.weight - a.weight ||
        Number(b.version === preferred) - Number(a.version === preferred) ||
        b.version - a.version,
    );
  return ranked[0]?.version ?? null;
}

function weightOf(accepted: readonly AcceptedContract[], subject: string, version: number): number {
  let [specific, weight] = [-1, 0];
  for (const range of accepted) {
    if (range.subject !== null && range.subject !== subject) continue;
    if (range.version !== null && range.version !== version) continue;
    const says = Number(range.subject !== null) + Number(range.version !== null);
    if (says > specific) [specific, weight] = [says, range.weight];
  }
  return weight;
}
