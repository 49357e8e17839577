import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

type Schema = { readonly [name: string]: unknown };
type Kind = { readonly group: string; readonly version: string; readonly kind: string };
type CustomResource = {
  readonly kind?: string;
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
};

const REFERENCE = "#/definitions/";
const METADATA = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
/** The OpenAPI document calls both text; the server takes numbers too. */
const WIDER: Schema = {
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": { type: ["string", "integer"] },
  "io.k8s.apimachinery.pkg.api.resource.Quantity": { type: ["string", "number"] },
};

/**
 * Writes a JSON Schema for each kind of manifest as `deployment-apps-v1.json`, the name that kubeconform asks for.
 * Each stands alone, and refuses members that the kind does not have.
 *
 * @param openApi the OpenAPI 2 document of Kubernetes.
 * @param resources files of CustomResourceDefinitions; what else is in them is passed over.
 */
export function writeManifestSchemas(openApi: string, resources: readonly string[], folder: string): void {
  const { definitions: read } = JSON.parse(readFileSync(openApi, "utf8")) as { readonly definitions: Schema };
  const definitions: Schema = { ...read, ...WIDER };
  const write = ({ group, version, kind }: Kind, schema: Schema): void => {
    const apiVersion = group === "" ? version : `${group}/${version}`;
    const properties = {
      ...(schema["properties"] as Schema),
      apiVersion: { const: apiVersion },
      kind: { const: kind },
    };
    const needed = reachable(schema, definitions);
    const name = [kind.toLowerCase(), ...(group === "" ? [] : [group.split(".")[0]]), version].join("-");
    const whole = { ...schema, properties, required: ["apiVersion", "kind", "metadata"], definitions: needed };
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(whole));
  };
  for (const definition of Object.values(definitions) as readonly Schema[]) {
    const kinds = (definition["x-kubernetes-group-version-kind"] ?? []) as readonly Kind[];
    // What has no metadata is an option of a request or a status, and no manifest.
    if ((definition["properties"] as Schema | undefined)?.["metadata"] === undefined) continue;
    for (const kind of kinds) write(kind, strict(definition) as Schema);
  }
  for (const { spec } of resources.flatMap(customResources)) {
    for (const { name, schema } of spec.versions) {
      const own = strict(schema.openAPIV3Schema) as Schema;
      const properties = { ...(own["properties"] as Schema), metadata: { $ref: REFERENCE + METADATA } };
      write({ group: spec.group, version: name, kind: spec.names.kind }, { ...own, properties });
    }
  }
}

function customResources(path: string): readonly CustomResource[] {
  const documents = parseAllDocuments(readFileSync(path, "utf8")).map((one) => one.toJS() as CustomResource | null);
  return documents.filter(
    (one) => one !== null && one.kind === "CustomResourceDefinition",
  ) as readonly CustomResource[];
}

/** Closes every object that lists its members, and leaves out what is no JSON Schema. */
function strict(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(strict);
  if (node === null || typeof node !== "object") return node;
  const schema = node as Schema;
  if (schema["x-kubernetes-int-or-string"] === true) return WIDER["io.k8s.apimachinery.pkg.util.intstr.IntOrString"];
  const kept = Object.entries(schema)
    .filter(([name]) => !name.startsWith("x-kubernetes") && name !== "description")
    .map(([name, value]) => [name, name === "properties" ? strictEach(value as Schema) : strict(value)] as const);
  const open = schema["additionalProperties"] !== undefined || schema["x-kubernetes-preserve-unknown-fields"] === true;
  const closed = schema["properties"] === undefined || open ? [] : [["additionalProperties", false] as const];
  return Object.fromEntries([...kept, ...closed]);
}

/** A member may be called `description`. */
function strictEach(properties: Schema): Schema {
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, strict(value)]));
}

/** The definitions that a schema names, and those that they name. */
function reachable(schema: Schema, definitions: Schema): Schema {
  const found = new Map<string, unknown>();
  const open: unknown[] = [schema];
  while (open.length > 0) {
    for (const [, name = ""] of JSON.stringify(open.pop()).matchAll(/"#\/definitions\/([^"]+)"/g)) {
      if (found.has(name)) continue;
      const definition = strict(definitions[name]);
      found.set(name, definition);
      open.push(definition);
    }
  }
  return Object.fromEntries(found);
}
