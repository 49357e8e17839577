import { escapeStep } from "../json/pointer.ts";
import { annotated } from "./served.ts";
import { canonicalText } from "../json/canonical.ts";
import type { ContractVersion } from "../core/contract-set.ts";
import { isObject, type JsonValue } from "../json/json.ts";
import { askRegistry, fieldsOf, unavailable, type RegistryConnection } from "./client.ts";
import { toJsonText } from "../json/json-text.ts";
import { parseJson } from "../json/parse-json.ts";

/** The outcome of publishing, by reading the schema back. */
export type Published =
  | {
      readonly kind: "published";
      readonly id: number;
      /** The registry's version number; null when it returns none. */
      readonly version: number | null;
      /** Pointers to the parts of the schema that were read back changed; empty when it is equal. */
      readonly changed: readonly string[];
      /** Names of the metadata that were sent and not read back. */
      readonly dropped: readonly string[];
    }
  | { readonly kind: "refused"; readonly status: number; readonly message: string };

/** The most differences that are reported. */
const CHANGES_MAX = 20;

/**
 * Registers the schema of a version under a name, annotated with its contract, and reads it back: a registry may drop or change
 * parts without an error. Rules are not sent: a schema cannot carry them.
 * @throws `Unavailable` when the registry does not answer.
 */
export async function publishVersion(
  connection: RegistryConnection,
  name: string,
  subject: string,
  { schema, version, digest, identity }: Pick<ContractVersion, "schema" | "version" | "digest" | "identity">,
): Promise<Published> {
  const sent = typeof schema === "boolean" ? schema : annotated(schema, { subject, version, digest });
  const properties = {
    "sigma.contract": `${subject}@${version}`,
    "sigma.digest": digest,
    "sigma.identity": JSON.stringify(identity),
  };
  const body = { schemaType: "JSON", schema: toJsonText(sent) };
  const path = `/subjects/${encodeURIComponent(name)}`;
  const registered = await askRegistry(connection, `${path}/versions`, { ...body, metadata: { properties } });
  if (registered.kind === "error") return { kind: "refused", status: registered.status, message: registered.message };
  const id = fieldsOf(registered.body)["id"];
  if (typeof id !== "number") throw strange(connection, "it registered the schema and named no id");
  const byId = await askRegistry(connection, `/schemas/ids/${id}`);
  const there = await askRegistry(connection, path, body);
  const answer = there.kind === "ok" ? fieldsOf(there.body) : {};
  const text = byId.kind === "ok" ? fieldsOf(byId.body)["schema"] : undefined;
  if (typeof text !== "string")
    throw strange(connection, `it registered the schema as ${id} and does not give it back`);
  const number = answer["version"];
  return {
    kind: "published",
    id,
    version: typeof number === "number" ? number : null,
    changed: differences(sent, parse(text)),
    dropped: droppedFrom(properties, answer["metadata"]),
  };
}

function strange({ url }: RegistryConnection, why: string): Error {
  return unavailable("REGISTRY_ANSWER", url, why, "look at the registry");
}

function parse(text: string): JsonValue {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

function droppedFrom(sent: Readonly<Record<string, string>>, metadata: JsonValue | undefined): readonly string[] {
  const kept = fieldsOf(fieldsOf(metadata)["properties"]);
  return Object.keys(sent).filter((name) => kept[name] !== sent[name]);
}

/** Pointers to the outermost differences of two values; at most {@link CHANGES_MAX}. */
function differences(a: JsonValue | undefined, b: JsonValue | undefined, pointer = ""): readonly string[] {
  if (a === undefined || b === undefined) return [pointer];
  if (isObject(a) && isObject(b)) {
    const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    const inside = names.flatMap((name) => {
      return differences(a[name], b[name], `${pointer}/${escapeStep(name)}`);
    });
    return inside.slice(0, CHANGES_MAX);
  }
  return canonicalText(a) === canonicalText(b) ? [] : [pointer];
}
