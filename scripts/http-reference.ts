import { ANY_UNAVAILABLE, PROBLEMS } from "../src/http/problems/codes.ts";
import { readApiDocument } from "./http-document.ts";
import { markdownTable } from "./markdown-table.ts";
import { memberTable, typeOf, type Schema } from "./schema-table.ts";

type Media = Readonly<Record<string, { readonly schema?: Schema }>>;
type Named = { readonly description?: string };

type Answer = {
  readonly description?: string;
  readonly content?: Media;
  readonly headers?: Readonly<Record<string, Named & { readonly schema?: Named }>>;
};

type Operation = {
  readonly summary: string;
  readonly tags?: readonly string[];
  /** The role it asks for, under the name of the scheme; none: it is open to all. */
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly (Named & { readonly in: string; readonly name: string })[];
  readonly requestBody?: { readonly content: Media };
  readonly responses: Readonly<Record<string, Answer>>;
};

type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};

type Route = { readonly name: string; readonly operation: Operation };

/** Codes by status. */
type Codes = ReadonlyMap<string, readonly string[]>;

/** What the page says once: headers of requests with records, and the problems of all routes of a kind. */
type Shared = {
  readonly headers: ReadonlyMap<string, string>;
  readonly problems: readonly (readonly [string, Codes])[];
};

/** The page of every route, made from /openapi.json. @param generated the line that says who wrote the page. */
export async function httpPage(generated: string): Promise<string> {
  const { paths, components } = (await readApiDocument()) as Document;
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  );
  const own = routes.filter(({ operation }) => !isRegistry(operation));
  const registry = routes.filter(({ operation }) => isRegistry(operation));
  const shared = sharedBy(own.map(({ operation }) => operation));
  const section = (route: Route): string => sectionOf(route, shared, components.schemas);
  return `# HTTP

${generated}

Every route, as \`/openapi.json\` of a gateway has it. [Over HTTP](../http.md) says what bodies may be, and what keys, positions and limits
are.

${own.map(section).join("\n\n")}

## What routes share

Headers of a request that carries records:

${markdownTable(
  ["Header", "Meaning"],
  [...shared.headers].map(([name, meaning]) => [`\`${name}\``, meaning]),
)}

Headers of answers:

${markdownTable(["Header", "Meaning"], answerHeaders(own))}

Problems that are not repeated for each route:

${markdownTable(
  ["Routes", "Status", "Codes"],
  shared.problems.flatMap(([kind, codes]) => [...codes].map(([status, list]) => [kind, status, codeList(list)])),
)}

## Objects

${Object.entries(components.schemas)
  .filter(([name]) => name !== "Payload")
  .map(([name, schema]) => [`### ${name}`, ...sentence(schema), memberTable(schema)].join("\n\n"))
  .join("\n\n")}

## Problem codes

A code is stable: it never means something else. Problems of the log and the store have status 503 and the codes in capitals of
[error codes](errors.md).

${markdownTable(
  ["Code", "Meaning"],
  Object.entries(PROBLEMS).map(([code, meaning]) => [`\`${code}\``, meaning]),
)}

## As a schema registry

The routes of the Confluent schema registry that read ([schema registries](../registry.md)). An error is an object with \`error_code\` and
\`message\`; routes that write are refused with 422 \`42205\`.

${registry.map(section).join("\n\n")}
`;
}

function sentence({ description }: Schema): readonly string[] {
  return description === undefined ? [] : [`${description}.`];
}

function isRegistry({ tags }: Operation): boolean {
  return tags?.includes("registry") === true;
}

function sharedBy(all: readonly Operation[]): Shared {
  const withPath = all.filter(({ parameters }) => parameters?.some((one) => one.in === "path") === true);
  const withRecords = all.filter(({ requestBody }) => requestBody !== undefined);
  const every = commonCodes(all, []);
  const ofPath = commonCodes(withPath, [every]);
  const names = (withRecords[0]?.parameters ?? []).filter(
    (one) =>
      one.in === "header" && withRecords.every((other) => other.parameters?.some(({ name }) => name === one.name)),
  );
  return {
    headers: new Map(names.map(({ name, description = "" }) => [name, description])),
    problems: [
      ["all", every],
      ["with a parameter in the path", ofPath],
      ["that take records", commonCodes(withRecords, [every, ofPath])],
    ],
  };
}

