import { readApiDocument } from "./http-document.ts";
import type { Schema } from "./schema-table.ts";

type Operation = {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: Schema & Const }>> }>
  >;
};

type Const = { readonly const?: unknown };

type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};

/** Types of TypeScript for the named objects of /openapi.json, and for the JSON answer of each GET that has one. */
export async function apiTypes(): Promise<string> {
  const { paths, components } = (await readApiDocument()) as Document;
  const objects = Object.entries(components.schemas).map(
    ([name, schema]) => `export type ${name} = ${typeText(schema, "")};`,
  );
  const answers = Object.entries(paths).flatMap(([path, { get }]) => {
    const schema = get?.responses["200"]?.content?.["application/json"]?.schema;
    return schema === undefined ? [] : [`  "${path}": ${typeText(schema, "  ")};`];
  });
  return `/* oxlint-disable max-lines -- as long as the interface */
// Written by scripts/reference.ts from /openapi.json. Change the schemas of the routes, then run it.

${objects.join("\n\n")}

/** The JSON answer of each GET, by path. */
export type Answers = {
${answers.join("\n")}
};
`;
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
