import type { JsonObject, JsonValue } from "../json/json.ts";
import type { Builder } from "./builder.ts";
import type { Node } from "./node.ts";
import { addViolation, type At, type Report, type Site } from "./report.ts";
import type { Seen } from "./seen.ts";

/**
 * Compiled `unevaluatedProperties` and `unevaluatedItems`, which judge the members and items that no other keyword has
 * evaluated.
 */
export type Unevaluated = {
  /** Judges the members and items that are not in `seen`, and adds them. */
  readonly tracks: (value: JsonValue, seen: Seen) => boolean;
  readonly explain: (value: JsonValue, at: At | null, report: Report, seen: Seen) => void;
};

/** Null when the schema has neither keyword. */
export function compileUnevaluated({ schema, below, site }: Builder): Unevaluated | null {
  const fields = compileSide("unevaluatedProperties", "is not a field of this contract");
  const items = compileSide("unevaluatedItems", "is not an item of this contract");
  if (fields === null && items === null) return null;
  return {
    tracks: (value, seen) => {
      if (Array.isArray(value)) return items === null || trackItems(items.node, value as readonly JsonValue[], seen);
      if (value === null || typeof value !== "object") return true;
      return fields === null || trackFields(fields.node, value as JsonObject, seen);
    },
    explain: (value, at, report, seen) => {
      if (value === null || typeof value !== "object") return;
      const side = Array.isArray(value) ? items : fields;
      if (side === null) return;
      const left = Array.isArray(value)
        ? [...(value as readonly JsonValue[]).entries()].filter(
            ([index]) => index >= seen.items && !seen.places.has(index),
          )
        : Object.entries(value).filter(([name]) => !seen.names.has(name));
      for (const [step, part] of left) {
        const inside = { up: at, step };
        if (side.siteOfUnknown === null) side.node.explain(part, inside, report);
        else addViolation(report, side.siteOfUnknown, inside, part);
      }
    },
  };

  function compileSide(
    keyword: string,
    message: string,
  ): { readonly node: Node; readonly siteOfUnknown: Site | null } | null {
    if (!Object.hasOwn(schema, keyword)) return null;
    const siteOfUnknown = schema[keyword] === false ? site(keyword, "nothing", message) : null;
    return { node: below(keyword), siteOfUnknown };
  }
}

function trackFields(node: Node, object: JsonObject, seen: Seen): boolean {
  let accepted = true;
  for (const name of Object.keys(object)) {
    if (seen.names.has(name)) continue;
    seen.names.add(name);
    accepted = node.accepts(object[name] as JsonValue) && accepted;
  }
  return accepted;
}

function trackItems(node: Node, items: readonly JsonValue[], seen: Seen): boolean {
  let accepted = true;
  for (const [index, item] of items.entries()) {
    if (index >= seen.items && !seen.places.has(index)) accepted = node.accepts(item) && accepted;
  }
  seen.items = items.length;
  return accepted;
}
