import { annotationOf, digestOfSchema, unannotated, withDigest } from "./served.ts";
import type { ContractSet, SchemaId } from "../core/contract-set.ts";
import { isObject, type JsonValue } from "../json/json.ts";
import { parsePayload } from "../core/payload.ts";
import { askRegistry, fieldsOf, unavailable, type RegistryAnswer, type RegistryConnection } from "./client.ts";

export type LookupDeps = {
  readonly connection: RegistryConnection;
  /** The current contract set; a schema id can stand for one of its versions. */
  readonly contracts: () => ContractSet;
  /** Stores the schema ids that were identified. */
  readonly learn: (ids: readonly SchemaId[]) => void;
  /** Called for an id that stands for no version here, each time the registry was asked for it. */
  readonly report: (id: string, why: string) => void;
  readonly now: () => number;
  /** For how long such an id is not asked for again, in milliseconds. The time must end: the schema may be registered later. */
  readonly unknownMs: number;
};

export type SchemaLookup = {
  /**
   * Asks the registry for ids that the set does not know.
   * @throws `Unavailable` when the registry has no answer.
   */
  readonly learnSchemaIds: (ids: readonly string[]) => Promise<void>;
  /** Forgets the unknown ids: new contracts may have their schemas. */
  readonly forget: () => void;
};

/** The most unknown ids that are remembered; the oldest is dropped first. */
const UNKNOWN_MAX = 10_000;
const SCHEMA_LIMITS = { bytesMax: 8_388_608, depthMax: 64 } as const;
/** Concurrent requests to the registry. */
const PARALLEL = 8;

/**
 * Finds the contract version that the schema id before a payload stands for.
 *
 * An id stands for a version when its schema equals the version's schema. Any other final answer makes the id unknown, and its
 * records are FAILED. When there is no answer, the stream waits.
 */
export function createSchemaLookup(deps: LookupDeps): SchemaLookup {
  const unknownUntil = new Map<string, number>();
  const asking = new Map<string, Promise<void>>();
  const look = async (id: string): Promise<void> => {
    const found = await identify(deps, id);
    if (found.kind === "known") return deps.learn([{ id, subject: found.subject, version: found.version }]);
    const [oldest] = unknownUntil.keys();
    if (unknownUntil.size >= UNKNOWN_MAX && oldest !== undefined) unknownUntil.delete(oldest);
    unknownUntil.set(id, deps.now() + deps.unknownMs);
    deps.report(id, found.why);
  };
  const once = async (id: string): Promise<void> => {
    const there = asking.get(id);
    if (there !== undefined) return there;
    const asked = look(id).finally(() => asking.delete(id));
    asking.set(id, asked);
    return asked;
  };
  return {
    learnSchemaIds: async (ids) => {
      const due = ids.filter((id) => (unknownUntil.get(id) ?? Number.NEGATIVE_INFINITY) <= deps.now());
      for (const id of due) unknownUntil.delete(id);
      const waiting = due.values();
      const worker = async (): Promise<void> => {
        for (const id of waiting) await once(id);
      };
      await Promise.all(Array.from({ length: Math.min(PARALLEL, due.length) }, worker));
    },
    forget: () => unknownUntil.clear(),
  };
}

type Identified =
  | { readonly kind: "known"; readonly subject: string; readonly version: number }
  | { readonly kind: "unknown"; readonly why: string };

async function identify(deps: LookupDeps, id: string): Promise<Identified> {
  const isGuid = id.includes("-");
  const path = isGuid ? `/schemas/guids/${encodeURIComponent(id)}` : `/schemas/ids/${encodeURIComponent(id)}`;
  const answer = await askRegistry(deps.connection, path);
  if (answer.kind === "error") return whyUnknown(deps, answer, isGuid);
  const { schema, schemaType, ruleSet, references } = fieldsOf(answer.body);
  if (typeof schema !== "string") {
    throw unavailable(
      "REGISTRY_ANSWER",
      deps.connection.url,
      "its answer holds no schema",
      "check registry.url and its path",
    );
  }
  // The producer's schema must be applied whole: rules in it that this gateway cannot execute must not be ignored.
  if (hasRules(ruleSet)) {
    const remedy = "publish the schema without a ruleSet: rules belong into the contract";
    throw unavailable(
      "REGISTRY_RULESET",
      deps.connection.url,
      `schema ${id} carries rules that are not executed here`,
      remedy,
    );
  }
  if (schemaType !== "JSON")
    return {
      kind: "unknown",
      why: `it is ${typeof schemaType === "string" ? schemaType.slice(0, 20) : "Avro"}, not JSON Schema`,
    };
  if (Array.isArray(references) && references.length > 0) return { kind: "unknown", why: "it refers to other schemas" };
  return matchVersion(deps.contracts(), schema);
}

/**
 * Decides whether an error answer means "unknown". A registry that does not know a schema answers with an error code of its
 * own. A bare 404 has another cause, such as a wrong path, which must not make every record FAILED. GUIDs are an exception:
 * older registries do not serve them, so no producer can have got a GUID from such a registry.
 */
async function whyUnknown(
  { connection }: LookupDeps,
  { errorCode, status, message }: Extract<RegistryAnswer, { readonly kind: "error" }>,
  isGuid: boolean,
): Promise<Identified> {
  if (errorCode !== null && Math.trunc(errorCode / 100) === 404)
    return { kind: "unknown", why: "the registry does not know it" };
  if (isGuid && status === 404 && (await askRegistry(connection, "/schemas/types")).kind === "ok") {
    return { kind: "unknown", why: "the registry serves no GUIDs" };
  }
  throw unavailable(
    "REGISTRY_ANSWER",
    connection.url,
    `it answered ${status} ${message}`.trim(),
    "check registry.url and its path",
  );
}

/**
 * Finds the version with this schema. When several versions have it (they differ in their rules), the annotation that
 * publishing adds names the version.
 */
function matchVersion({ contracts }: ContractSet, text: string): Identified {
  const parsed = parsePayload(Buffer.from(text), SCHEMA_LIMITS);
  if (!parsed.ok) return { kind: "unknown", why: "its schema is no strict JSON" };
  const schema = parsed.payload;
  const all = contracts.flatMap(({ subject, versions }) => versions.map((content) => ({ subject, content })));
  const same = withDigest(all, digestOfSchema(unannotated(schema)));
  const named = annotationOf(schema);
  const meant = same.filter(({ subject, content }) => named?.subject === subject && named.version === content.version);
  const [found, ...more] = meant.length > 0 ? meant : same;
  if (found === undefined) return { kind: "unknown", why: "its schema is that of no version here" };
  if (more.length > 0)
    return { kind: "unknown", why: "its schema is that of several versions here, and it does not say which" };
  return { kind: "known", subject: found.subject, version: found.content.version };
}

function hasRules(ruleSet: JsonValue | undefined): boolean {
  return isObject(ruleSet) && Object.values(ruleSet).some((rules) => Array.isArray(rules) && rules.length > 0);
}
