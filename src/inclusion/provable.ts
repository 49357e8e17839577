import { isObject, type JsonValue } from "../json/json.ts";
import { isNumeric } from "./evaluate.ts";
import { gapAt, type Gap } from "./gap.ts";
import {
  isList,
  memberOf,
  nodesByName,
  nodesInList,
  nodeUnder,
  referredBy,
  rootOf,
  type SchemaDocument,
  type SchemaNode,
} from "./schema-node.ts";
import { partsOf } from "./walk.ts";

/** Reasons why nothing can be proved about a document; empty for almost every schema. */
export type Obstacles = {
  /**
   * Parts of the document cannot be evaluated separately: a reference cannot be followed here (a document with several `$id`s),
   * or leads back to the same value (the engine refuses a payload when it meets such a reference anywhere).
   */
  readonly toEvaluation: readonly Gap[];
  /**
   * The document can be evaluated, but nothing can be proved: the value of a keyword has the wrong type, which the engine
   * interprets in its own way.
   */
  readonly toProof: readonly Gap[];
};

/** Searches every schema that can be reached from the root. Definitions without a reference to them do not count. */
export function obstaclesIn(document: SchemaDocument): Obstacles {
  return obstaclesFrom([rootOf(document)]).obstacles;
}

/** Searches every schema that can be reached from some, and says which those are. */
export function obstaclesFrom(nodes: readonly SchemaNode[]): {
  readonly obstacles: Obstacles;
  readonly reached: ReadonlySet<JsonValue>;
} {
  const toEvaluation: Gap[] = [];
  const toProof: Gap[] = [];
  const done = new Set<JsonValue>();
  const path = new Set<JsonValue>();
  const visit = (node: SchemaNode): void => {
    const { schema } = node;
    if (!isObject(schema)) return;
    if (path.has(schema)) {
      toEvaluation.push(gapAt(node, "it refers to itself without going on to a part of the value"));
      return;
    }
    if (done.has(schema)) return;
    done.add(schema);
    if (isUnresolved(node)) toEvaluation.push(gapAt(node, "the reference cannot be followed", "$ref"));
    if (memberOf(node, "$dynamicRef") !== undefined)
      toEvaluation.push(gapAt(node, "the reference depends on who refers", "$dynamicRef"));
    toProof.push(...unreadable(node));
    path.add(schema);
    for (const next of onSameValue(node)) visit(next);
    path.delete(schema);
    open.push(...partsOf(node).filter(({ pointer }) => !isDefinition(node, pointer)));
  };
  const open = [...nodes];
  for (let next = open.pop(); next !== undefined; next = open.pop()) if (!path.has(next.schema)) visit(next);
  return { obstacles: { toEvaluation, toProof }, reached: done };
}

function isDefinition(node: SchemaNode, pointer: string): boolean {
  const rest = pointer.slice(node.pointer.length);
  return rest.startsWith("/$defs/") || rest.startsWith("/definitions/");
}

/** The schemas that apply to the same value as the node. */
function onSameValue(node: SchemaNode): readonly SchemaNode[] {
  const target = referredBy(node);
  const single = ["not", "if", "then", "else"].map((keyword) => nodeUnder(node, keyword));
  return [
    ...[target, ...single].filter((one) => one !== null),
    ...["allOf", "anyOf", "oneOf"].flatMap((keyword) => nodesInList(node, keyword)),
    ...nodesByName(node, "dependentSchemas").values(),
  ];
}

function isUnresolved(node: SchemaNode): boolean {
  return typeof memberOf(node, "$ref") === "string" && referredBy(node) === null;
}

function unreadable(node: SchemaNode): readonly Gap[] {
  const gaps: Gap[] = [];
  for (const [keyword, reads] of Object.entries(READS)) {
    const value = memberOf(node, keyword);
    if (value !== undefined && !reads(value))
      gaps.push(gapAt(node, "its value is not what the keyword takes", keyword));
  }
  return gaps;
}

const isNumber = (value: JsonValue): boolean => isNumeric(value);
const isCount = (value: JsonValue): boolean => typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
const isText = (value: JsonValue): boolean => typeof value === "string";
const isTexts = (value: JsonValue): boolean => isList(value) && value.every(isText);
const isSome = (value: JsonValue): boolean => isList(value) && value.length > 0;

/** The values that each keyword allows. Keywords that hold schemas are checked by lint. */
const READS: Readonly<Record<string, (value: JsonValue) => boolean>> = {
  type: (value) => isText(value) || (isTexts(value) && isSome(value)),
  enum: isSome,
  multipleOf: (value) => isNumeric(value) && value > 0,
  minimum: isNumber,
  maximum: isNumber,
  exclusiveMinimum: isNumber,
  exclusiveMaximum: isNumber,
  minLength: isCount,
  maxLength: isCount,
  minItems: isCount,
  maxItems: isCount,
  minContains: isCount,
  maxContains: isCount,
  minProperties: isCount,
  maxProperties: isCount,
  pattern: isText,
  uniqueItems: (value) => typeof value === "boolean",
  required: isTexts,
  dependentRequired: (value) => isObject(value) && Object.values(value).every(isTexts),
  allOf: isSome,
  anyOf: isSome,
  oneOf: isSome,
  prefixItems: isList,
  properties: isObject,
  patternProperties: isObject,
  dependentSchemas: isObject,
};
