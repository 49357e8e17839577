import { isDecimalText } from "../../../src/core/rules/decimal-pattern.ts";
import { isExact, isWhole, isZero, type Num } from "../../../src/core/rules/exact.ts";
import { dayOfText, instantOfText } from "../../../src/core/rules/instant.ts";
import {
  itemAt,
  type ListShape,
  type ObjectShape,
  type Shape,
  type StringShape,
} from "../../../src/core/rules/shape.ts";
import type { RuleObject, RuleValue } from "../../../src/core/rules/value.ts";

/** Whether a value is one of those a shape says. */
export function conforms(value: RuleValue | undefined, shape: Shape): boolean {
  if (value === undefined) return false;
  if (shape.computed !== null) return isNum(value);
  if (value === null) return shape.null;
  if (typeof value === "boolean") return shape.bool;
  if (isNum(value)) {
    const { number } = shape;
    return number !== null && (!number.whole || isWhole(value)) && (!number.nonZero || !isZero(value));
  }
  if (typeof value === "string") return shape.string !== null && conformsText(value, shape.string);
  if (Array.isArray(value)) return shape.list !== null && conformsList(value as readonly RuleValue[], shape.list);
  return shape.object !== null && conformsObject(value as RuleObject, shape.object);
}

function isNum(value: RuleValue): value is Num {
  return typeof value === "bigint" || isExact(value) || Number.isFinite(value);
}

function conformsText(text: string, { format, decimal, values, lengthMax }: StringShape): boolean {
  if (format === "date" && dayOfText(text) === null) return false;
  if (format === "date-time" && instantOfText(text) === null) return false;
  return (!decimal || isDecimalText(text)) && values?.has(text) !== false && text.length <= lengthMax;
}

function conformsList(items: readonly RuleValue[], list: ListShape): boolean {
  if (items.length < list.min || items.length > list.max) return false;
  return items.every((item, at) => conforms(item, itemAt(list, at)));
}

function conformsObject(object: RuleObject, { fields, rest }: ObjectShape): boolean {
  const isThere = [...fields].every(([name, field]) => {
    if (!Object.hasOwn(object, name)) return !field.required;
    return conforms(object[name], field.shape());
  });
  const others = Object.keys(object).filter((name) => !fields.has(name));
  return isThere && others.every((name) => rest !== null && conforms(object[name], rest()));
}
