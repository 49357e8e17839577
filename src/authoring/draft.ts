import { escapeStep } from "../json/pointer.ts";
import type { FormatsMode, Rule } from "../core/contract-set.ts";
import type { JsonObject, JsonValue } from "../json/json.ts";
import { refuseSchema } from "../schema/schema-lint.ts";
import { schemaRequires } from "../inclusion/identity-proof.ts";
import { toJsonText } from "../json/json-text.ts";

/** A contract that somebody has yet to read: version 1, a draft. */
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
  /** Sentences for the head of the file: what was guessed, and from what. */
  readonly remarks: readonly string[];
};

/** Something of the original that a contract has no place for. */
export type Unmapped = {
  /** Where it stands in the original. */
  readonly path: string;
  readonly why: string;
};

/** Files of a draft by their path in the contract's folder. */
export type DraftFiles = ReadonlyMap<string, string>;

/** What keeps a draft from being one: a contract with it could not be loaded. Empty when nothing does. */
export function whyNoDraft({ schema, identity, formats = "assert" }: Draft): readonly Unmapped[] {
  const refused = refuseSchema(schema, formats).map(({ pointer, message }) => ({ path: pointer, why: message }));
  if (refused.length > 0) return refused;
  return identity
    .filter((pointer) => !schemaRequires(schema, pointer))
    .map((pointer) => ({ path: pointer, why: "it is to be the identity, and the schema does not require it" }));
}

/** A draft as files: contract.yaml, with every remark, and the schema. */
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

/** A collection name that the subject suggests: lower-case letters, digits and underscore. */
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

/** A pointer one step further. */
export function under(path: string, step: string | number): string {
  return `${path}/${escapeStep(String(step))}`;
}
