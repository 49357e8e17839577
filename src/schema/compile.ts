import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { ASSERTIONS, compileAssertion } from "./assertions.ts";
import { readBranchSummary } from "./branch-summary.ts";
import { guardBranch } from "./branch-guard.ts";
import { compileBranches } from "./branches.ts";
import {
  compileAll,
  compileAnyOf,
  compileCondition,
  compileNot,
  compileOneOf,
  compileReference,
  type ReferenceDepth,
} from "./combine.ts";
import { compileFields } from "./fields.ts";
import { compilePattern } from "./linear-pattern.ts";
import type { FormatCheck } from "./formats/formats.ts";
import {
  compileContains,
  compileDependentNames,
  compileDependentSchemas,
  compileItems,
  compileNames,
} from "./members.ts";
import type { AnyPart, Node } from "./node.ts";
import { assembleNode } from "./assemble.ts";
import { addViolation, type Site } from "./report.ts";
import type { Resource, Resources, SchemaPlace } from "./resources.ts";
import type { Builder } from "./builder.ts";

export type Compilation = {
  readonly resources: Resources;
  /** Format checks by name; null when formats are not asserted. */
  readonly formats: ReadonlyMap<string, FormatCheck> | null;
};

/**
 * The dynamic scope: the resources on the path to a schema, outermost first, each once. Dynamic references are resolved
 * in it.
 */
type Scope = readonly Resource[];

/**
 * Compiles a schema into closures. Each subschema is compiled once for each dynamic scope, so that dynamic references
 * cost nothing at run time.
 * @throws on a reference without a target and on an invalid pattern.
 */
export function compileNode({ resources, formats }: Compilation): Node {
  const compiled = new Map<JsonObject, Map<string, Node>>();
  const numberOf = numbering();
  const depth: ReferenceDepth = { now: 0, metCycle: false };

  return compile(resources.root, []);

  function compile(place: SchemaPlace, outer: Scope): Node {
    const { schema, resource } = place;
    if (typeof schema === "boolean") return schema ? ANYTHING : compileNothing(place);
    const scope = outer.includes(resource) ? outer : [...outer, resource];
    const key = scope.map((one) => numberOf(one)).join(" ");
    const inScope = compiled.get(schema) ?? new Map<string, Node>();
    compiled.set(schema, inScope);
    const known = inScope.get(key);
    if (known !== undefined) return known;
    // The node is stored before its parts are compiled, because a recursive schema refers to itself.
    const node: Node = { accepts: unready, tracks: unready, explain: unready };
    inScope.set(key, node);
    Object.assign(node, assembleNode(createBuilder(place, schema, scope)));
    return node;
  }

  function createBuilder(place: SchemaPlace, schema: JsonObject, scope: Scope): Builder {
    const shown = schema["x-show-value"] === true;
    const site = (keyword: string, expected: string, message: string): Site => {
      return { keyword, schemaPath: `${place.path}/${keyword}`, expected, message, shown, last: null };
    };
    const below = (...steps: readonly (string | number)[]): Node => compile(resources.under(place, ...steps), scope);
    const builder: Omit<Builder, "parts"> = {
      schema,
      site,
      siteAt: (path, keyword, expected, message) => ({
        ...site(keyword, expected, message),
        schemaPath: `${place.path}/${path}`,
      }),
      below,
      depth,
      referred: (reference, isDynamic) => followReference(place, reference, isDynamic, scope),
      branches: (keyword) => {
        const branches = listUnder(schema, keyword).map((_, index) => {
          const facts = readBranchSummary(resources.under(place, keyword, index), index + 1, resources);
          return { facts, node: guardBranch(below(keyword, index), facts) };
        });
        const explain = compileBranches(keyword, branches, (name, expected, message) => ({
          ...site(name, expected, message),
          schemaPath: `${place.path}/${keyword}`,
        }));
        return { nodes: branches.map(({ node }) => node), explain };
      },
    };
    return { ...builder, parts: partsOf(builder, formats) };
  }

  function followReference(place: SchemaPlace, reference: string, isDynamic: boolean, scope: Scope): Node {
    const target = resources.resolve(place, reference);
    if (target === null) throw new Error(`the reference at ${place.path} leads nowhere`);
    const { dynamicName } = target;
    if (!isDynamic || dynamicName === null) return compile(target.place, scope);
    // The outermost resource with this dynamic anchor is the target.
    const inScope = scope
      .map(({ dynamicAnchors }) => dynamicAnchors.get(dynamicName))
      .find((found) => found !== undefined);
    return compile(inScope ?? target.place, scope);
  }
}

/** Gives each resource a number. */
function numbering(): (resource: Resource) => number {
  const numbers = new Map<Resource, number>();
  return (resource) => {
    const number = numbers.get(resource) ?? numbers.size;
    numbers.set(resource, number);
    return number;
  };
}

function unready(): never {
  throw new Error("Cannot judge: the schema is still being compiled");
}

const ANYTHING: Node = { accepts: () => true, tracks: () => true, explain: () => {} };

function compileNothing(place: SchemaPlace): Node {
  const site: Site = {
    keyword: "false",
    schemaPath: place.path,
    expected: "nothing",
    message: "is not allowed here",
    shown: false,
    last: null,
  };
  return {
    accepts: () => false,
    tracks: () => false,
    explain: (value, at, report) => addViolation(report, site, at, value),
  };
}

