import { readApiDocument } from "./http-document.ts";
import type { Schema } from "./schema-table.ts";

type Media = Readonly<Record<string, { readonly schema?: Schema & Const }>>;

type Parameter = {
  readonly in: string;
  readonly name: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Schema & Const;
};

type Operation = {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Media };
  readonly responses: Readonly<Record<string, { readonly content?: Media }>>;
};

type Const = { readonly const?: unknown };

type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};

/**
 * Types of TypeScript for the named objects of /openapi.json, for the JSON answer of each GET that has one, and for each operation: what is
 * part of its path, query and body, and what it answers.
 */
export async function apiTypes(): Promise<string> {
  const { paths, components } = (await readApiDocument()) as Document;
  const objects = Object.entries(components.schemas).map(
    ([name, schema]) => `export type ${name} = ${typeText(schema, "")};`,
  );
  const answers = Object.entries(paths).flatMap(([path, { get }]) => {
    const schema = get?.responses["200"]?.content?.["application/json"]?.schema;
    return schema === undefined ? [] : [`  "${path}": ${typeText(schema, "  ")};`];
  });
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => operationText(`${method.toUpperCase()} ${path}`, operation)),
  );
  return `/* oxlint-disable max-lines -- as long as the interface */
// Written by scripts/reference.ts from /openapi.json. Change the schemas of the routes, then run it.

${objects.join("\n\n")}

/** The JSON answer of each GET, by path. */
export type Answers = {
${answers.join("\n")}
};

/**
 * Each operation by its method and path: the parameters of its path and query, its JSON body and its JSON answer. Null: it has none; what is
 * not JSON is unknown.
 */
export type Operations = {
${operations.join("\n")}
};
`;
}

function operationText(name: string, { parameters = [], requestBody, responses }: Operation): string {
  const answered = Object.entries(responses).find(([status]) => status.startsWith("2"))?.[1].content;
  const members = [
    `    readonly path: ${parametersText(parameters, "path")};`,
    `    readonly query: ${parametersText(parameters, "query")};`,
    `    readonly body: ${requestBody === undefined ? "null" : jsonText(requestBody.content)};`,
    `    readonly answer: ${answered === undefined ? "null" : jsonText(answered)};`,
  ];
  return `  "${name}": {\n${members.join("\n")}\n  };`;
}

function parametersText(parameters: readonly Parameter[], where: "path" | "query"): string {
  const own = parameters.filter((one) => one.in === where);
  if (own.length === 0) return "null";
  const required = own.filter((one) => one.required === true).map(({ name }) => name);
  const properties = Object.fromEntries(
    own.map(({ name, schema, description }) => [name, description === undefined ? schema : { ...schema, description }]),
  );
  return objectText({ properties, required }, "    ");
}

function jsonText(content: Media): string {
  const schema = content["application/json"]?.schema;
  return schema === undefined ? "unknown" : typeText(schema, "    ");
}

function typeText(schema: Schema & Const, indent: string): string {
  const { $ref, anyOf, items, properties, enum: values, type } = schema;
  if ($ref !== undefined) return $ref.split("/").at(-1) ?? "unknown";
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (values !== undefined) return values.map((one) => JSON.stringify(one)).join(" | ");
  if (anyOf !== undefined) return anyOf.map((one) => typeText(one, indent)).join(" | ");
  if (items !== undefined) return `readonly (${typeText(items, indent)})[]`;
  if (properties !== undefined) return objectText(schema, indent);
  return [type ?? "any"].flat().map(primitive).join(" | ");
}

function objectText({ properties = {}, required = [] }: Schema, indent: string): string {
  const inner = `${indent}  `;
  const members = Object.entries(properties).map(([name, member]) => {
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
    const remark =
      member.description === undefined ? "" : `${inner}/** ${member.description.replaceAll("*/", "* /")} */\n`;
    return `${remark}${inner}readonly ${key}${required.includes(name) ? "" : "?"}: ${typeText(member, inner)};`;
  });
  return `{\n${members.join("\n")}\n${indent}}`;
}

function primitive(type: string): string {
  switch (type) {
    case "integer":
    case "number":
      return "number";
    case "string":
    case "boolean":
    case "null":
      return type;
    case "array":
      return "readonly unknown[]";
    case "object":
      return "Readonly<Record<string, unknown>>";
    default:
      return "unknown";
  }
}
