import type { Scope } from "./checker.ts";
import { intersect, lazily, type FieldShape, type Shape } from "./shape.ts";

/**
 * Narrows the shape of a value by what conditions have shown of it and of its fields. For example the items of a filtered list
 * have the fields that the filter required.
 * @param key the key of the value.
 */
export function narrowed(shape: Shape, key: string, scope: Scope): Shape {
  const fact = scope.facts.get(key);
  const known = fact === undefined || shape.computed !== null ? shape : intersect(shape, fact);
  const { object } = known;
  if (object === null || !isKnownInside(key, scope)) return known;
  const fields = new Map<string, FieldShape>();
  for (const [name, field] of object.fields) {
    const inside = `${key}.${JSON.stringify(name)}`;
    const required = field.required || scope.present.has(inside);
    fields.set(name, { required, shape: lazily(() => narrowed(field.shape(), inside, scope)) });
  }
  return { ...known, object: { ...object, fields } };
}

function isKnownInside(key: string, { facts, present }: Scope): boolean {
  const isInside = (one: string): boolean => one.startsWith(`${key}.`);
  return [...present].some(isInside) || [...facts.keys()].some(isInside);
}
