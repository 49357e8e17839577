import {
  clash,
  expectKind,
  isUnknown,
  loopsOf,
  refuse,
  UNKNOWN,
  workOf,
  written,
  type Checker,
  type Code,
  type Evaluate,
  type Scope,
} from "./checker.ts";
import { keyOf } from "./assumptions.ts";
import {
  anyItem,
  describeShape,
  intersect,
  itemAt,
  NEVER,
  union,
  unionAll,
  BOOL,
  type ObjectShape,
  type Shape,
} from "./shape.ts";
import { isExact } from "./exact.ts";
import type { Call, Expr } from "./syntax.ts";
import type { RuleObject, RuleValue } from "./value.ts";

type Field = Expr & { readonly kind: "field" };
type Index = Expr & { readonly kind: "index" };

const payloadRun: Evaluate = (payload) => payload;

/** Checks a name: a variable of a loop, `payload`, or a field of the payload. */
export function checkName(checker: Checker, expr: Expr & { readonly kind: "name" }, scope: Scope): Code {
  const { name } = expr;
  const variable = scope.variables.get(name);
  if (variable !== undefined) {
    const { shape, loops, run } = variable;
    return { shape, loops, run, work: 1 };
  }
  const payload: Code = { shape: checker.root, loops: 0, work: 1, run: payloadRun };
  if (name === "payload") return payload;
  const known = fieldNames(checker.root);
  if (!known.includes(name))
    return unknownName(checker, expr.start, name, [...scope.variables.keys(), "payload", ...known]);
  if (!isObjectOnly(checker.root)) {
    return refuse(checker, "wrong-type", expr.start, {
      message: `${name} is a field, and the payload need not be an object`,
      remedy: 'Say "type": "object" at the top of the schema',
    });
  }
  return readField(
    checker,
    payload,
    { name, at: expr.start, key: keyOf(expr, scope, checker.root), text: name, has: `payload.${name}` },
    scope,
  );
}

export function checkField(checker: Checker, expr: Field, scope: Scope): Code {
  const of = checker.check(expr.of, scope);
  if ((expr.name === "length" || expr.name === "size") && of.shape.object === null && !isUnknown(of)) {
    return refuse(checker, "unknown-name", expr.nameStart, {
      message: `There is no field ${expr.name} of ${written(checker, expr.of)}`,
      remedy: `Write size(${written(checker, expr.of)})`,
    });
  }
  if (!expectKind(checker, expr.of, of, ["object"])) return UNKNOWN;
  const text = written(checker, expr);
  return readField(
    checker,
    of,
    { name: expr.name, at: expr.nameStart, key: keyOf(expr, scope, checker.root), text, has: text },
    scope,
  );
}

type FieldAsked = {
  readonly name: string;
  readonly at: number;
  readonly key: string;
  readonly text: string;
  /** The argument of `has` for the remedy. */
  readonly has: string;
};

function readField(checker: Checker, of: Code, { name, at, key, text, has }: FieldAsked, scope: Scope): Code {
  const object = of.shape.object;
  const field = object === null ? null : fieldOf(object, name);
  if (field === null) return unknownName(checker, at, name, fieldNames(of.shape));
  if (!field.required && !scope.present.has(key)) {
    return refuse(checker, "may-be-missing", at, {
      message: `${text} may be missing`,
      remedy: `Guard it, as in !has(${has}) || ..., or list "${name}" under "required" in the schema`,
    });
  }
  const { run } = of;
  const read: Evaluate =
    run === payloadRun
      ? (payload) => (payload as RuleObject)[name] as RuleValue
      : (payload) => (run(payload) as RuleObject)[name] as RuleValue;
  return { shape: field.shape, loops: of.loops, work: of.work, run: read };
}

/** A field by name: a declared one, or any field of a map whose schema describes its values. */
function fieldOf(object: ObjectShape, name: string): { readonly shape: Shape; readonly required: boolean } | null {
  const field = object.fields.get(name);
  if (field !== undefined) return { shape: field.shape(), required: field.required };
  return object.isMap && object.rest !== null ? { shape: object.rest(), required: false } : null;
}

