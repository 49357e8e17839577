import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { kindOf } from "./report.ts";
import type { Resources, SchemaPlace } from "./resources.ts";

/** What is known of a branch of `anyOf` or `oneOf` without judging a value. */
export type BranchSummary = {
  readonly schemaPath: string;
  /** The kinds of values that `type` allows; null without `type`. */
  readonly kinds: ReadonlySet<string> | null;
  /** The only allowed values, when the branch lists them. */
  readonly members: readonly JsonValue[] | null;
  /** Fields with listed values, and those values. */
  readonly fixed: ReadonlyMap<string, readonly JsonValue[]>;
  readonly required: ReadonlySet<string>;
  /** Its title, the name of the schema it refers to, or its number. */
  readonly name: string;
};

/** Most schemas that are read for one branch: references may form cycles. */
const STEPS_MAX = 64;

/**
 * Reads what distinguishes a branch from its siblings, through `$ref` and `allOf`.
 * @param number of the branch, from 1.
 */
export function readBranchSummary(place: SchemaPlace, number: number, resources: Resources): BranchSummary {
  const parts = conjuncts(place, resources);
  const fixed = new Map<string, readonly JsonValue[]>();
  const required = new Set<string>();
  for (const part of parts) {
    const { schema } = part;
    if (typeof schema === "boolean") continue;
    for (const name of listOf(own(schema, "required"))) if (typeof name === "string") required.add(name);
    const properties = own(schema, "properties");
    if (!isObject(properties)) continue;
    for (const name of Object.keys(properties)) {
      const values = membersOf(conjuncts(resources.under(part, "properties", name), resources));
      if (values !== null && !fixed.has(name)) fixed.set(name, values);
    }
  }
  const name = titleOf(place) ?? referredName(place) ?? `branch ${number}`;
  const members = membersOf(parts);
  const kinds = kindsOf(parts) ?? (members === null ? null : new Set(members.map(kindOf)));
  return { schemaPath: place.path, kinds, members, fixed, required, name };
}

/** The schema and all schemas that must hold with it. */
function conjuncts(place: SchemaPlace, resources: Resources): readonly SchemaPlace[] {
  const found: SchemaPlace[] = [];
  const open = [place];
  for (let next = open.pop(); next !== undefined && found.length < STEPS_MAX; next = open.pop()) {
    found.push(next);
    const { schema } = next;
    if (typeof schema === "boolean") continue;
    const { $ref, allOf } = schema;
    const target = typeof $ref === "string" ? resources.resolve(next, $ref) : null;
    if (target !== null) open.push(target.place);
    for (const index of listOf(allOf).keys()) open.push(resources.under(next, "allOf", index));
  }
  return found;
}

/** The kinds of values that every part allows; null when no part restricts them. */
function kindsOf(parts: readonly SchemaPlace[]): ReadonlySet<string> | null {
  let kinds: ReadonlySet<string> | null = null;
  for (const { schema } of parts) {
    const type = typeof schema === "boolean" ? undefined : own(schema, "type");
    if (type === undefined) continue;
    const named: ReadonlySet<string> = new Set((typeof type === "string" ? [type] : listOf(type)).map(String));
    kinds = kinds === null ? named : new Set<string>([...kinds].filter((one: string) => named.has(one)));
  }
  return kinds;
}

/** The values that `const` or `enum` lists; null when neither does. */
function membersOf(parts: readonly SchemaPlace[]): readonly JsonValue[] | null {
  for (const { schema } of parts) {
    if (typeof schema === "boolean") continue;
    const only = own(schema, "const");
    if (only !== undefined) return [only];
    const members = own(schema, "enum");
    if (Array.isArray(members)) return members as readonly JsonValue[];
  }
  return null;
}

function titleOf({ schema }: SchemaPlace): string | null {
  const title = typeof schema === "boolean" ? undefined : own(schema, "title");
  return typeof title === "string" && title !== "" ? title : null;
}

/** The last part of a reference: `address` for `#/$defs/address`. */
function referredName({ schema }: SchemaPlace): string | null {
  const reference = typeof schema === "boolean" ? undefined : own(schema, "$ref");
  const last = typeof reference === "string" ? (/([^/#]+)$/.exec(reference)?.[1] ?? null) : null;
  return last;
}

function own(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}
