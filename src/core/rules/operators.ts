import {
  clash,
  expectCheap,
  expectKind,
  innermost,
  isNothing,
  isUnknown,
  keep,
  loopsOf,
  refuse,
  refuseNothing,
  UNKNOWN,
  workOf,
  written,
  type Checker,
  type Code,
  type Evaluate,
  type Scope,
} from "./checker.ts";
import { compareNums, isExact, isWhole, type Num } from "./exact.ts";
import { assume, TYPE_NAMES, typeTest } from "./assumptions.ts";
import { anyItem, BOOL, describeShape, kindNames, onlyKind, union, type Kind, type Shape } from "./shape.ts";
import type { Binary, Expr } from "./syntax.ts";
import { compareTexts, equalValues, isList, keyOfValue, type RuleObject, type RuleValue } from "./value.ts";

/** b`: the || Checks `a && b` and `a || b`. The right side is checked in a scope that knows the value of the left side. */
export function checkLogic(checker: Checker, expr: Binary, scope: Scope): Code {
  const isAnd = expr.operator === "&&";
  const left = checker.check(expr.left, scope);
  const leftIsBool = expectKind(checker, expr.left, left, ["bool"]);
  const right = checker.check(expr.right, leftIsBool ? assume(checker, expr.left, isAnd, scope) : scope);
  if (!expectKind(checker, expr.right, right, ["bool"]) || !leftIsBool) return UNKNOWN;
  const [one, other] = [left.run, right.run];
  const run: Evaluate = isAnd
    ? (payload) => one(payload) === true && other(payload)
    : (payload) => one(payload) === true || other(payload);
  return { shape: BOOL, loops: loopsOf([left, right]), work: workOf([left, right]), run };
}

export function checkNot(checker: Checker, of: Expr, scope: Scope): Code {
  const code = checker.check(of, scope);
  if (!expectKind(checker, of, code, ["bool"])) return UNKNOWN;
  const { run } = code;
  return { ...plain(code), shape: BOOL, run: (payload) => run(payload) !== true };
}

/** Checks `condition ? yes : no`. Each side is checked in a scope that knows the value of the condition. */
export function checkChoice(checker: Checker, expr: Expr & { readonly kind: "choice" }, scope: Scope): Code {
  const condition = checker.check(expr.condition, scope);
  if (!expectKind(checker, expr.condition, condition, ["bool"])) return UNKNOWN;
  const yes = checker.check(expr.yes, assume(checker, expr.condition, true, scope));
  const no = checker.check(expr.no, assume(checker, expr.condition, false, scope));
  if (isUnknown(yes) || isUnknown(no)) return UNKNOWN;
  if (!isMixable([yes.shape, no.shape])) {
    return clash(checker, expr, describeShape(yes.shape), describeShape(no.shape));
  }
  const [test, one, other] = [condition.run, yes.run, no.run];
  return {
    shape: union(yes.shape, no.shape),
    loops: loopsOf([condition, yes, no]),
    work: workOf([condition, yes, no]),
    run: (payload) => (test(payload) === true ? one(payload) : other(payload)),
  };
}

/**
 * Whether one list or choice may hold values of all these shapes. Instants, dates and durations cannot be mixed with others,
 * since their values are plain numbers without a mark.
 */
export function isMixable(shapes: readonly Shape[]): boolean {
  const computed = new Set(shapes.map((shape) => shape.computed));
  return computed.size <= 1;
}

/**
 * Checks `==` and `!=`: numbers are compared by value, lists and objects by content. A comparison that is never true is
 * refused.
 */
export function checkEquality(checker: Checker, expr: Binary, scope: Scope): Code {
  const negated = expr.operator === "!=";
  const type = typeTest(expr.left, expr.right);
  if (type !== null) return checkTypeTest(checker, type, negated, scope);
  const left = checker.check(expr.left, scope);
  const right = checker.check(expr.right, scope);
  if (isUnknown(left) || isUnknown(right)) return UNKNOWN;
  for (const [side, code] of [
    [expr.left, left],
    [expr.right, right],
  ] as const) {
    if (isNothing(code.shape) && !refuseNothing(checker, side)) return UNKNOWN;
  }
  if (!mayEqual(left.shape, right.shape)) {
    const sides = `${written(checker, expr.left)} is ${describeShape(left.shape)}, ${written(checker, expr.right)} is ${describeShape(right.shape)}`;
    return refuse(checker, "wrong-type", expr.start, {
      message: `${sides}: they are never equal`,
      remedy:
        "Compare values of one type: a text stands in quotes, a number does not; or correct the type in the schema",
    });
  }
  const equal = equality(left, right);
  const run: Evaluate = negated ? (payload) => !equal(payload) : equal;
  return { shape: BOOL, loops: loopsOf([left, right]), work: workOf([left, right]), run };
}