function unknownName(checker: Checker, at: number, name: string, among: readonly string[]): Code {
  return refuse(checker, "unknown-name", at, {
    message: `There is no field ${name}`,
    remedy: `Declare "${name}" under "properties" in the schema, or correct the name`,
    unknown: { name, among },
  });
}

function fieldNames(shape: Shape): readonly string[] {
  return [...(shape.object?.fields.keys() ?? [])];
}

function isObjectOnly(shape: Shape): boolean {
  return shape.object !== null && describeShape(shape) === "an object";
}

/** Checks an index: `xs[0]`, `m["name"]`, `m[key]`. */
export function checkIndex(checker: Checker, expr: Index, scope: Scope): Code {
  const of = checker.check(expr.of, scope);
  if (!expectKind(checker, expr.of, of, ["list", "object"])) return UNKNOWN;
  if (of.shape.list !== null) return checkItem(checker, expr, of, scope);
  if (expr.at.kind === "literal" && typeof expr.at.value === "string") {
    const text = written(checker, expr);
    const name = expr.at.value;
    const has = /^[A-Za-z_]\w*$/.test(name) ? `${written(checker, expr.of)}.${name}` : text;
    return readField(checker, of, { name, at: expr.at.start, key: keyOf(expr, scope, checker.root), text, has }, scope);
  }
  return checkEntry(checker, expr, of, scope);
}

function checkItem(checker: Checker, expr: Index, of: Code, scope: Scope): Code {
  const list = of.shape.list;
  const at = checker.check(expr.at, scope);
  if (list === null || isUnknown(at)) return UNKNOWN;
  const index = at.constant;
  const text = written(checker, expr.of);
  if (typeof index !== "number" || !Number.isInteger(index) || index < 0) {
    return refuse(checker, "wrong-type", expr.at.start, {
      message: `The index of ${text} is not a whole number written out, from 0 on`,
      remedy: `Ask all items with all(), exists() or filter(), or one of them as in ${text}[0]`,
    });
  }
  if (index >= list.min) {
    return refuse(checker, "may-be-missing", expr.start, {
      message: `${text} may have no item ${index}`,
      remedy: `Guard it, as in size(${text}) > ${index} && ..., or say "minItems": ${index + 1} in the schema`,
    });
  }
  const { run } = of;
  const shape = itemAt(list, index);
  return {
    shape,
    loops: of.loops,
    work: of.work,
    run: (payload) => (run(payload) as readonly RuleValue[])[index] as RuleValue,
  };
}

/**
 * Checks a field with a computed name. It is present when the name comes from a loop over the same object, or can only be one
 * of the required names.
 */
function checkEntry(checker: Checker, expr: Index, of: Code, scope: Scope): Code {
  const object = of.shape.object;
  const at = checker.check(expr.at, scope);
  if (object === null || !expectKind(checker, expr.at, at, ["string"])) return UNKNOWN;
  const names = at.shape.string?.values ?? null;
  const isListed = names !== null && [...names].every((name) => object.fields.get(name)?.required === true);
  const variable = expr.at.kind === "name" ? scope.variables.get(expr.at.name) : undefined;
  const isOwn = variable?.namesOf !== undefined && variable.namesOf === keyOf(expr.of, scope, checker.root);
  if (!isListed && !isOwn && !scope.present.has(keyOf(expr, scope, checker.root))) {
    const [map, name] = [written(checker, expr.of), written(checker, expr.at)];
    return refuse(checker, "may-be-missing", expr.start, {
      message: `${map} may have no field named by ${name}`,
      remedy: `Guard it, as in ${name} in ${map} && ..., or give ${name} an "enum" of names that are always there`,
    });
  }
  const shapes = names === null || !isListed ? null : [...names].map((name) => fieldOf(object, name)?.shape ?? NEVER);
  const [map, key] = [of.run, at.run];
  return {
    shape: shapes === null ? anyField(object) : unionAll(shapes),
    loops: loopsOf([of, at]),
    work: workOf([of, at]),
    run: (payload) => (map(payload) as RuleObject)[key(payload) as string] as RuleValue,
  };
}

