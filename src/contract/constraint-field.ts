import { escapeStep } from "../json/pointer.ts";
import type { Constraint } from "./constraints.ts";

/** `maximum`, `required "id"`, or the id of a rule. */
export function nameOf(constraint: Constraint): string {
  return constraint.kind === "rule" ? constraint.id : constraint.name;
}

/** The field of a payload that a constraint speaks of, as a pointer with `*` for any item or name. */
export function fieldOf(constraint: Constraint): string {
  if (constraint.kind === "rule") return "the rules";
  const field = fieldAt(constraint.pointer);
  const [, name] = /^required ("[^]*")$/.exec(constraint.name) ?? [];
  if (name === undefined) return field === "" ? "the payload" : field;
  return `${field}/${escapeStep(JSON.parse(name) as string)}`;
}

/** Keywords that lead to a part of the payload, with what the part is called. */
const STEP =
  /^\/(?:(\$defs|definitions)\/([^/]+)|properties(\/[^/]+)|prefixItems(\/\d+)|(items|patternProperties\/[^/]+)(?=\/)|[^/]+)/;

function fieldAt(pointer: string): string {
  let field = "";
  for (let rest = pointer; rest !== "";) {
    const [step = rest, definition, name, property, item, many] = STEP.exec(rest) ?? [];
    if (definition !== undefined) field = `definition ${name ?? ""}`;
    else field += property ?? item ?? (many === undefined ? "" : "/*");
    rest = rest.slice(step.length);
  }
  return field;
}
