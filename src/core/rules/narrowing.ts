import type { Scope } from "./checker.ts";
import { intersect, lazily, type FieldShape, type Shape } from "./shape.ts";

/**
 * The shape of a value of which conditions have shown something: of itself, and of the fields in it. So the items that a filter
 * lets through have what it asked for.
 * @param key of the value, as the scope names it.
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