function anyField(object: ObjectShape): Shape {
  return union(unionAll([...object.fields.values()].map(({ shape }) => shape())), object.rest?.() ?? NEVER);
}

/** The most names that an object can have; Infinity when it may have undeclared ones. */
export function namesMax(object: ObjectShape): number {
  return object.rest === null ? object.fields.size : Infinity;
}

/**
 * Checks `has(payload.a.b)`: whether the field is present. It is false also when an object on the way is missing or is not an
 * object.
 */
export function checkHas(checker: Checker, call: Call, scope: Scope): Code {
  const [path] = call.args;
  if (
    path === undefined ||
    call.args.length !== 1 ||
    (path.kind !== "field" && path.kind !== "name" && !isNamed(path))
  ) {
    return refuse(checker, "unusable", call.start, {
      message: "has() takes one field",
      remedy: "Write has(payload.name)",
    });
  }
  const found = pathOf(checker, path, scope);
  if (found === null) return UNKNOWN;
  const { read, loops } = found;
  return { shape: BOOL, loops, work: 1, run: (payload) => read(payload) !== undefined };
}

type Path = {
  readonly shape: Shape;
  readonly loops: number;
  /** Reads the value; undefined when something on the path is missing. */
  readonly read: (payload: RuleValue) => RuleValue | undefined;
};

function isNamed(expr: Expr): expr is Index & { readonly at: { readonly kind: "literal"; readonly value: string } } {
  return expr.kind === "index" && expr.at.kind === "literal" && typeof expr.at.value === "string";
}

function pathOf(checker: Checker, expr: Expr, scope: Scope): Path | null {
  if (expr.kind === "name" && !scope.variables.has(expr.name) && expr.name !== "payload") {
    return stepOf(checker, { shape: checker.root, loops: 0, read: payloadRun }, expr.name, expr);
  }
  if (expr.kind === "field" || isNamed(expr)) {
    const of = pathOf(checker, expr.of, scope);
    return of === null ? null : stepOf(checker, of, expr.kind === "field" ? expr.name : expr.at.value, expr);
  }
  const code = checker.check(expr, scope);
  return isUnknown(code) ? null : { shape: code.shape, loops: code.loops, read: code.run };
}

function stepOf(checker: Checker, of: Path, name: string, expr: Expr): Path | null {
  const object = of.shape.object;
  const at = expr.kind === "field" ? expr.nameStart : expr.start;
  if (object === null) {
    clash(checker, expr, describeShape(of.shape), `a field ${name}`);
    return null;
  }
  const field = fieldOf(object, name);
  if (field === null) {
    unknownName(checker, at, name, fieldNames(of.shape));
    return null;
  }
  const { read } = of;
  return { shape: field.shape, loops: of.loops, read: (payload) => ownField(read(payload), name) };
}

function ownField(value: RuleValue | undefined, name: string): RuleValue | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value) || isExact(value)) return undefined;
  if (!Object.hasOwn(value, name)) return undefined;
  return (value as RuleObject)[name];
}

/** Narrows the shape of an expression by what conditions have shown of its value. */
export function refined(checker: Checker, expr: Expr, code: Code, scope: Scope): Code {
  if (scope.facts.size === 0 || isUnknown(code)) return code;
  const fact = scope.facts.get(keyOf(expr, scope, checker.root));
  return fact === undefined || code.shape.computed !== null ? code : { ...code, shape: intersect(code.shape, fact) };
}

/** The shape of the items of a list; no value for anything else. */
export function itemsOf(shape: Shape): Shape {
  return shape.list === null ? NEVER : anyItem(shape.list);
}
