import { escapeStep } from "../json/pointer.ts";
import type { FormatsMode, Rule } from "../core/contract-set.ts";
import type { JsonObject, JsonValue } from "../json/json.ts";
import { refuseSchema } from "../schema/schema-lint.ts";
import { schemaRequires } from "../schema/required-field.ts";
import { toJsonText } from "../json/json-text.ts";

/** A generated contract that a person has yet to review: version 1, status draft. */
export type Draft = {
  readonly subject: string;
  readonly owner: string;
  readonly description: string;
  /** RFC 6901 pointers. */
  readonly identity: readonly string[];
  readonly schema: JsonObject | boolean;
  readonly rules: readonly Rule[];
  /** Absent: `assert`. */
  readonly formats?: FormatsMode;
  /** Comments for the head of contract.yaml: what was guessed, and from what. */
  readonly remarks: readonly string[];
};

/** A part of the original that a contract cannot express. */
export type Unmapped = {
  /** The place in the original, as a path or pointer. */
  readonly path: string;
  readonly why: string;
};

/** Files of a draft by their path in the contract's folder. */
export type DraftFiles = ReadonlyMap<string, string>;

/** Reasons why the files of a draft could not be loaded as a contract; empty when they could. */
export function draftProblems({ schema, identity, formats = "assert" }: Draft): readonly Unmapped[] {
  const refused = refuseSchema(schema, formats).map(({ pointer, message }) => ({ path: pointer, why: message }));
  if (refused.length > 0) return refused;
  return identity
    .filter((pointer) => !schemaRequires(schema, pointer))
    .map((pointer) => ({ path: pointer, why: "it is to be the identity, and the schema does not require it" }));
}

/** The files of a draft: contract.yaml, with every remark as a comment, and the schema. */
export function draftFiles(draft: Draft): DraftFiles {
  const { subject, owner, description, identity, rules, remarks, schema, formats } = draft;
  const text = (value: string): string => JSON.stringify(value);
  const lines = [
    "# A DRAFT: read it, correct it, add fixtures, then freeze and activate it.",
    ...remarks.map((remark) => `# ${remark.replaceAll(/\s+/g, " ")}`),
    `subject: ${text(subject)}`,
    `owner: ${text(owner)}`,
    `description: ${text(description)}`,
    `collection: ${collectionFor(subject)}`,
    `identity: [${identity.map(text).join(", ")}]`,
    "versions:",
    "  1:",
    "    status: draft",
    "    schema: v1.schema.json",
    ...(formats === "annotate" ? ["    formats: annotate"] : []),
    ...(rules.length === 0 ? [] : ["    rules:"]),
    ...rules.flatMap(({ id, expression, message }) => [
      `      - id: ${id}`,
      `        expression: ${text(expression)}`,
      `        message: ${text(message)}`,
    ]),
  ];
  return new Map([
    ["contract.yaml", `${lines.join("\n")}\n`],
    ["v1.schema.json", `${toJsonText(schema, 2)}\n`],
  ]);
}

/** Makes a collection name from the subject: lower-case letters, digits and underscore. */
function collectionFor(subject: string): string {
  const plain = subject
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replace(/^[^a-z]+/, "")
    .slice(0, 47)
    .replace(/_+$/, "");
  return plain === "" ? "records" : plain;
}

export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Appends one step to a pointer. */
export function under(path: string, step: string | number): string {
  return `${path}/${escapeStep(String(step))}`;
}
