import type { Checker, Scope } from "./checker.ts";
import { provesDecimal } from "./decimal-pattern.ts";
import { compareNums, divideNums, indexOfNum, isExact, type Num } from "./exact.ts";
import {
  ANY,
  ANYTHING,
  ANY_LIST,
  ANY_NUMBER,
  ANY_STRING,
  anyItem,
  BOOL,
  intersect,
  LIST,
  NULL,
  NUMBER,
  numberShape,
  OBJECT,
  STRING,
  stringShape,
  union,
  type Shape,
} from "./shape.ts";
import type { Binary, BinaryOperator, Call, Expr } from "./syntax.ts";
import type { RuleValue } from "./value.ts";

/**
 * The key of an expression. Expressions with the same key in one scope have the same value, since expressions have no side
 * effects.
 * @param bound variables that the expression itself introduces.
 */
export function keyOf(expr: Expr, scope: Scope, root: Shape, bound: readonly string[] = []): string {
  const key = (part: Expr): string => keyOf(part, scope, root, bound);
  switch (expr.kind) {
    case "literal":
      return JSON.stringify(expr.value);
    case "number":
      return `#${expr.text}`;
    case "bytes":
      return "bytes";
    case "name":
      return keyOfName(expr.name, scope, root, bound);
    case "field":
      return `${key(expr.of)}.${JSON.stringify(expr.name)}`;
    case "index":
      return isText(expr.at) ? `${key(expr.of)}.${JSON.stringify(expr.at.value)}` : `${key(expr.of)}[${key(expr.at)}]`;
    case "call": {
      const [first] = expr.args;
      const binds = BINDERS.has(expr.name) && first?.kind === "name" ? [...bound, first.name] : bound;
      const args = expr.args.map((arg) => keyOf(arg, scope, root, binds));
      return `${expr.target === null ? "" : key(expr.target)}:${expr.name}(${args.join(",")})`;
    }
    case "unary":
      return `${expr.operator}(${key(expr.of)})`;
    case "binary":
      return `(${key(expr.left)}${expr.operator}${key(expr.right)})`;
    case "choice":
      return `(${key(expr.condition)}?${key(expr.yes)}:${key(expr.no)})`;
    case "list":
      return `[${expr.items.map(key).join(",")}]`;
    case "map":
      return `{${expr.entries.map(([name, value]) => `${key(name)}:${key(value)}`).join(",")}}`;
  }
}

/** Calls whose first argument is a variable that they introduce. */
const BINDERS: ReadonlySet<string> = new Set(["all", "exists", "exists_one", "filter", "map", "count", "bind"]);

function keyOfName(name: string, scope: Scope, root: Shape, bound: readonly string[]): string {
  if (bound.includes(name)) return `$${name}`;
  const variable = scope.variables.get(name);
  if (variable !== undefined) return variable.key;
  return name !== "payload" && root.object?.fields.has(name) === true ? `payload.${JSON.stringify(name)}` : name;
}

function isText(expr: Expr): expr is Expr & { readonly kind: "literal"; readonly value: string } {
  return expr.kind === "literal" && typeof expr.value === "string";
}

/** The scope in which a condition that was just checked is known to be true or false. */
export function assume(checker: Checker, condition: Expr, holds: boolean, scope: Scope): Scope {
  switch (condition.kind) {
    case "unary":
      return condition.operator === "!" ? assume(checker, condition.of, !holds, scope) : scope;
    case "binary":
      return assumeBinary(checker, condition, holds, scope);
    case "call":
      return holds ? assumeCall(checker, condition, scope) : scope;
    case "literal":
    case "number":
    case "bytes":
    case "name":
    case "field":
    case "index":
    case "choice":
    case "list":
    case "map":
      return scope;
  }
}

