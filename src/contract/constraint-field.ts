import { escapeStep } from "../json/pointer.ts";
import type { Constraint } from "./constraints.ts";

/** `maximum`, `required "id"`, or the id of a rule. */
export function nameOf(constraint: Constraint): string {
  return constraint.kind === "rule" ? constraint.id : constraint.name;
}

/** The field of a payload that a constraint restricts, as a pointer in which `*` stands for any item or any name. */
export function fieldOf(constraint: Constraint): string {
  if (constraint.kind === "rule") return "the rules";
  const field = fieldAt(constraint.pointer);
  const [, name] = /^required ("[^]*")$/.exec(constraint.name) ?? [];
  if (name === undefined) return field === "" ? "the payload" : field;
  return `${field}/${escapeStep(JSON.parse(name) as string)}`;
}

/** Matches one step of a schema pointer. The capturing groups name the part of the payload that the keyword leads to. */
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
