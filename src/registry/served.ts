import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { createHash } from "node:crypto";
import { canonicalText } from "../json/canonical.ts";
import type { ContractSet, ContractStatus, ContractVersion } from "../core/contract-set.ts";
import { ownSchemaIds } from "../core/wire-format.ts";
import { toJsonText } from "../json/json-text.ts";

/** A version as a schema registry knows it. */
export type ServedVersion = {
  /** The contract's own name, whichever name it is asked under. */
  readonly contract: string;
  readonly version: number;
  readonly status: ContractStatus;
  readonly id: number;
  readonly guid: string;
  /** JSON text of the schema. */
  readonly schema: () => string;
  readonly content: ContractVersion;
};

/** The contracts of a set under the names serializers ask for. */
export type Served = {
  /** By name: `<topic>-value` for each topic (TopicNameStrategy), and the contract's own. Ascending, drafts left out. */
  readonly subjects: ReadonlyMap<string, readonly ServedVersion[]>;
  readonly byId: ReadonlyMap<number, ServedVersion>;
  readonly byGuid: ReadonlyMap<string, ServedVersion>;
};

/** Annotation with which a published schema names its contract; no part of the contract itself. */
const ANNOTATION = "x-sigma-contract";

/** What a gateway with this set serves. Drafts are nobody's to write; retired versions stay readable. */
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

/** The versions to write: neither drafts nor retired. */
export function liveVersions(versions: readonly ServedVersion[]): readonly ServedVersion[] {
  return versions.filter(({ status }) => status === "active" || status === "deprecated");
}

/** What `latest` means: the highest active version, or, when none is active, the highest that is still in force. */
export function latestOf(versions: readonly ServedVersion[]): ServedVersion | null {
  const active = versions.filter(({ status }) => status === "active");
  return active.at(-1) ?? liveVersions(versions).at(-1) ?? null;
}

/** Of a schema without annotation: schemas that say the same, whatever their spelling, and only those share it. */
export function digestOfSchema(schema: JsonValue): string {
  return createHash("sha256").update(canonicalText(schema)).digest("hex");
}

const DIGESTS = new WeakMap<Pick<ContractVersion, "schema">, string>();

/** The versions whose schema has a digest. Those of the versions are worked out once. */
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

/** A schema that names its contract, for where schemas are looked at without their contract. */
export function annotated(
  schema: JsonObject,
  { subject, version, digest }: { readonly subject: string; readonly version: number; readonly digest: string },
): JsonObject {
  return { ...schema, [ANNOTATION]: { subject, version, digest } };
}

/** The version an annotated schema names; null when it names none. */
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
