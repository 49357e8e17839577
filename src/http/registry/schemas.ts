import type { FastifySchema } from "fastify";
import { REGISTRY_TYPE } from "./answers.ts";

// What the registry's routes take and answer, for /openapi.json and for checking parameters.

const text = { type: "string" } as const;
const whole = { type: "integer", minimum: 0 } as const;
const name = { type: "string", minLength: 1, maxLength: 260, examples: ["shipment"] } as const;
const query = (parameter: string, description: string) => ({
  querystring: { type: "object", properties: { [parameter]: { ...text, description } } },
});

const answer = (description: string, schema: object) => ({
  description,
  content: { [REGISTRY_TYPE]: { schema } },
});
const error = answer("An error", {
  type: "object",
  required: ["error_code", "message"],
  properties: { error_code: whole, message: text },
});

const version = {
  type: "object",
  required: ["subject", "version", "id", "guid", "schemaType", "references", "metadata", "schema"],
  properties: {
    subject: text,
    version: whole,
    id: { ...whole, description: "Drawn from the version's digest: every gateway with this contract gives the same" },
    guid: text,
    schemaType: { const: "JSON" },
    references: { type: "array", items: {}, maxItems: 0 },
    metadata: { type: "object", properties: { properties: { type: "object", additionalProperties: text } } },
    schema: { ...text, description: "JSON text of the schema" },
  },
};
const schemaOnly = {
  type: "object",
  required: ["schemaType", "schema", "id", "guid"],
  properties: { schemaType: { const: "JSON" }, schema: text, id: whole, guid: text },
};
const names = { type: "array", items: text };

type Schemas<Name extends string> = Readonly<Record<Name, FastifySchema>>;
type More = Readonly<Record<string, unknown>>;

function route(operationId: string, summary: string, good: object, more: More = {}): FastifySchema {
  const response = { 200: answer("The answer", good), 400: error, 404: error, 422: error };
  return { tags: ["registry"], operationId: `registry${operationId}`, summary, response, ...more };
}

/** Of a route that looks at a schema which the request brings. */
function asking(operationId: string, summary: string, good: object, more: More): FastifySchema {
  const { response, ...rest } = route(operationId, summary, good, more);
  return { ...rest, response: { ...(response as object), 413: error, 503: error } };
}

const ofSubject = { params: { type: "object", required: ["subject"], properties: { subject: name } } };
const ofVersion = {
  params: {
    type: "object",
    required: ["subject", "version"],
    properties: { subject: name, version: { type: "string", maxLength: 20, examples: ["1"] } },
  },
};
const ofId = {
  params: {
    type: "object",
    required: ["id"],
    properties: { id: { type: "string", pattern: "^[0-9]{1,10}$", examples: ["1"] } },
  },
};
const ofGuid = {
  params: {
    type: "object",
    required: ["guid"],
    properties: {
      guid: { type: "string", pattern: "^[0-9A-Fa-f-]{36}$", examples: ["00000000-0000-8000-8000-000000000000"] },
    },
  },
};

export const subjectSchemas: Schemas<
  "list" | "versions" | "version" | "schema" | "referencedBy" | "lookUp" | "register"
> = {
  list: route(
    "Subjects",
    "Names of subjects: TOPIC-value for each source, and each contract's own",
    names,
    query("subjectPrefix", "Only names that begin so"),
  ),
  versions: route(
    "Versions",
    "Versions of a subject that are in force; retired ones with deleted=true",
    {
      type: "array",
      items: whole,
    },
    { ...ofSubject, ...query("deleted", "true: retired versions too") },
  ),
  version: route("Version", "A version, or the latest: the highest active one", version, ofVersion),
  schema: route("VersionSchema", "The schema of a version, bare", {}, ofVersion),
  referencedBy: route(
    "ReferencedBy",
    "Nothing refers to another schema here",
    { type: "array", items: {}, maxItems: 0 },
    ofVersion,
  ),
  lookUp: asking("LookUp", "The version with this schema", version, ofSubject),
  register: asking("Register", "The version with this schema, which must be there already", version, ofSubject),
};

export const schemaSchemas: Schemas<"types" | "byId" | "text" | "subjects" | "versions" | "byGuid"> = {
  types: route("Types", "Types of schemas", { type: "array", items: { enum: ["JSON"] } }),
  byId: route("ById", "The schema with an id of the wire format", schemaOnly, ofId),
  text: route("ByIdSchema", "The same, bare", {}, ofId),
  subjects: route("ByIdSubjects", "The names under which it is served", names, ofId),
  versions: route(
    "ByIdVersions",
    "The same with versions",
    {
      type: "array",
      items: { type: "object", required: ["subject", "version"], properties: { subject: text, version: whole } },
    },
    ofId,
  ),
  byGuid: route("ByGuid", "The schema with a GUID of the wire format", schemaOnly, ofGuid),
};

export function compatibilitySchemas(url: string): FastifySchema {
  const single = url.endsWith(":version");
  return asking(
    single ? "Compatible" : "CompatibleWithAll",
    "Whether a schema takes all that the served one takes, proved",
    {
      type: "object",
      required: ["is_compatible"],
      properties: { is_compatible: { type: "boolean" }, messages: names },
    },
    { ...(single ? ofVersion : ofSubject), ...query("verbose", "true: with the reasons") },
  );
}

export const settingSchemas: Readonly<Record<"whole" | "ofSubject", (path: string) => FastifySchema>> = {
  whole: (path: string): FastifySchema =>
    route(`Get${title(path)}`, `The ${path.slice(1)} of the registry`, { type: "object" }),
  ofSubject: (path: string): FastifySchema =>
    route(`Get${title(path)}OfSubject`, `The ${path.slice(1)} of a subject`, { type: "object" }, ofSubject),
};

/** Of what is always refused. */
export function refusedSchemas(method: string, url: string): FastifySchema {
  const id = url
    .split("/")
    .map((part) => title(`/${part.replace(":", "")}`))
    .join("");
  return {
    tags: ["registry"],
    operationId: `registry${title(`/${method.toLowerCase()}`)}${id}`,
    // No client has any use for it.
    hide: true,
    summary: "Not permitted: contracts come from files",
    response: { 422: error },
  };
}

function title(path: string): string {
  const word = path.slice(1);
  return word === "" ? "" : `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
}
