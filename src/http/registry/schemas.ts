import type { Served, ServedVersion } from "../../registry/served.ts";
import type { Described, Routes } from "../route-types.ts";
import { noSchema } from "./errors.ts";
import { READS, route } from "./route-schema.ts";

const OF_ID = {
  params: {
    type: "object",
    required: ["id"],
    properties: { id: { type: "string", pattern: "^[0-9]{1,10}$", description: "Id of the schema", examples: ["1"] } },
  },
} as const;

const OF_GUID = {
  params: {
    type: "object",
    required: ["guid"],
    properties: {
      guid: {
        type: "string",
        pattern: "^[0-9A-Fa-f-]{36}$",
        description: "GUID of the schema",
        examples: ["00000000-0000-8000-8000-000000000000"],
      },
    },
  },
} as const;

const SCHEMA = {
  title: "RegistrySchema",
  type: "object",
  required: ["schemaType", "schema", "id", "guid"],
  properties: {
    schemaType: { const: "JSON" },
    schema: { type: "string" },
    id: { type: "integer", minimum: 0 },
    guid: { type: "string" },
  },
} as const;

const NAMES = { type: "array", items: { type: "string" } } as const;

const NAMED_VERSIONS = {
  type: "array",
  items: {
    type: "object",
    required: ["subject", "version"],
    properties: { subject: { type: "string" }, version: { type: "integer", minimum: 0 } },
  },
} as const;

const TYPES = route("Types", "Types of schemas", { type: "array", items: { enum: ["JSON"] } }, {});
const BY_ID = route("ById", "The schema with an id of the wire format", SCHEMA, OF_ID);
const BY_ID_SCHEMA = route("ByIdSchema", "The same, bare", {}, OF_ID);
const BY_ID_SUBJECTS = route("ByIdSubjects", "The names under which it is served", NAMES, OF_ID);
const BY_ID_VERSIONS = route("ByIdVersions", "The same with versions", NAMED_VERSIONS, OF_ID);
const BY_GUID = route("ByGuid", "The schema with a GUID of the wire format", SCHEMA, OF_GUID);

/** `/schemas`: by the id or the GUID that serializers write before a payload. */
export function registerSchemas(scope: Routes, served: () => Served): void {
  const byId = (id: string): ServedVersion => {
    const found = served().byId.get(Number(id));
    if (found === undefined) throw noSchema();
    return found;
  };
  const named = (one: ServedVersion): readonly string[] =>
    [...served().subjects]
      .filter(([, versions]) => versions.includes(one))
      .map(([name]) => name)
      .toSorted();
  const view = ({ schema, guid, id }: ServedVersion): Described<typeof SCHEMA> => ({
    schemaType: "JSON",
    schema: schema(),
    id,
    guid,
  });

  scope.get("/schemas/types", { schema: TYPES, config: READS }, async (_, reply) => reply.send(["JSON"]));
  scope.get("/schemas/ids/:id", { schema: BY_ID, config: READS }, async ({ params }, reply) =>
    reply.send(view(byId(params.id))),
  );
  scope.get(
    "/schemas/ids/:id/schema",
    { schema: BY_ID_SCHEMA, config: READS },
    async ({ params }) => byId(params.id).content.schema,
  );
  scope.get("/schemas/ids/:id/subjects", { schema: BY_ID_SUBJECTS, config: READS }, async ({ params }, reply) =>
    reply.send(named(byId(params.id))),
  );
  scope.get("/schemas/ids/:id/versions", { schema: BY_ID_VERSIONS, config: READS }, async ({ params }, reply) => {
    const found = byId(params.id);
    return reply.send(named(found).map((subject) => ({ subject, version: found.version })));
  });
  scope.get("/schemas/guids/:guid", { schema: BY_GUID, config: READS }, async ({ params }, reply) => {
    const found = served().byGuid.get(params.guid.toLowerCase());
    if (found === undefined) throw noSchema();
    return reply.send(view(found));
  });
}