function assumeBinary(checker: Checker, condition: Binary, holds: boolean, scope: Scope): Scope {
  const { operator, left, right } = condition;
  switch (operator) {
    case "&&":
    case "||": {
      const first = operator === "&&";
      if (holds === first) return assume(checker, right, first, assume(checker, left, first, scope));
      // The result was decided by the left side, or by the right side.
      const decided = assume(checker, left, !first, scope);
      return eitherScope(decided, assume(checker, right, !first, assume(checker, left, first, scope)));
    }
    case "==":
    case "!=":
      return assumeEqual(checker, condition, holds === (operator === "=="), scope);
    case "<":
    case "<=":
    case ">":
    case ">=":
      return assumeOrder(checker, left, holds ? operator : OPPOSITE[operator], right, scope);
    case "in":
      return holds ? assumeIn(checker, left, right, scope) : scope;
    case "+":
    case "-":
    case "*":
    case "/":
    case "%":
      return scope;
  }
}

type Order = "<" | "<=" | ">" | ">=";
const OPPOSITE: Readonly<Record<Order, Order>> = { "<": ">=", "<=": ">", ">": "<=", ">=": "<" };
const TURNED: Readonly<Record<Order, Order>> = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" };

/** What is known in both scopes. */
function eitherScope(one: Scope, other: Scope): Scope {
  const facts = new Map<string, Shape>();
  for (const [key, shape] of one.facts) {
    const there = other.facts.get(key);
    if (there !== undefined) facts.set(key, union(shape, there));
  }
  return { ...one, facts, present: new Set([...one.present].filter((key) => other.present.has(key))) };
}

function learn(checker: Checker, expr: Expr, shape: Shape, scope: Scope): Scope {
  // Computed kinds (instants, dates, durations) cannot be narrowed.
  if ((checker.codes.get(expr)?.shape.computed ?? null) !== null) return scope;
  const key = keyOf(expr, scope, checker.root);
  const known = scope.facts.get(key);
  return { ...scope, facts: new Map(scope.facts).set(key, known === undefined ? shape : intersect(known, shape)) };
}

function assumeEqual(checker: Checker, { left, right }: Binary, equal: boolean, scope: Scope): Scope {
  const type = typeTest(left, right);
  if (type !== null) return learn(checker, type.of, shapeOfType(type.name, equal), scope);
  if (!equal) {
    const one = isNull(right) ? left : isNull(left) ? right : null;
    if (one !== null) return learn(checker, one, { ...ANYTHING, null: false }, scope);
    return assumeUnequal(checker, left, right, assumeUnequal(checker, right, left, scope));
  }
  const [one, other] = [checker.codes.get(left), checker.codes.get(right)];
  if (one === undefined || other === undefined || one.shape.computed !== null) return scope;
  const known = learn(checker, left, other.shape, learn(checker, right, one.shape, scope));
  return assumeSize(checker, left, "==", other.constant, assumeSize(checker, right, "==", one.constant, known));
}

/** Learns from `x != 0`, `size(xs) != 0`, `xs != []`. */
function assumeUnequal(checker: Checker, expr: Expr, other: Expr, scope: Scope): Scope {
  if (other.kind === "list" && other.items.length === 0) return learn(checker, expr, atLeast(1), scope);
  const constant = checker.codes.get(other)?.constant;
  if (constant !== 0) return scope;
  return assumeSize(checker, expr, ">", 0, learn(checker, expr, NON_ZERO, scope));
}

const NON_ZERO: Shape = { ...ANY, number: { ...ANY_NUMBER, nonZero: true, degree: Infinity } };

function atLeast(min: number): Shape {
  return { ...ANYTHING, list: { ...ANY_LIST, min } };
}

function assumeOrder(checker: Checker, left: Expr, order: Order, right: Expr, scope: Scope): Scope {
  const [one, other] = [checker.codes.get(left)?.constant, checker.codes.get(right)?.constant];
  if (isNum(other)) return assumeBound(checker, left, order, other, scope);
  return isNum(one) ? assumeBound(checker, right, TURNED[order], one, scope) : scope;
}

function assumeBound(checker: Checker, expr: Expr, order: Order, bound: Num, scope: Scope): Scope {
  const side = compareNums(bound, 0);
  const excluded = { ">": side >= 0, ">=": side > 0, "<": side <= 0, "<=": side < 0 };
  const known = excluded[order] ? learn(checker, expr, NON_ZERO, scope) : scope;
  return assumeSize(checker, expr, order, bound, known);
}

