import type { FastifyInstance } from "fastify";
import { liveVersions, latestOf, withDigest, type Served, type ServedVersion } from "../../registry/served.ts";
import { invalidVersion, noSchema, noSubject, notPermitted, noVersion, versionView } from "./answers.ts";
import { TAKES, type Asking } from "./asking.ts";
import { refusedSchemas, subjectSchemas } from "./schemas.ts";

type OfSubject = { Params: { subject: string }; Querystring: { deleted?: string } };
type OfVersion = { Params: { subject: string; version: string } };

/** `/subjects`: names, versions, and the lookup by content that serializers use. */
export function registerSubjects(scope: FastifyInstance, served: () => Served, asking: Asking): void {
  const versionsOf = (subject: string): readonly ServedVersion[] => {
    const found = served().subjects.get(subject);
    if (found === undefined) throw noSubject(subject);
    return found;
  };

  scope.get<{ Querystring: { subjectPrefix?: string } }>(
    "/subjects",
    { schema: subjectSchemas.list },
    async (request) => {
      const { subjectPrefix = "" } = request.query;
      return [...served().subjects.keys()].filter((name) => name.startsWith(subjectPrefix)).toSorted();
    },
  );

  scope.get<OfSubject>("/subjects/:subject/versions", { schema: subjectSchemas.versions }, async (request) => {
    const all = versionsOf(request.params.subject);
    return (request.query.deleted === "true" ? all : liveVersions(all)).map(({ version }) => version);
  });

  scope.get<OfVersion>("/subjects/:subject/versions/:version", { schema: subjectSchemas.version }, async (request) => {
    const { subject, version } = request.params;
    return versionView(subject, pick(versionsOf(subject), version));
  });

  scope.get<OfVersion>(
    "/subjects/:subject/versions/:version/schema",
    { schema: subjectSchemas.schema },
    async (request) => pick(versionsOf(request.params.subject), request.params.version).content.schema,
  );

  scope.get<OfVersion>(
    "/subjects/:subject/versions/:version/referencedby",
    { schema: subjectSchemas.referencedBy },
    async (request) => {
      pick(versionsOf(request.params.subject), request.params.version);
      return [];
    },
  );

  scope.post<OfSubject>("/subjects/:subject", { schema: subjectSchemas.lookUp, config: TAKES }, async (request) => {
    const { subject } = request.params;
    const versions = versionsOf(subject);
    const found = withDigest(versions, await asking.name(request)).at(-1);
    if (found === undefined) throw noSchema();
    return versionView(subject, found);
  });

  // A serializer that registers what it writes: what is there already is what it asks for.
  scope.post<OfSubject>(
    "/subjects/:subject/versions",
    { schema: subjectSchemas.register, config: TAKES },
    async (request) => {
      const { subject } = request.params;
      const versions = liveVersions(versionsOf(subject));
      const found = withDigest(versions, await asking.name(request)).at(-1);
      if (found === undefined) throw notPermitted("Registering a schema");
      return versionView(subject, found);
    },
  );

  for (const url of ["/subjects/:subject", "/subjects/:subject/versions/:version"]) {
    const schema = refusedSchemas("DELETE", url);
    scope.delete(url, { schema, config: TAKES }, async () => Promise.reject(notPermitted("Deleting")));
  }
}

/** @param wanted a number, `latest`, or -1, which means the same. */
export function pick(versions: readonly ServedVersion[], wanted: string): ServedVersion {
  if (!/^(?:[1-9][0-9]{0,9}|latest|-1)$/.test(wanted)) throw invalidVersion();
  const found =
    wanted === "latest" || wanted === "-1"
      ? latestOf(versions)
      : versions.find(({ version }) => String(version) === wanted);
  if (found === null || found === undefined) throw noVersion(wanted);
  return found;
}
