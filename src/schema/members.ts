import type { JsonObject, JsonValue } from "../json/json.ts";
import type { Node, Part } from "./node.ts";
import { addViolation, createReport, type Report, type Site } from "./report.ts";
import { trackApart } from "./seen.ts";

/** Compiles `propertyNames`: judges each name as a text. */
export function compileNames(names: Node, site: Site): Part<"object"> {
  return {
    kind: "object",
    accepts: (object) => {
      for (const name in object) if (!names.accepts(name)) return false;
      return true;
    },
    explain: (object, at, report) => {
      for (const name of Object.keys(object)) {
        if (names.accepts(name)) continue;
        const inner: Report = { ...createReport(), looks: report.looks };
        names.explain(name, null, inner);
        const why = inner.violations[0]?.message;
        const message = why === undefined ? site.message : `${site.message}: it ${why}`;
        addViolation(report, site, { up: at, step: name }, object[name], message);
      }
    },
  };
}

/** Compiles `dependentRequired`: names that are required when another one is present. */
export function compileDependentNames(
  needs: readonly (readonly [name: string, needed: readonly string[], site: Site])[],
): Part<"object"> {
  return {
    kind: "object",
    accepts: (object) =>
      needs.every(
        ([name, needed]) => !Object.hasOwn(object, name) || needed.every((one) => Object.hasOwn(object, one)),
      ),
    explain: (object, at, report) => {
      for (const [name, needed, site] of needs) {
        if (!Object.hasOwn(object, name)) continue;
        for (const one of needed) {
          if (!Object.hasOwn(object, one)) addViolation(report, site, { up: at, step: one }, undefined);
        }
      }
    },
  };
}

/** Compiles `dependentSchemas`: schemas that apply to the object when it has a member. */
export function compileDependentSchemas(needs: readonly (readonly [name: string, node: Node])[]): Part<"object"> {
  const asked = (object: JsonObject): readonly Node[] =>
    needs.filter(([name]) => Object.hasOwn(object, name)).map(([, node]) => node);
  return {
    kind: "object",
    accepts: (object) => asked(object).every((node) => node.accepts(object)),
    tracks: (object, seen) => {
      let accepted = true;
      for (const node of asked(object)) {
        accepted = trackApart((apart) => node.tracks(object, apart), seen) && accepted;
      }
      return accepted;
    },
    explain: (object, at, report) => {
      for (const node of asked(object)) node.explain(object, at, report);
    },
  };
}

/** The constraints of a schema on the items of an array. */
export type Items = {
  readonly prefix: readonly Node[];
  /** `items`: the schema of the items after the prefix; null without one. */
  readonly rest: Node | null;
};

export function compileItems({ prefix, rest }: Items): Part<"array"> {
  const nodeAt = (index: number): Node | null => prefix[index] ?? rest;
  const accepts = (items: readonly JsonValue[]): boolean => {
    const { length } = items;
    for (let index = 0; index < length; index += 1) {
      const node = nodeAt(index);
      if (node === null) return true;
      if (!node.accepts(items[index] as JsonValue)) return false;
    }
    return true;
  };
  return {
    kind: "array",
    accepts,
    tracks: (items, seen) => {
      const count = rest === null ? Math.min(prefix.length, items.length) : items.length;
      if (count > seen.items) seen.items = count;
      return accepts(items);
    },
    explain: (items, at, report) => {
      for (const [index, item] of items.entries()) {
        const node = nodeAt(index);
        if (node === null) return;
        node.explain(item, { up: at, step: index }, report);
      }
    },
  };
}

export type Contains = {
  readonly node: Node;
  readonly least: number;
  readonly most: number;
  readonly siteOfFew: Site;
  readonly siteOfMany: Site;
};

/** Compiles `contains` with `minContains` and `maxContains`. */
export function compileContains({ node, least, most, siteOfFew, siteOfMany }: Contains): Part<"array"> {
  const countIn = (items: readonly JsonValue[]): number => {
    let count = 0;
    for (const item of items) if (node.accepts(item)) count += 1;
    return count;
  };
  const fits = (count: number): boolean => count >= least && count <= most;
  return {
    kind: "array",
    accepts: (items) => fits(countIn(items)),
    tracks: (items, seen) => {
      let count = 0;
      for (const [index, item] of items.entries()) {
        if (!node.accepts(item)) continue;
        count += 1;
        seen.places.add(index);
      }
      return fits(count);
    },
    explain: (items, at, report) => {
      const count = countIn(items);
      if (!fits(count)) addViolation(report, count < least ? siteOfFew : siteOfMany, at, items);
    },
  };
}
