import type { ServedVersion } from "../../registry/served.ts";
import type { Described } from "../route-types.ts";

/** JSON Schema of a version, as registries answer it. */
export const VERSION = {
  title: "RegistryVersion",
  type: "object",
  required: ["subject", "version", "id", "guid", "schemaType", "references", "metadata", "schema"],
  properties: {
    subject: { type: "string" },
    version: { type: "integer", minimum: 0 },
    id: {
      type: "integer",
      minimum: 0,
      description: "Drawn from the version's digest: every gateway with this contract gives the same",
    },
    guid: { type: "string" },
    schemaType: { const: "JSON" },
    references: { type: "array", items: {}, maxItems: 0 },
    metadata: {
      type: "object",
      properties: { properties: { type: "object", additionalProperties: { type: "string" } } },
    },
    schema: { type: "string", description: "JSON text of the schema" },
  },
} as const;

/** A version under the name it was asked by. Clients ignore metadata that they do not know, so the digest is in it. */
export function versionView(name: string, served: ServedVersion): Described<typeof VERSION> {
  const { version, id, guid, schema, contract, content, status } = served;
  const properties = {
    "sigma.contract": `${contract}@${version}`,
    "sigma.digest": content.digest,
    "sigma.status": status,
    "sigma.identity": JSON.stringify(content.identity),
    "sigma.rules": String(content.rules.length),
  };
  return {
    subject: name,
    version,
    id,
    guid,
    schemaType: "JSON",
    references: [],
    metadata: { properties },
    schema: schema(),
  };
}
