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
import { addNums, isZero, multiplyNums, negateNum, reciprocal, remainder, type Num } from "./exact.ts";
import { secondsOfDays } from "./instant.ts";
import { expectNoCopies, plain } from "./operators.ts";
import {
  anyItem,
  computedShape,
  describeShape,
  itemAt,
  lazily,
  listShape,
  numberShape,
  onlyKind,
  stringShape,
  union,
  type Kind,
  type ListShape,
  type NumberShape,
  type Shape,
} from "./shape.ts";
import type { Binary, Expr } from "./syntax.ts";
import type { RuleValue } from "./value.ts";

/** The most numbers that may be multiplied: with more the digits of the product would grow out of proportion. */
const DEGREE_MAX = 8;

type Sum = {
  readonly shape: (left: Shape, right: Shape) => Shape;
  readonly run: (left: RuleValue, right: RuleValue) => RuleValue;
};

const add = (left: RuleValue, right: RuleValue): RuleValue => addNums(left as Num, right as Num);
const subtract = (left: RuleValue, right: RuleValue): RuleValue => addNums(left as Num, negateNum(right as Num));

/** The operations `+` and `-`, by the kinds of both sides. */
const SUMS: ReadonlyMap<string, Sum> = new Map<string, Sum>([
  ["number + number", { shape: sumShape, run: add }],
  ["number - number", { shape: sumShape, run: subtract }],
  ["string + string", { shape: joinedText, run: (left, right) => (left as string) + (right as string) }],
  ["list + list", { shape: joinedList, run: (left, right) => [...(left as RuleValue[]), ...(right as RuleValue[])] }],
  ["instant + duration", { shape: () => computedShape("instant"), run: add }],
  ["duration + instant", { shape: () => computedShape("instant"), run: add }],
  ["instant - duration", { shape: () => computedShape("instant"), run: subtract }],
  ["instant - instant", { shape: () => computedShape("duration"), run: subtract }],
  [
    "date - date",
    { shape: () => computedShape("duration"), run: (left, right) => secondsOfDays(subtract(left, right) as Num) },
  ],
  ["duration + duration", { shape: () => computedShape("duration"), run: add }],
  ["duration - duration", { shape: () => computedShape("duration"), run: subtract }],
]);

function sumShape(left: Shape, right: Shape): Shape {
  const [one, other] = [left.number, right.number];
  const whole = one?.whole === true && other?.whole === true;
  return numberShape({ whole, degree: Math.max(one?.degree ?? 1, other?.degree ?? 1) });
}

function joinedText(left: Shape, right: Shape): Shape {
  return stringShape({ lengthMax: (left.string?.lengthMax ?? Infinity) + (right.string?.lengthMax ?? Infinity) });
}

function joinedList(left: Shape, right: Shape): Shape {
  const [one, other] = [left.list, right.list];
  if (one === null || other === null) return listShape({});
  return listShape({
    prefix: one.prefix.slice(0, one.min).map((_, at) => lazily(() => itemAt(one, at))),
    items: lazily(() => union(anyItem(one), anyItem(other))),
    min: one.min + other.min,
    max: one.max + other.max,
  });
}

/** Checks `+` and `-`, for exact numbers, texts, lists, instants and durations. */
export function checkSum(checker: Checker, expr: Binary, scope: Scope): Code {
  const left = checker.check(expr.left, scope);
  const right = checker.check(expr.right, scope);
  if (isUnknown(left) || isUnknown(right)) return UNKNOWN;
  const [one, other] = [onlyKind(left.shape), onlyKind(right.shape)];
  const sum = SUMS.get(`${one} ${expr.operator} ${other}`);
  if (sum === undefined) return refuseSum(checker, expr, left, right);
  if (one === "list" && !isMixed(left.shape.list, right.shape.list)) {
    return clash(checker, expr, describeShape(left.shape), describeShape(right.shape));
  }
  const work = expectNoCopies(checker, expr, [left, right], scope);
  if (work === null) return UNKNOWN;
  const [first, second, run] = [left.run, right.run, sum.run];
  return {
    shape: sum.shape(left.shape, right.shape),
    loops: loopsOf([left, right]),
    work,
    run: (payload) => run(first(payload), second(payload)),
  };
}

function isMixed(one: ListShape | null, other: ListShape | null): boolean {
  if (one === null || other === null || one.max === 0 || other.max === 0) return true;
  return anyItem(one).computed === anyItem(other).computed;
}

/** Reports the side that has not the kind of the other side. */
function refuseSum(checker: Checker, expr: Binary, left: Code, right: Code): Code {
  const [one, other] = [onlyKind(left.shape), onlyKind(right.shape)];
  if (expr.operator === "+" && [one, other].includes("string") && [one, other].includes("number")) {
    const [a, b] = [written(checker, expr.left), written(checker, expr.right)];
    const [text, number] = one === "string" ? [a, b] : [b, a];
    return refuse(checker, "wrong-type", expr.start, {
      message: `${text} is a text and ${number} a number`,
      remedy: `Write string(${number}) to join texts; or decimal(${text}) to add, where the text holds a decimal number`,
    });
  }
  const usable = (kind: Kind | null): boolean => kind === "number" || (kind === "string" && expr.operator === "+");
  if (usable(other) && other !== null && one !== other) expectKind(checker, expr.left, left, [other]);
  else if (usable(one) && one !== null) expectKind(checker, expr.right, right, [one]);
  else if (one === "date" || other === "date") {
    refuse(checker, "wrong-type", expr.start, {
      message: `${written(checker, expr)}: nothing is added to a date`,
      remedy: "Compare the difference, as in date(a) - date(b) <= days(30)",
    });
  } else clash(checker, expr, describeShape(left.shape), describeShape(right.shape));
  return UNKNOWN;
}