/**
 * Whether two shapes may be equal. Null may be compared with any JSON value, so that a guard against null is allowed where it
 * is not needed.
 */
function mayEqual(a: Shape, b: Shape): boolean {
  if (a.list !== null && b.list !== null && a.list.max > 0 && b.list.max > 0) {
    // At run time a list of instants looks like a list of numbers, so they must not be compared.
    if (anyItem(a.list).computed !== anyItem(b.list).computed) return false;
  }
  const [one, other] = [kindNames(a), kindNames(b)];
  if (one.some((kind) => other.includes(kind))) return true;
  return (onlyKind(a) === "null" && b.computed === null) || (onlyKind(b) === "null" && a.computed === null);
}

function equality(left: Code, right: Code): (payload: RuleValue) => boolean {
  const isTurned = left.constant !== undefined;
  const [one, other, constant] = isTurned
    ? [right.run, left.run, left.constant]
    : [left.run, right.run, right.constant];
  if (typeof constant === "string" || typeof constant === "boolean" || constant === null) {
    return (payload) => one(payload) === constant;
  }
  return (payload) => equalValues(one(payload), other(payload));
}

function checkTypeTest(
  checker: Checker,
  { of, name }: { readonly of: Expr; readonly name: string },
  negated: boolean,
  scope: Scope,
): Code {
  const code = checker.check(of, scope);
  if (isUnknown(code)) return UNKNOWN;
  if (code.shape.computed !== null) return clash(checker, of, describeShape(code.shape), `the type ${name}`);
  const { run } = code;
  const shape = TYPE_NAMES.get(name);
  const isIt = (value: RuleValue): boolean => shape !== undefined && isOfType(value, name);
  return { ...plain(code), shape: BOOL, run: (payload) => isIt(run(payload)) !== negated };
}

function isOfType(value: RuleValue, name: string): boolean {
  switch (name) {
    case "null_type":
      return value === null;
    case "bool":
      return typeof value === "boolean";
    case "string":
      return typeof value === "string";
    case "list":
      return isList(value);
    case "int":
      return typeof value === "bigint" || Number.isInteger(value) || (isExact(value) && isWhole(value));
    case "double":
      return typeof value === "number" || typeof value === "bigint" || isExact(value);
    default:
      return typeof value === "object" && value !== null && !isList(value) && !isExact(value);
  }
}

const ORDERED: readonly Kind[] = ["number", "string", "instant", "date", "duration"];

/**
 * Checks `<`, `<=`, `>`, `>=`, for numbers, texts by code point, instants, dates and durations. Both sides must be of one kind.
 */
export function checkOrder(checker: Checker, expr: Binary, scope: Scope): Code {
  const left = checker.check(expr.left, scope);
  const right = checker.check(expr.right, scope);
  if (isUnknown(left) || isUnknown(right)) return UNKNOWN;
  const [one, other] = [onlyKind(left.shape), onlyKind(right.shape)];
  const isOrdered = (kind: Kind | null): kind is Kind => kind !== null && ORDERED.includes(kind);
  // The finding names the side that has no order, or the side that is not a literal.
  if (!isOrdered(one) || (one !== other && isOrdered(other) && right.constant !== undefined && other !== "string")) {
    expectKind(checker, expr.left, left, isOrdered(other) ? [other] : ORDERED);
    return UNKNOWN;
  }
  if (!expectKind(checker, expr.right, right, [one])) return UNKNOWN;
  if ([left, right].some(({ shape }) => shape.string?.format === "date-time")) {
    const [a, b] = [written(checker, expr.left), written(checker, expr.right)];
    return refuse(checker, "wrong-type", expr.start, {
      message: `${a} and ${b} would be compared letter by letter, whatever their time zones`,
      remedy: `Compare instants: timestamp(${a}) ${expr.operator} timestamp(${b})`,
    });
  }
  const run = order(expr.operator as "<", left, right, one === "string");
  return { shape: BOOL, loops: loopsOf([left, right]), work: workOf([left, right]), run };
}

