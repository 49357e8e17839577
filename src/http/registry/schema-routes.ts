import type { FastifyInstance } from "fastify";
import type { Served, ServedVersion } from "../../registry/served.ts";
import { noSchema } from "./answers.ts";
import { schemaSchemas } from "./schemas.ts";

type ById = { Params: { id: string } };

/** `/schemas`: by id or GUID, which is what is written before a payload. */
export function registerSchemas(scope: FastifyInstance, served: () => Served): void {
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
  const view = ({ schema, guid, id }: ServedVersion) => ({ schemaType: "JSON", schema: schema(), id, guid });

  scope.get("/schemas/types", { schema: schemaSchemas.types }, async () => ["JSON"]);
  scope.get<ById>("/schemas/ids/:id", { schema: schemaSchemas.byId }, async ({ params }) => view(byId(params.id)));
  scope.get<ById>("/schemas/ids/:id/schema", { schema: schemaSchemas.text }, async ({ params }) => {
    return byId(params.id).content.schema;
  });
  scope.get<ById>("/schemas/ids/:id/subjects", { schema: schemaSchemas.subjects }, async ({ params }) => {
    return named(byId(params.id));
  });
  scope.get<ById>("/schemas/ids/:id/versions", { schema: schemaSchemas.versions }, async ({ params }) => {
    const found = byId(params.id);
    return named(found).map((subject) => ({ subject, version: found.version }));
  });
  scope.get<{ Params: { guid: string } }>(
    "/schemas/guids/:guid",
    { schema: schemaSchemas.byGuid },
    async ({ params }) => {
      const found = served().byGuid.get(params.guid.toLowerCase());
      if (found === undefined) throw noSchema();
      return view(found);
    },
  );
}
