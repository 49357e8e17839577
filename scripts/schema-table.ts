import { markdownTable } from "./markdown-table.ts";

/** A JSON Schema, with the keywords that the documents of the interface use. */
export type Schema = {
  readonly $ref?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly (string | null)[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
};

/** The members of an object as a table: those of objects in it follow, each by its path. */
export function memberTable(schema: Schema): string {
  return markdownTable(["Member", "Type", "Meaning"], membersOf(schema, ""));
}

function membersOf({ properties = {}, required = [] }: Schema, before: string): readonly (readonly string[])[] {
  return Object.entries(properties).flatMap(([name, member]) => {
    const path = `${before}${name}`;
    const optional = required.includes(name) ? "" : ", optional";
    const inner = innerOf(member);
    return [
      [`\`${path}\``, `${typeOf(member)}${optional}`, member.description ?? ""],
      ...(inner === null ? [] : membersOf(inner.schema, `${path}${inner.mark}`)),
    ];
  });
}

/** The object in a member, and what stands between their names; null when there is none. */
function innerOf(member: Schema): { readonly schema: Schema; readonly mark: string } | null {
  if (member.properties !== undefined) return { schema: member, mark: "." };
  const inItems = member.items === undefined ? null : innerOf(member.items);
  if (inItems !== null) return { schema: inItems.schema, mark: `[]${inItems.mark}` };
  const found = member.anyOf?.find(({ properties }) => properties !== undefined);
  return found === undefined ? null : { schema: found, mark: "." };
}

/** The type of a value in words. An object with a name is linked. */
export function typeOf({ $ref, type, items, anyOf, enum: values }: Schema): string {
  if ($ref !== undefined) {
    const name = $ref.split("/").at(-1) ?? "";
    return `[${name}](#${name.toLowerCase()})`;
  }
  if (values !== undefined) return values.map((one) => (one === null ? "null" : `\`${one}\``)).join(" or ");
  if (anyOf !== undefined) return anyOf.map(typeOf).join(" or ");
  if (items !== undefined) return `list of ${typeOf(items)}`;
  if (type === undefined) return "any JSON";
  return [type].flat().join(" or ");
}
