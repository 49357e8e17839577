import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { createHash } from "node:crypto";
import { canonicalText } from "../json/canonical.ts";
import type { ContractSet, ContractStatus, ContractVersion } from "../core/contract-set.ts";
import { ownSchemaIds } from "../core/wire-format.ts";
import { toJsonText } from "../json/json-text.ts";

/** A version in the form that a schema registry serves. */
export type ServedVersion = {
  /** The name of the contract. Serializers may ask for the version under another name. */
  readonly contract: string;
  readonly version: number;
  readonly status: ContractStatus;
  readonly id: number;
  readonly guid: string;
  /** JSON text of the schema. */
  readonly schema: () => string;
  readonly content: ContractVersion;
};

/** The versions of a contract set, by the names and ids that serializers ask for. */
export type Served = {
  /**
   * By name: `<topic>-value` for each topic (TopicNameStrategy), and the name of the contract. Versions ascend; drafts are left
   * out.
   */
  readonly subjects: ReadonlyMap<string, readonly ServedVersion[]>;
  readonly byId: ReadonlyMap<number, ServedVersion>;
  readonly byGuid: ReadonlyMap<string, ServedVersion>;
};

/** The annotation that names the contract in a published schema. It is not part of the contract. */
const ANNOTATION = "x-sigma-contract";

/**
 * The versions that a gateway with this contract set serves. Drafts are left out, since producers must not write them; retired
 * versions can still be read.
 */
export function servedBy({ contracts, bindings }: ContractSet): Served {
  const subjects = new Map<string, readonly ServedVersion[]>();
  const all: ServedVersion[] = [];
  for (const { subject, versions } of contracts) {
    const served = versions
      .filter(({ status }) => status !== "draft")
      .map((content) => serve(subject, content))
      .toSorted((a, b) => a.version - b.version);
    if (served.length === 0) continue;
    all.push(...served);
    subjects.set(subject, served);
    for (const binding of bindings) if (binding.subject === subject) subjects.set(`${binding.topic}-value`, served);
  }
  return {
    subjects,
    byId: new Map(all.map((one) => [one.id, one])),
    byGuid: new Map(all.map((one) => [one.guid, one])),
  };
}

function serve(contract: string, content: ContractVersion): ServedVersion {
  const { version, status, schema, digest } = content;
  return { contract, version, status, ...ownSchemaIds(digest), schema: () => toJsonText(schema), content };
}

/** The versions that producers may write: active and deprecated. */
export function liveVersions(versions: readonly ServedVersion[]): readonly ServedVersion[] {
  return versions.filter(({ status }) => status === "active" || status === "deprecated");
}

/** The version that `latest` stands for: the highest active version; when none is active, the highest deprecated one. */
export function latestOf(versions: readonly ServedVersion[]): ServedVersion | null {
  const active = versions.filter(({ status }) => status === "active");
  return active.at(-1) ?? liveVersions(versions).at(-1) ?? null;
}

/** The digest of a schema without annotation. Exactly the schemas with equal content share it, whatever their spelling. */
export function digestOfSchema(schema: JsonValue): string {
  return createHash("sha256").update(canonicalText(schema)).digest("hex");
}

const DIGESTS = new WeakMap<Pick<ContractVersion, "schema">, string>();

/** The versions whose schema has this digest. The digest of each version is computed once. */
export function withDigest<T extends { readonly content: Pick<ContractVersion, "schema"> }>(
  versions: readonly T[],
  wanted: string,
): readonly T[] {
  return versions.filter(({ content }) => {
    const digest = DIGESTS.get(content) ?? digestOfSchema(content.schema);
    DIGESTS.set(content, digest);
    return digest === wanted;
  });
}

/** Adds the annotation to a schema, for readers that see the schema without its contract. */
export function annotated(
  schema: JsonObject,
  { subject, version, digest }: { readonly subject: string; readonly version: number; readonly digest: string },
): JsonObject {
  return { ...schema, [ANNOTATION]: { subject, version, digest } };
}

/** The version that an annotated schema names; null when it has no annotation. */
export function annotationOf(schema: JsonValue): { readonly subject: string; readonly version: number } | null {
  if (!isObject(schema)) return null;
  const { subject, version } = (schema[ANNOTATION] ?? {}) as JsonObject;
  return typeof subject === "string" && typeof version === "number" ? { subject, version } : null;
}

/** A schema without the annotation that publishing adds. */
export function unannotated(schema: JsonValue): JsonValue {
  if (!isObject(schema)) return schema;
  const { [ANNOTATION]: _, ...rest } = schema;
  return rest;
}
