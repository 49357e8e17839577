import { liveVersions, latestOf, withDigest, type Served, type ServedVersion } from "../../registry/served.ts";
import type { Routes } from "../route-types.ts";
import { TAKES, type Asking } from "./asking.ts";
import { invalidVersion, noSchema, noSubject, notPermitted, noVersion } from "./errors.ts";
import { READS, OF_SUBJECT, OF_VERSION, questionRoute, refusedRoute, route } from "./route-schema.ts";
import { VERSION, versionView } from "./version.ts";

const LIST = route(
  "Subjects",
  "Names of subjects: TOPIC-value for each source, and each contract's own",
  { type: "array", items: { type: "string" } },
  {
    querystring: {
      type: "object",
      properties: { subjectPrefix: { type: "string", description: "Only names that begin so" } },
    },
  },
);
const VERSIONS = route(
  "Versions",
  "Live versions of a subject; retired ones with deleted=true",
  { type: "array", items: { type: "integer", minimum: 0 } },
  {
    ...OF_SUBJECT,
    querystring: {
      type: "object",
      properties: { deleted: { type: "string", description: "true: retired versions too" } },
    },
  },
);
const ONE = route("Version", "A version, or the latest: the highest active one", VERSION, OF_VERSION);
const BARE = route("VersionSchema", "The schema of a version, bare", {}, OF_VERSION);
const REFERENCED_BY = route(
  "ReferencedBy",
  "Nothing refers to another schema here",
  { type: "array", items: {}, maxItems: 0 },
  OF_VERSION,
);
const LOOK_UP = questionRoute("LookUp", "The version with this schema", VERSION, OF_SUBJECT);
const REGISTER = questionRoute(
  "Register",
  "The version with this schema, which must be there already",
  VERSION,
  OF_SUBJECT,
);

/** `/subjects`: names, versions, and the lookup by content that serializers use. */
export function registerSubjects(scope: Routes, served: () => Served, asking: Asking): void {
  const versionsOf = (subject: string): readonly ServedVersion[] => {
    const found = served().subjects.get(subject);
    if (found === undefined) throw noSubject(subject);
    return found;
  };

  scope.get("/subjects", { schema: LIST, config: READS }, async (request, reply) => {
    const { subjectPrefix = "" } = request.query;
    return reply.send([...served().subjects.keys()].filter((name) => name.startsWith(subjectPrefix)).toSorted());
  });

  scope.get("/subjects/:subject/versions", { schema: VERSIONS, config: READS }, async (request, reply) => {
    const all = versionsOf(request.params.subject);
    return reply.send((request.query.deleted === "true" ? all : liveVersions(all)).map(({ version }) => version));
  });

  scope.get("/subjects/:subject/versions/:version", { schema: ONE, config: READS }, async (request, reply) => {
    const { subject, version } = request.params;
    return reply.send(versionView(subject, pick(versionsOf(subject), version)));
  });

  scope.get("/subjects/:subject/versions/:version/schema", { schema: BARE, config: READS }, async (request) => {
    return pick(versionsOf(request.params.subject), request.params.version).content.schema;
  });

  scope.get(
    "/subjects/:subject/versions/:version/referencedby",
    { schema: REFERENCED_BY, config: READS },
    async (request, reply) => {
      pick(versionsOf(request.params.subject), request.params.version);
      return reply.send([]);
    },
  );

  scope.post("/subjects/:subject", { schema: LOOK_UP, config: TAKES }, async (request, reply) => {
    const { subject } = request.params;
    const versions = versionsOf(subject);
    const found = withDigest(versions, await asking.name(request)).at(-1);
    if (found === undefined) throw noSchema();
    return reply.send(versionView(subject, found));
  });

  // A serializer registers the schema that it writes. A version with this schema is there already, or the contract lacks it.
  scope.post("/subjects/:subject/versions", { schema: REGISTER, config: TAKES }, async (request, reply) => {
    const { subject } = request.params;
    const versions = liveVersions(versionsOf(subject));
    const found = withDigest(versions, await asking.name(request)).at(-1);
    if (found === undefined) throw notPermitted("Registering a schema");
    return reply.send(versionView(subject, found));
  });

  for (const url of ["/subjects/:subject", "/subjects/:subject/versions/:version"]) {
    const schema = refusedRoute("DELETE", url);
    scope.delete(url, { schema, config: TAKES }, async () => Promise.reject(notPermitted("Deleting")));
  }
}

/** The version that a path asks for. @param wanted a number, `latest`, or -1, which means the latest too. */
export function pick(versions: readonly ServedVersion[], wanted: string): ServedVersion {
  if (!/^(?:[1-9][0-9]{0,9}|latest|-1)$/.test(wanted)) throw invalidVersion();
  const found =
    wanted === "latest" || wanted === "-1"
      ? latestOf(versions)
      : versions.find(({ version }) => String(version) === wanted);
  if (found === null || found === undefined) throw noVersion(wanted);
  return found;
}
