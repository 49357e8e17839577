import { isObject } from "../../json/json.ts";
import { matches } from "../evaluate.ts";
import { evaluatedBeside, isEvaluated } from "../evaluated.ts";
import { memberOf, nodesByName, numberUnder, pointerTo, textsOf, type SchemaNode } from "../schema-node.ts";
import { nearestName } from "../../json/nearest.ts";
import { isFalseByHand, quoted, type Never } from "./never.ts";

/** Finds names that one schema object requires and forbids. */
export function missingProperties(node: SchemaNode): readonly Never[] {
  return [...requiredAndRefused(node), ...neededAndRefused(node), ...tooManyRequired(node)];
}

/** The keyword that closes an object, and the names that it allows; null when the object is open. */
type Closing = {
  readonly keyword: string;
  readonly lets: (name: string) => boolean;
  readonly names: readonly string[];
};

function closingOf(node: SchemaNode): Closing | null {
  const properties = [...nodesByName(node, "properties").keys()];
  if (memberOf(node, "additionalProperties") === false) {
    const patterns = [...nodesByName(node, "patternProperties").keys()];
    const lets = (name: string): boolean =>
      properties.includes(name) || patterns.some((pattern) => matches(pattern, name));
    return { keyword: "additionalProperties", lets, names: properties };
  }
  if (memberOf(node, "unevaluatedProperties") !== false) return null;
  const evaluated = evaluatedBeside(node, false);
  const names = [...(evaluated?.names ?? properties)];
  return { keyword: "unevaluatedProperties", lets: (name) => isEvaluated(name, evaluated, matches), names };
}

function requiredAndRefused(node: SchemaNode): readonly Never[] {
  const properties = nodesByName(node, "properties");
  const closing = closingOf(node);
  return textsOf(memberOf(node, "required")).flatMap((name, index) => {
    const pointer = pointerTo(node.pointer, "required", index);
    const declared = properties.get(name);
    if (declared !== undefined && isFalseByHand(declared)) {
      const message = `No object can pass: ${quoted(name)} is required, and properties says it must not be there`;
      return [{ kind: "nothing", pointer, message, remedy: "Take the name out of required, or give it a schema" }];
    }
    if (closing === null || closing.lets(name)) return [];
    const nearest = nearestName(name, closing.names);
    const meant = nearest === null ? "" : ` (did you mean ${quoted(nearest)}?)`;
    const message = `No object can pass: ${quoted(name)} is required, and ${closing.keyword}: false refuses it${meant}`;
    return [{ kind: "nothing", pointer, message, remedy: `Add ${quoted(name)} to properties, or correct the name` }];
  });
}

/** Finds names that another property requires through dependentRequired and that the object forbids. */
function neededAndRefused(node: SchemaNode): readonly Never[] {
  const closing = closingOf(node);
  const dependent = memberOf(node, "dependentRequired");
  if (closing === null || !isObject(dependent)) return [];
  return Object.entries(dependent).flatMap(([name, needed]) =>
    textsOf(needed).flatMap((other, index): readonly Never[] => {
      if (closing.lets(other) || !closing.lets(name)) return [];
      const pointer = pointerTo(node.pointer, "dependentRequired", name, index);
      const message = `${quoted(name)} can never be present: it needs ${quoted(other)} beside it, and ${closing.keyword}: false refuses that`;
      return [{ kind: "part", pointer, message, remedy: `Add ${quoted(other)} to properties, or correct the name` }];
    }),
  );
}

function tooManyRequired(node: SchemaNode): readonly Never[] {
  const most = numberUnder(node, "maxProperties");
  const needed = new Set(textsOf(memberOf(node, "required"))).size;
  if (most === null || needed <= most) return [];
  const message = `No object can pass: ${needed} properties are required, and maxProperties allows ${most}`;
  const pointer = pointerTo(node.pointer, "maxProperties");
  return [{ kind: "nothing", pointer, message, remedy: `Set maxProperties to ${needed} or more` }];
}