function order(operator: "<" | "<=" | ">" | ">=", left: Code, right: Code, isText: boolean): Evaluate {
  const [one, other, bound] = [left.run, right.run, right.constant];
  if (isText) {
    const fits = VERDICTS[operator];
    return (payload) => fits(compareTexts(one(payload) as string, other(payload) as string));
  }
  if (typeof bound === "number") return againstDouble(operator, one, bound);
  const fits = VERDICTS[operator];
  return (payload) => fits(compareNums(one(payload) as Num, other(payload) as Num));
}

const VERDICTS: Readonly<Record<"<" | "<=" | ">" | ">=", (compared: number) => boolean>> = {
  "<": (compared) => compared < 0,
  "<=": (compared) => compared <= 0,
  ">": (compared) => compared > 0,
  ">=": (compared) => compared >= 0,
};

/** Compares a value with a number literal, as in the rules of most contracts. Two doubles need no exact arithmetic. */
function againstDouble(operator: "<" | "<=" | ">" | ">=", value: Evaluate, bound: number): Evaluate {
  const exact = (found: RuleValue): boolean => VERDICTS[operator](compareNums(found as Num, bound));
  switch (operator) {
    case "<":
      return (payload) => {
        const found = value(payload);
        return typeof found === "number" ? found < bound : exact(found);
      };
    case "<=":
      return (payload) => {
        const found = value(payload);
        return typeof found === "number" ? found <= bound : exact(found);
      };
    case ">":
      return (payload) => {
        const found = value(payload);
        return typeof found === "number" ? found > bound : exact(found);
      };
    case ">=":
      return (payload) => {
        const found = value(payload);
        return typeof found === "number" ? found >= bound : exact(found);
      };
  }
}

/** Checks `x in list` and `name in object`. */
export function checkIn(checker: Checker, expr: Binary, scope: Scope): Code {
  const left = checker.check(expr.left, scope);
  const right = checker.check(expr.right, scope);
  if (isUnknown(left) || !expectKind(checker, expr.right, right, ["list", "object"])) return UNKNOWN;
  const parts = [left, right];
  const [one, other] = [left.run, right.run];
  const { list } = right.shape;
  if (list === null) {
    if (!expectKind(checker, expr.left, left, ["string"])) return UNKNOWN;
    const run: Evaluate = (payload) => Object.hasOwn(other(payload) as RuleObject, one(payload) as string);
    return { shape: BOOL, loops: loopsOf(parts), work: workOf(parts), run };
  }
  const item = anyItem(list);
  if (list.max > 0 && !mayEqual(left.shape, item)) {
    return clash(checker, expr, describeShape(left.shape), `a list of ${describeShape(item)}`);
  }
  const isRepeated = innermost(right.loops) < scope.level;
  if (!isRepeated && right.constant === undefined) {
    const run: Evaluate = (payload) => {
      const value = one(payload);
      return (other(payload) as readonly RuleValue[]).some((there) => equalValues(value, there));
    };
    return { shape: BOOL, loops: loopsOf(parts), work: workOf(parts), run };
  }
  // The operator is evaluated for each item of a loop: a set makes each lookup after the first independent of the list's
  // length.
  const keysOf = (values: RuleValue): ReadonlySet<string> => new Set((values as readonly RuleValue[]).map(keyOfValue));
  const constant = right.constant === undefined ? null : keysOf(right.constant);
  const keys =
    constant === null
      ? keep(checker, innermost(right.loops), (payload) => keysOf(other(payload)))
      : (): ReadonlySet<string> => constant;
  return {
    shape: BOOL,
    loops: loopsOf(parts),
    work: workOf(parts),
    run: (payload) => keys(payload).has(keyOfValue(one(payload))),
  };
}

/** The cost of a code and the loops it depends on, without its shape. */
export function plain({ loops, work }: Code): Pick<Code, "loops" | "work"> {
  return { loops, work };
}

/**
 * Adds a finding when a loop would copy or search data of an outer loop for each of its items. Returns the work, or null after
 * a finding.
 */
export function expectNoCopies(checker: Checker, expr: Expr, parts: readonly Code[], scope: Scope): number | null {
  if (scope.level === 0 || innermost(loopsOf(parts)) < scope.level) return workOf(parts);
  const outer = parts.filter((part) => innermost(part.loops) < scope.level).map(({ shape }) => sizeMax(shape));
  const work = workOf(parts) * outer.reduce((size, one) => Math.max(size, one), 1);
  return expectCheap(checker, expr, work) ? work : null;
}

function sizeMax({ string, list }: Shape): number {
  return Math.max(string?.lengthMax ?? 1, list?.max ?? 1);
}
