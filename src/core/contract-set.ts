import { hash } from "node:crypto";
import { canonicalText } from "../json/canonical.ts";
import type { JsonObject } from "../json/json.ts";
import { parseJson } from "../json/parse-json.ts";

/**
 * draft: not live yet; active and deprecated: judge records; retired: refuses records. Only people change a status,
 * never the clock.
 */
export type ContractStatus = "draft" | "active" | "deprecated" | "retired";

/** A business rule: a CEL expression that must be true, and the message for a producer when it is not. */
export type Rule = { readonly id: string; readonly expression: string; readonly message: string };

/** Whether a version's `format` keywords are checked (`assert`) or only inform readers (`annotate`). */
export type FormatsMode = "assert" | "annotate";

/** What a version says of payloads: all that decides which payloads it accepts. */
export type VersionContent = {
  readonly schema: JsonObject | boolean;
  readonly rules: readonly Rule[];
  /** RFC 6901 pointers of the fields that together identify a fact. */
  readonly identity: readonly string[];
  /**
   * Absent means `annotate`, as in sets stored before formats could be asserted. Contract files default to `assert`.
   */
  readonly formats?: FormatsMode;
};

/** One immutable version of a contract. `digest` is the {@link versionDigest} of its content. */
export type ContractVersion = VersionContent & {
  readonly version: number;
  readonly status: ContractStatus;
  readonly digest: string;
};

export type Contract = {
  readonly subject: string;
  /** Decisions go to `validated_<collection>` and `failed_<collection>`. */
  readonly collection: string;
  /** Pointer of a payload field that may declare the version, or null. */
  readonly versionField: string | null;
  readonly versions: readonly ContractVersion[];
};

/** The contract of a source topic. */
export type Binding = {
  readonly topic: string;
  readonly subject: string;
  /** Versions that the topic accepts; absent: every active or deprecated version. */
  readonly accepts?: readonly number[];
  /** Version for records that declare none; null: such records are FAILED contract-undeclared. */
  readonly defaultVersion: number | null;
};

/**
 * A schema id of an external registry, as records carry it (decimal digits or a GUID), and the version it stands for.
 */
export type SchemaId = { readonly id: string; readonly subject: string; readonly version: number };

export type PayloadLimits = {
  /** Size of one record's value in bytes, 1 .. 2^30. */
  readonly bytesMax: number;
  /** Nesting of arrays and objects, 1 .. 1,000. */
  readonly depthMax: number;
};

/** Everything that a decision depends on, besides the record and the engine. Plain data, addressed by its digest. */
export type ContractSet = {
  readonly limits: PayloadLimits;
  readonly contracts: readonly Contract[];
  readonly bindings: readonly Binding[];
  /**
   * The registry's answers for the schema ids seen so far; absent without a registry. An id that is not listed declares
   * an unknown version.
   */
  readonly schemaIds?: readonly SchemaId[];
};

/** A set with its digest: `text` is its RFC 8785 form, `digest` is "sha256:" and the SHA-256 of that text in hex. */
export type SealedContractSet = {
  readonly digest: string;
  readonly text: string;
  readonly set: ContractSet;
};

/**
 * 1 MiB is Kafka's own default; 64 levels leave room for the document around the payload under MongoDB's limit of 100.
 */
export const DEFAULT_LIMITS: PayloadLimits = { bytesMax: 1_048_576, depthMax: 64 };

/**
 * Digest of a version's content: subject, number, schema, rules, identity, and `formats` only when they are asserted,
 * so that versions frozen before formats could be asserted keep their digest. The status is not part of it.
 */
export function versionDigest(subject: string, version: Omit<ContractVersion, "digest" | "status">): string {
  const { version: number, schema, rules, identity, formats } = version;
  return sha256Text(
    canonicalText({
      subject,
      version: number,
      schema,
      rules: rules.map(({ id, expression, message }) => ({ id, expression, message })),
      identity,
      ...(formats === "assert" ? { formats } : {}),
    }),
  );
}

/**
 * Brings a set into canonical order, so that equal sets have equal digests and the same decisions. The returned set is
 * parsed from the canonical text, because the order of a schema's keys decides the order of violations.
 */
export function sealContractSet(set: ContractSet): SealedContractSet {
  const ordered: ContractSet = {
    limits: set.limits,
    contracts: set.contracts
      .map((contract) => ({ ...contract, versions: contract.versions.toSorted((a, b) => a.version - b.version) }))
      .toSorted((a, b) => compareText(a.subject, b.subject)),
    bindings: set.bindings.toSorted((a, b) => compareText(a.topic, b.topic)),
    ...(set.schemaIds === undefined || set.schemaIds.length === 0
      ? {}
      : { schemaIds: set.schemaIds.toSorted((a, b) => compareText(a.id, b.id)) }),
  };
  const text = canonicalText(ordered);
  return { digest: sha256Text(text), text, set: parseJson(text) as ContractSet };
}

/**
 * Replaces the schema ids of a set. `schemaIds` comes last in the canonical form, so the rest of the text, which may be
 * long, is neither serialized nor parsed again.
 */
export function withSchemaIds(
  { text, set }: Omit<SealedContractSet, "digest">,
  ids: readonly SchemaId[],
): SealedContractSet {
  const { schemaIds, ...rest } = set;
  const tail = schemaIds === undefined ? "}" : `,"schemaIds":${canonicalText(schemaIds)}}`;
  if (!text.endsWith(tail)) throw new Error("Cannot change the schema ids of a set: its text is not the canonical one");
  const sorted = ids.toSorted((a, b) => compareText(a.id, b.id));
  const last = sorted.length === 0 ? "}" : `,"schemaIds":${canonicalText(sorted)}}`;
  const next = `${text.slice(0, text.length - tail.length)}${last}`;
  return { digest: sha256Text(next), text: next, set: sorted.length === 0 ? rest : { ...rest, schemaIds: sorted } };
}

/** Reads a stored set. @returns null when the text does not match its digest. */
export function openContractSet(digest: string, text: string): SealedContractSet | null {
  if (sha256Text(text) !== digest) return null;
  return { digest, text, set: parseJson(text) as ContractSet };
}

function sha256Text(text: string): string {
  return `sha256:${hash("sha256", text)}`;
}

/** Compares by code unit, not by locale, so that every machine sorts alike. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
