import type { CompiledContract, CompiledContractSet } from "../core/compiled.ts";
import type { ContractStatus } from "../core/contract-set.ts";
import type { ContractCatalog } from "./catalog.ts";

/** One version as a producer has to know it. Days are YYYY-MM-DD. */
export type Standing = {
  readonly subject: string;
  readonly version: number;
  readonly status: ContractStatus;
  readonly digest: string;
  /** Since when it is deprecated; null when it is not, or the day is not known. */
  readonly deprecated: string | null;
  /** When it is to end; null while nobody said so. */
  readonly sunset: string | null;
  /** The version to move to; null when there is none newer. */
  readonly successor: number | null;
};

/** What a contract offers to those who send. */
export type Offer = {
  readonly subject: string;
  readonly owner: string;
  readonly description: string;
  /** The version to write: the highest active one. Null when none is active. */
  readonly preferred: number | null;
  readonly topics: readonly {
    readonly topic: string;
    /** What judges a record that declares nothing; null: such a record fails. */
    readonly default: number | null;
    /** The versions that the topic takes; null: every one in force. */
    readonly accepts: readonly number[] | null;
  }[];
  readonly versions: readonly Standing[];
};

/** Null when the set has no such contract. */
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

/** Null when the contract has no such version. */
export function standingOf(contract: CompiledContract, about: ContractCatalog, version: number): Standing | null {
  const found = contract.versions.get(version);
  if (found === undefined) return null;
  const { subject } = contract;
  const said = about.get(subject)?.versions.get(version);
  const preferred = preferredVersion(contract);
  return {
    subject,
    version,
    status: found.status,
    digest: found.ref.digest,
    deprecated: said?.deprecated ?? null,
    sunset: said?.sunset ?? null,
    successor: preferred !== null && preferred > version ? preferred : null,
  };
}

/** The highest active version; null when none is. */
function preferredVersion({ versions }: CompiledContract): number | null {
  const active = [...versions].filter(([, { status }]) => status === "active").map(([version]) => version);
  return active.length === 0 ? null : Math.max(...active);
}

/** Whether records are judged by the version now; a topic may still refuse it. */
export function isLive(contract: CompiledContract, version: number): boolean {
  const status = contract.versions.get(version)?.status;
  return status === "active" || status === "deprecated";
}

/** One range of `Accept-Contract`. `subject` null: any contract; `version` null: whichever it prefers. `weight`: 0 to 1. */
export type AcceptedContract = {
  readonly subject: string | null;
  readonly version: number | null;
  readonly weight: number;
};

/** More than any client has to say; a longer list is refused as malformed. */
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

/** Whether the client takes this version: by the range that says most of it (RFC 9110, 12.5.1). */
export function takes(accepted: readonly AcceptedContract[], subject: string, version: number): boolean {
  return weightOf(accepted, subject, version) > 0;
}

/**
 * The version in force that the client likes best; of equals the preferred one, then the highest. Null when it takes none.
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
