import { annotationOf, digestOfSchema, unannotated, withDigest } from "./served.ts";
import type { ContractSet, SchemaId } from "../core/contract-set.ts";
import { isObject, type JsonValue } from "../json/json.ts";
import { parsePayload } from "../core/payload.ts";
import { askRegistry, fieldsOf, unavailable, type RegistryAnswer, type RegistryConnection } from "./client.ts";

export type LookupDeps = {
  readonly connection: RegistryConnection;
  /** The set in force; its versions are what an id can stand for. */
  readonly contracts: () => ContractSet;
  /** Takes what the registry said of ids. */
  readonly learn: (ids: readonly SchemaId[]) => void;
  /** Told once for each id that stands for none of our versions, until it is asked again. */
  readonly report: (id: string, why: string) => void;
  readonly now: () => number;
  /** How long an id that stands for nothing is not asked again, in milliseconds. Never for ever: it may be registered. */
  readonly unknownMs: number;
};

export type SchemaLookup = {
  /** Asks for ids that the set does not know. @throws `Unavailable` when the registry cannot say. */
  readonly learnSchemaIds: (ids: readonly string[]) => Promise<void>;
  /** Forgets which ids stood for nothing: other contracts may have them. */
  readonly forget: () => void;
};

/** Ids that stand for nothing, kept at most; the oldest goes first. */
const UNKNOWN_MAX = 10_000;
const SCHEMA_LIMITS = { bytesMax: 8_388_608, depthMax: 64 } as const;
/** Questions to the registry at once. */
const PARALLEL = 8;

/**
 * Finds out what the schema ids before payloads stand for.
 *
 * An id is ours when its schema says the same as that of one of our versions. Any other answer that is final makes the id
 * unknown, and its records FAILED; whatever is no answer makes the stream wait.
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
  // A payload is judged by all that its producer's schema asks, or not at all.
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
 * A registry that knows no such schema says so with a code of its own. A bare 404 comes from something else, such as a wrong
 * path, which must not fail every record; but of GUIDs, which older registries do not serve, nobody can have got one there.
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

/** Several versions with one schema differ in their rules: then the annotation of publishing says which is meant. */
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