function numbersOf(checker: Checker, expr: Binary, scope: Scope): readonly [Code, Code] | null {
  const left = checker.check(expr.left, scope);
  const right = checker.check(expr.right, scope);
  const isLeft = expectKind(checker, expr.left, left, ["number"]);
  return expectKind(checker, expr.right, right, ["number"]) && isLeft ? [left, right] : null;
}

function binary([left, right]: readonly [Code, Code], shape: Partial<NumberShape>, run: (a: Num, b: Num) => Num): Code {
  const [one, other] = [left.run, right.run];
  return {
    shape: numberShape(shape),
    loops: loopsOf([left, right]),
    work: workOf([left, right]),
    run: (payload) => run(one(payload) as Num, other(payload) as Num),
  };
}

export function checkProduct(checker: Checker, expr: Binary, scope: Scope): Code {
  const sides = numbersOf(checker, expr, scope);
  if (sides === null) return UNKNOWN;
  const [one, other] = sides.map(({ shape }) => shape.number);
  const degree = (one?.degree ?? 1) + (other?.degree ?? 1);
  if (degree > DEGREE_MAX) {
    return refuse(checker, "too-costly", expr.start, {
      message: `${written(checker, expr)} multiplies more than ${DEGREE_MAX} numbers`,
      remedy: "Split the rule",
    });
  }
  const whole = one?.whole === true && other?.whole === true;
  return binary(sides, { whole, nonZero: one?.nonZero === true && other?.nonZero === true, degree }, multiplyNums);
}

/** Checks `%`: the remainder, with the sign of the left side as in CEL; for decimals as for integers. */
export function checkRemainder(checker: Checker, expr: Binary, scope: Scope): Code {
  const sides = numbersOf(checker, expr, scope);
  if (sides === null || !expectNonZero(checker, expr.right, sides[1])) return UNKNOWN;
  const [one, other] = sides.map(({ shape }) => shape.number);
  const degree = Math.max(one?.degree ?? 1, other?.degree ?? 1);
  return binary(sides, { whole: one?.whole === true && other?.whole === true, degree }, remainder);
}

/** Refuses a divisor that may be 0. */
export function expectNonZero(checker: Checker, expr: Expr, code: Code): boolean {
  if (code.shape.number?.nonZero === true) return true;
  const text = written(checker, expr);
  if (code.constant !== undefined) {
    refuse(checker, "wrong-type", expr.start, { message: "Nothing is divided by 0", remedy: "Correct the divisor" });
    return false;
  }
  refuse(checker, "wrong-type", expr.start, {
    message: `${text} may be 0, and is divided by`,
    remedy: `Guard it, as in ${text} == 0 || ..., or exclude 0 in the schema, as with "exclusiveMinimum": 0`,
  });
  return false;
}

/**
 * Checks `/`: the quotient is exact or refused. Division by a number whose reciprocal is a finite decimal (100, 2.5, 0.08) is
 * exact; any other quotient must be rounded by `round`, `floor`, `ceil` or `trunc` around it. For two integers CEL truncates
 * the quotient while the exact one may have a fraction: the rule must say which is meant.
 */
export function checkQuotient(checker: Checker, expr: Binary, scope: Scope): Code {
  const sides = numbersOf(checker, expr, scope);
  if (sides === null || !expectNonZero(checker, expr.right, sides[1])) return UNKNOWN;
  const [left, right] = sides;
  const divisor = right.constant;
  const factor = divisor === undefined ? null : reciprocal(divisor as Num);
  const isWhole =
    left.shape.number?.whole === true && right.shape.number?.whole === true && !isDecimalLiteral(expr.right);
  const text = written(checker, expr);
  if (factor === null || isWhole) {
    const why = isWhole ? "is exact in arithmetic and cut off in CEL" : "may have no end as a decimal";
    return refuse(checker, "wrong-type", expr.start, {
      message: `The quotient ${text} ${why}`,
      remedy: `Say what is meant: round(${text}, 2), floor(${text}), ceil(${text}) or trunc(${text}); or multiply instead, as in a == b * c`,
    });
  }
  const { run } = left;
  const { number } = left.shape;
  return {
    ...plain(left),
    shape: numberShape({ nonZero: number?.nonZero === true, degree: (number?.degree ?? 1) + 1 }),
    run: (payload) => multiplyNums(run(payload) as Num, factor),
  };
}

/** Whether a literal is written as a decimal, as `100.0`: CEL treats it as a decimal too. */
function isDecimalLiteral(expr: Expr): boolean {
  return expr.kind === "number" ? /[.e]/i.test(expr.text) : expr.kind === "unary" && isDecimalLiteral(expr.of);
}

export function checkMinus(checker: Checker, expr: Expr & { readonly kind: "unary" }, scope: Scope): Code {
  const code = checker.check(expr.of, scope);
  if (!expectKind(checker, expr.of, code, ["number", "duration"])) return UNKNOWN;
  const { run, constant } = code;
  if (constant !== undefined) {
    const value = negateNum(constant as Num);
    return { ...code, constant: value, run: () => value };
  }
  return { ...plain(code), shape: code.shape, run: (payload) => negateNum(run(payload) as Num) };
}

/** The code of a number literal. */
export function numberCode(value: Num, whole: boolean): Code {
  const run: Evaluate = () => value;
  return { shape: numberShape({ whole, nonZero: !isZero(value), degree: 0 }), loops: 0, work: 1, constant: value, run };
}