/** The codes that each operation has which answers their status with a problem; without those that are known. */
function commonCodes(operations: readonly Operation[], known: readonly Codes[]): Codes {
  const statuses = new Set(operations.flatMap(({ responses }) => Object.keys(responses)));
  const common = new Map<string, readonly string[]>();
  for (const status of [...statuses].toSorted()) {
    const lists = operations.map(({ responses }) => responses[status]).filter((one) => !isAnswer(one));
    const codes = codesOf(lists[0]).filter(
      (code) => !isKnown(known, status, code) && lists.every((one) => codesOf(one).includes(code)),
    );
    if (codes.length > 0) common.set(status, codes);
  }
  return common;
}

function isKnown(known: readonly Codes[], status: string, code: string): boolean {
  return known.some((codes) => codes.get(status)?.includes(code) === true);
}

/** Whether a status is answered with something else than an error. */
function isAnswer(answer: Answer | undefined): answer is Answer {
  return Object.entries(answer?.content ?? {}).some(
    ([type, { schema }]) => type !== "application/problem+json" && schema?.properties?.["error_code"] === undefined,
  );
}

/** The codes of a problem: its description lists them. */
function codesOf(answer: Answer | undefined): readonly string[] {
  return answer?.content?.["application/problem+json"] === undefined ? [] : (answer.description ?? "").split(", ");
}

function codeList(codes: readonly string[]): string {
  return codes.map((code) => (code === ANY_UNAVAILABLE ? code : `\`${code}\``)).join(", ");
}

function answerHeaders(routes: readonly Route[]): readonly (readonly string[])[] {
  const answers = routes.flatMap(({ operation }) => Object.values(operation.responses));
  const all = answers.flatMap(({ headers = {} }) => Object.entries(headers));
  const meanings = new Map(all.map(([name, { description, schema }]) => [name, description ?? schema?.description]));
  return [...meanings].map(([name, meaning = ""]) => [`\`${name}\``, meaning]);
}

function sectionOf({ name, operation }: Route, shared: Shared, objects: Readonly<Record<string, Schema>>): string {
  const { summary, parameters = [], requestBody, responses } = operation;
  const asked = parameters
    .filter((one) => one.in !== "header" || !shared.headers.has(one.name))
    .map((one) => [`\`${one.name}\``, one.in, one.description ?? ""]);
  const bodies = Object.entries(requestBody?.content ?? {}).map(([type, { schema = {} }]) => {
    const object = objects[schema.$ref?.split("/").at(-1) ?? ""];
    const isListed = object !== undefined && schema.$ref?.endsWith("/Payload") !== true;
    return [`\`${type}\``, "body", isListed ? typeOf(schema) : ((object ?? schema).description ?? typeOf(schema))];
  });
  const rows = [...asked, ...bodies];
  const known = shared.problems.map(([, codes]) => codes);
  const problems = Object.entries(responses)
    .map(([status, answer]) => [status, codesOf(answer).filter((code) => !isKnown(known, status, code))] as const)
    .filter(([, codes]) => codes.length > 0)
    .map(([status, codes]) => [status, codeList(codes)]);
  return [
    `${isRegistry(operation) ? "###" : "##"} ${name}`,
    `${summary}. ${roleOf(operation)}`,
    ...(rows.length === 0 ? [] : [markdownTable(["Parameter", "In", "Meaning"], rows)]),
    ...Object.entries(responses).flatMap(([status, answer]) => (isAnswer(answer) ? answerOf(status, answer) : [])),
    ...(problems.length === 0 ? [] : [markdownTable(["Status", "Codes"], problems)]),
  ].join("\n\n");
}

function roleOf({ security = [] }: Operation): string {
  const roles = security.flatMap((one) => Object.values(one).flat());
  return roles.length === 0 ? "Open to all." : `Role: ${roles.join(", ")}.`;
}

/** What is answered with a status: its media type, its type, its headers, its members. */
function answerOf(status: string, { description = "", content = {}, headers = {} }: Answer): readonly string[] {
  const names = Object.keys(headers).map((name) => `\`${name}\``);
  const said = names.length === 0 ? "" : `; headers ${names.join(", ")}`;
  return Object.entries(content).flatMap(([type, { schema = {} }]) => {
    const hasMembers = schema.properties !== undefined;
    const kind = hasMembers || !type.endsWith("json") ? "" : `, ${typeOf(schema)}`;
    const line = `**${status}** ${description}: \`${type}\`${kind}${said}.`;
    return hasMembers ? [line, memberTable(schema)] : [line];
  });
}
