import { expectNonZero } from "./arithmetic.ts";
import { expectWhole, partsOf, simple, unary, type Builtin } from "./builtin.ts";
import {
  expectKind,
  isUnknown,
  loopsOf,
  refuse,
  UNKNOWN,
  workOf,
  written,
  type Checker,
  type Code,
  type Scope,
} from "./checker.ts";
import { isDecimalText } from "./decimal-pattern.ts";
import { divideNums, negateNum, numOfText, signOfNum, type Num, type Rounding } from "./exact.ts";
import { numberShape, type NumberShape, type Shape } from "./shape.ts";
import type { Call, Expr } from "./syntax.ts";
import type { RuleValue } from "./value.ts";

/** The most decimal places of `round`. */
const PLACES_MAX = 30;

/** Functions of numbers. */
export const NUMBER_FUNCTIONS: readonly Builtin[] = [
  {
    name: "decimal",
    form: "decimal(text)",
    meaning:
      "The exact number that a text such as `-12.50` denotes; the schema or `isDecimal` must show that it is one. A number as it is",
    style: "function",
    arity: [1, 1],
    check: (checker, call, parts, scope) => checkDecimal(checker, call, parts, scope, null),
  },
  {
    name: "double",
    form: "double(x)",
    meaning: "The same as `decimal`: numbers are exact",
    style: "function",
    arity: [1, 1],
    check: (checker, call, parts, scope) => checkDecimal(checker, call, parts, scope, null),
  },
  {
    name: "int",
    form: "int(x)",
    meaning: "The number, or the one a decimal text denotes, without its fraction",
    style: "function",
    arity: [1, 1],
    check: (checker, call, parts, scope) => checkDecimal(checker, call, parts, scope, "trunc"),
  },
  {
    name: "round",
    form: "round(x, places)",
    meaning: `To 0 to ${PLACES_MAX} decimal places (0 when left out), halves away from zero; \`x\` may be a quotient \`a / b\``,
    style: "function",
    arity: [1, 2],
    check: (checker, _call, [of, places], scope) => checkRounded(checker, of, places, "half-away", scope),
  },
  rounding("floor", "The greatest whole number that is not above; of a quotient too"),
  rounding("ceil", "The least whole number that is not below; of a quotient too"),
  rounding("trunc", "Without its fraction; of a quotient of whole numbers, what CEL's `/` gives"),
  simple({
    name: "abs",
    form: "abs(x)",
    meaning: "Without its sign",
    style: "function",
    kinds: [["number", "duration"]],
    shape: ([code]) => (code === undefined ? numberShape({}) : code.shape),
    run: (value) => (signOfNum(value as Num) < 0 ? negateNum(value as Num) : value),
  }),
];

function rounding(name: "floor" | "ceil" | "trunc", meaning: string): Builtin {
  return {
    name,
    form: `${name}(x)`,
    meaning,
    style: "function",
    arity: [1, 1],
    check: (checker, _call, [of], scope) => checkRounded(checker, of, undefined, name, scope),
  };
}

function checkDecimal(checker: Checker, call: Call, [of]: readonly Expr[], scope: Scope, cut: Rounding | null): Code {
  if (of === undefined) return UNKNOWN;
  const code = checker.check(of, scope);
  if (!expectKind(checker, of, code, ["string", "number"])) return UNKNOWN;
  const { string, number } = code.shape;
  const finish = (value: Num): Num => (cut === null ? value : divideNums(value, 1, 0, cut));
  const whole = cut !== null || number?.whole === true;
  if (number !== null)
    return unary(code, numberShape({ ...number, whole, nonZero: number.nonZero && cut === null }), (value) =>
      finish(value as Num),
    );
  const isProved =
    string?.decimal === true || (string?.values !== null && [...(string?.values ?? [])].every(isDecimalText));
  if (!isProved) {
    const text = written(checker, of);
    return refuse(checker, "wrong-type", call.start, {
      message: `${text} need not be a decimal number`,
      remedy: `Guard it, as in isDecimal(${text}) && ..., or give it a pattern in the schema, such as "^-?[0-9]+([.][0-9]{2})?$"`,
    });
  }
  return unary(code, numberShape({ whole }), (text) => finish(numOfText(text as string)));
}

/** Checks the rounding of a number, or of a quotient that may have no finite decimal. */
function checkRounded(
  checker: Checker,
  of: Expr | undefined,
  placesExpr: Expr | undefined,
  mode: Rounding,
  scope: Scope,
): Code {
  if (of === undefined) return UNKNOWN;
  const places = placesOf(checker, placesExpr, scope);
  if (places === null) return UNKNOWN;
  const isQuotient = of.kind === "binary" && of.operator === "/";
  const codes = partsOf(checker, isQuotient ? [of.left, of.right] : [of], [["number"], ["number"]], scope);
  if (codes === null) return UNKNOWN;
  const [above, below] = codes;
  if (above === undefined) return UNKNOWN;
  const shape = roundedShape(places, codes);
  if (below === undefined) return unary(above, shape, (value) => divideNums(value as Num, 1, places, mode));
  if (isQuotient && !expectNonZero(checker, of.right, below)) return UNKNOWN;
  const [left, right] = [above.run, below.run];
  return {
    shape,
    loops: loopsOf(codes),
    work: workOf(codes),
    run: (payload): RuleValue => divideNums(left(payload) as Num, right(payload) as Num, places, mode),
  };
}

function roundedShape(places: number, codes: readonly Code[]): Shape {
  const degree = codes.reduce((sum, code) => sum + (code.shape.number?.degree ?? 1), 0);
  const shape: Partial<NumberShape> = { whole: places === 0, degree };
  return numberShape(shape);
}

function placesOf(checker: Checker, expr: Expr | undefined, scope: Scope): number | null {
  if (expr === undefined) return 0;
  const code = checker.check(expr, scope);
  if (isUnknown(code) || !expectKind(checker, expr, code, ["number"]) || !expectWhole(checker, expr, code)) return null;
  const { constant } = code;
  if (typeof constant === "number" && constant >= 0 && constant <= PLACES_MAX) return constant;
  refuse(checker, "wrong-type", expr.start, {
    message: `The places of round() are not a whole number from 0 to ${PLACES_MAX}, written out`,
    remedy: "Write round(x, 2)",
  });
  return null;
}
