import { hash } from "node:crypto";
import { canonicalText } from "../json/canonical.ts";
import type { JsonObject } from "../json/json.ts";
import { parseJson } from "../json/parse-json.ts";

/** draft: not yet in force; active and deprecated: judge records; retired: refuses them. Changed by people, never by the clock. */
export type ContractStatus = "draft" | "active" | "deprecated" | "retired";

/** A business rule: a CEL expression that must be true, with the words a producer gets when it is not. */
export type Rule = { readonly id: string; readonly expression: string; readonly message: string };

/** Whether a version's `format` keywords are part of what it asks (`assert`) or notes to readers (`annotate`). */
export type FormatsMode = "assert" | "annotate";

/** One immutable version of a contract. `digest` is {@link versionDigest} of its content. */
export type ContractVersion = {
  readonly version: number;
  readonly status: ContractStatus;
  readonly schema: JsonObject | boolean;
  readonly rules: readonly Rule[];
  /** RFC 6901 pointers of the fields that together name the fact. */
  readonly identity: readonly string[];
  /** Absent in sets that were stored before formats were asserted: `annotate`. Contract files say `assert` unless told. */
  readonly formats?: FormatsMode;
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

/** What a source topic may carry. */
export type Binding = {
  readonly topic: string;
  readonly subject: string;
  /** Versions the topic's records may be of; absent: any version in force. */
  readonly accepts?: readonly number[];
  /** Version of records that declare none; null: such records are FAILED contract-undeclared. */
  readonly defaultVersion: number | null;
};

/** A schema id of another registry, as records carry it (decimal digits or a GUID), and the version it stands for. */
export type SchemaId = { readonly id: string; readonly subject: string; readonly version: number };

export type PayloadLimits = {
  /** Raw bytes of one record, 1 .. 2^30. */
  readonly bytesMax: number;
  /** Nesting of arrays and objects, 1 .. 1,000. */
  readonly depthMax: number;
};

/** Everything, besides the record and the engine, that a decision depends on. Plain data; content-addressed. */
export type ContractSet = {
  readonly limits: PayloadLimits;
  readonly contracts: readonly Contract[];
  readonly bindings: readonly Binding[];
  /** What a registry said of the ids seen so far; absent without one. An id that is not here declares nothing we have. */
  readonly schemaIds?: readonly SchemaId[];
};

/** A set with its address: `text` is its RFC 8785 form, `digest` "sha256:" and the SHA-256 of that text in hex. */
export type SealedContractSet = {
  readonly digest: string;
  readonly text: string;
  readonly set: ContractSet;
};

/** 1 MiB as Kafka's own default; 64 levels leave room for the store's envelope under MongoDB's limit of 100. */
export const DEFAULT_LIMITS: PayloadLimits = { bytesMax: 1_048_576, depthMax: 64 };

/**
 * Digest of what a version says: subject, number, schema, rules, identity, and that its formats are asserted when they are
 * (so that a version frozen before they could be keeps its digest under `annotate`). Its status is not part of it.
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
 * Brings a set into its one canonical order, so that equal sets have equal digests and decide alike: what comes back is
 * read from the canonical text, as the order of a schema's keys decides the order in which violations are reported.
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
 * The same set with other schema ids. `schemaIds` comes last in the canonical form: the rest, which may be long, is neither
 * written nor read anew.
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

/**
 * Reads a stored set back.
 * @returns null when the text does not have the digest it was stored under.
 */
export function openContractSet(digest: string, text: string): SealedContractSet | null {
  if (sha256Text(text) !== digest) return null;
  return { digest, text, set: parseJson(text) as ContractSet };
}

function sha256Text(text: string): string {
  return `sha256:${hash("sha256", text)}`;
}

/** By code unit: no locale, so that every machine agrees. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