/** Learns the least size of `xs` from a comparison of `size(xs)`. */
function assumeSize(
  checker: Checker,
  expr: Expr,
  order: BinaryOperator,
  bound: RuleValue | undefined,
  scope: Scope,
): Scope {
  if (!isNum(bound) || expr.kind !== "call" || !SIZES.has(expr.name)) return scope;
  const parts = expr.target === null ? expr.args : [expr.target, ...expr.args];
  const [list] = parts;
  if (list === undefined || parts.length !== 1 || order === "<" || order === "<=") return scope;
  const least = indexOfNum(divideNums(bound, 1, 0, order === ">" ? "floor" : "ceil")) + (order === ">" ? 1 : 0);
  return least > 0 ? learn(checker, list, atLeast(least), scope) : scope;
}

const SIZES: ReadonlySet<string> = new Set(["size", "count"]);

function assumeIn(checker: Checker, left: Expr, right: Expr, scope: Scope): Scope {
  const there = checker.codes.get(right);
  if (there === undefined) return scope;
  if (there.shape.list !== null) {
    const item = anyItem(there.shape.list);
    return item.computed === null ? learn(checker, left, item, scope) : scope;
  }
  const key = keyOf({ ...right, kind: "index", of: right, at: left }, scope, checker.root);
  return { ...scope, present: new Set(scope.present).add(key) };
}

function assumeCall(checker: Checker, call: Call, scope: Scope): Scope {
  const [first] = call.args;
  if (call.name === "has" && first !== undefined) return assumeThere(checker, first, scope);
  if (call.name === "isDecimal" && first !== undefined) {
    return learn(checker, first, stringShape({ decimal: true }), scope);
  }
  if (call.name === "matches" && call.target !== null && first !== undefined && isText(first)) {
    return learn(checker, call.target, stringShape({ decimal: provesDecimal(first.value) }), scope);
  }
  return scope;
}

/** Learns that every step of the path is present and that the values on the way are objects. */
function assumeThere(checker: Checker, path: Expr, scope: Scope): Scope {
  const of = path.kind === "field" || path.kind === "index" ? path.of : null;
  const there = { ...scope, present: new Set(scope.present).add(keyOf(path, scope, checker.root)) };
  if (of === null) return there;
  const around = learn(checker, of, OBJECT_INSIDE, there);
  return of.kind === "field" || of.kind === "index" || of.kind === "name" ? assumeThere(checker, of, around) : around;
}

const OBJECT_INSIDE: Shape = { ...OBJECT };

/** The type names that `type(x)` can be compared with: an integer is an `int`, and every number is a `double`. */
export const TYPE_NAMES: ReadonlyMap<string, Shape> = new Map([
  ["null_type", NULL],
  ["bool", BOOL],
  ["int", numberShape({ whole: true, degree: Infinity })],
  ["double", { ...NUMBER, number: { ...ANY_NUMBER, degree: Infinity } }],
  ["string", STRING],
  ["list", LIST],
  ["map", OBJECT],
]);

/** Recognises `type(x) == int`, in either order; null for other comparisons. */
export function typeTest(left: Expr, right: Expr): { readonly of: Expr; readonly name: string } | null {
  const [call, type] = left.kind === "call" && left.name === "type" ? [left, right] : [right, left];
  if (call.kind !== "call" || call.name !== "type" || call.target !== null || type.kind !== "name") return null;
  const [of] = call.args;
  return of === undefined || call.args.length !== 1 || !TYPE_NAMES.has(type.name) ? null : { of, name: type.name };
}

function shapeOfType(name: string, equal: boolean): Shape {
  const shape = TYPE_NAMES.get(name) ?? ANY;
  if (equal) return shape;
  return {
    ...ANY,
    null: !shape.null,
    bool: !shape.bool,
    // A value that is not an integer may still be a number.
    number: name === "double" ? null : { ...ANY_NUMBER, degree: Infinity },
    string: shape.string === null ? ANY_STRING : null,
    list: shape.list === null ? ANY_LIST : null,
    object: shape.object === null ? ANY.object : null,
  };
}

function isNull(expr: Expr): boolean {
  return expr.kind === "literal" && expr.value === null;
}

function isNum(value: RuleValue | undefined): value is Num {
  return typeof value === "number" || typeof value === "bigint" || isExact(value);
}