/** Compiles every keyword except `type` and the unevaluated ones, in the order in which violations are reported. */
function partsOf(builder: Omit<Builder, "parts">, formats: Compilation["formats"]): readonly AnyPart[] {
  const { schema, site } = builder;
  const parts: AnyPart[] = [];
  for (const keyword of ASSERTIONS) {
    const value = own(schema, keyword);
    if (value !== undefined) parts.push(...compileAssertion(keyword, value, { schema, formats, site }));
  }
  parts.push(...objectParts(builder), ...arrayParts(builder), ...combiningParts(builder));
  return parts;
}

function objectParts({ schema, site, siteAt, below }: Omit<Builder, "parts">): readonly AnyPart[] {
  const parts: AnyPart[] = [];
  const required = listUnder(schema, "required") as readonly string[];
  const rest = own(schema, "additionalProperties");
  if (
    ["properties", "patternProperties", "additionalProperties", "required"].some((keyword) =>
      Object.hasOwn(schema, keyword),
    )
  ) {
    const unknown =
      rest === false ? site("additionalProperties", "no such field", "is not a field of this contract") : null;
    parts.push(
      compileFields({
        properties: new Map(namesUnder(schema, "properties").map((name) => [name, below("properties", name)])),
        patterns: namesUnder(schema, "patternProperties").map((pattern) => ({
          matches: compilePattern(pattern),
          node: below("patternProperties", pattern),
        })),
        rest: rest === undefined ? null : below("additionalProperties"),
        required,
        siteOfMissing: site("required", "a value", "is required and missing"),
        siteOfUnknown: unknown,
      }),
    );
  }
  const dependent = namesUnder(schema, "dependentRequired");
  if (dependent.length > 0) {
    const needs = dependent.map((name) => {
      const needed = listUnder(schema["dependentRequired"] as JsonObject, name) as readonly string[];
      const words = `is required beside ${JSON.stringify(name)} and missing`;
      return [name, needed, siteAt(`dependentRequired/${name}`, "dependentRequired", "a value", words)] as const;
    });
    parts.push(compileDependentNames(needs));
  }
  const schemas = namesUnder(schema, "dependentSchemas");
  if (schemas.length > 0)
    parts.push(compileDependentSchemas(schemas.map((name) => [name, below("dependentSchemas", name)] as const)));
  if (own(schema, "propertyNames") !== undefined) {
    parts.push(
      compileNames(below("propertyNames"), site("propertyNames", "another name", "has a name that is not allowed")),
    );
  }
  return parts;
}

function arrayParts({ schema, site, below }: Omit<Builder, "parts">): readonly AnyPart[] {
  const parts: AnyPart[] = [];
  const prefix = listUnder(schema, "prefixItems").map((_, index) => below("prefixItems", index));
  const rest = own(schema, "items") === undefined ? null : below("items");
  if (prefix.length > 0 || rest !== null) parts.push(compileItems({ prefix, rest }));
  if (own(schema, "contains") === undefined) return parts;
  const least = Number(own(schema, "minContains") ?? 1);
  const most = Number(own(schema, "maxContains") ?? Infinity);
  parts.push(
    compileContains({
      node: below("contains"),
      least,
      most,
      siteOfFew: site(
        "contains",
        `at least ${least} of a kind`,
        `must contain at least ${least} items that match the schema under contains`,
      ),
      siteOfMany: site(
        "contains",
        `at most ${most} of a kind`,
        `must contain at most ${most} items that match the schema under contains`,
      ),
    }),
  );
  return parts;
}

function combiningParts(builder: Omit<Builder, "parts">): readonly AnyPart[] {
  const { schema, site, below, referred, branches, depth } = builder;
  const parts: AnyPart[] = [];
  const nodesUnder = (keyword: string): readonly Node[] =>
    listUnder(schema, keyword).map((_, index) => below(keyword, index));
  for (const [keyword, isDynamic] of [
    ["$ref", false],
    ["$dynamicRef", true],
  ] as const) {
    const reference = own(schema, keyword);
    if (typeof reference !== "string") continue;
    const node = referred(reference, isDynamic);
    parts.push(compileReference(() => node, depth));
  }
  if (Array.isArray(own(schema, "allOf"))) parts.push(compileAll(nodesUnder("allOf")));
  for (const [keyword, combine] of [
    ["anyOf", compileAnyOf],
    ["oneOf", compileOneOf],
  ] as const) {
    if (!Array.isArray(own(schema, keyword))) continue;
    const { nodes, explain } = branches(keyword);
    parts.push(combine(nodes, explain));
  }
  if (own(schema, "not") !== undefined) {
    parts.push(compileNot(below("not"), site("not", "something else", "must not match the schema under not")));
  }
  if (own(schema, "if") !== undefined) {
    const then = own(schema, "then") === undefined ? null : below("then");
    const otherwise = own(schema, "else") === undefined ? null : below("else");
    parts.push(compileCondition(below("if"), then, otherwise));
  }
  return parts;
}

function own(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function listUnder(object: JsonObject, name: string): readonly JsonValue[] {
  const value = own(object, name);
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

function namesUnder(object: JsonObject, name: string): readonly string[] {
  const value = own(object, name);
  return isObject(value) ? Object.keys(value) : [];
}
