import { checkField, checkIndex, checkName, refined } from "./access.ts";
import { checkMinus, checkProduct, checkQuotient, checkRemainder, checkSum, numberCode } from "./arithmetic.ts";
import {
  clash,
  innermost,
  isUnknown,
  keep,
  loopsOf,
  refuse,
  UNKNOWN,
  workOf,
  written,
  type Checker,
  type Code,
  type Scope,
} from "./checker.ts";
import { isWhole, numOfText } from "./exact.ts";
import type { RuleFinding, RulePattern } from "./finding.ts";
import { checkCall } from "./functions.ts";
import { checkChoice, checkEquality, checkIn, checkLogic, checkNot, checkOrder, isMixable } from "./operators.ts";
import { shapeOfText } from "./schema-shape.ts";
import {
  BOOL,
  describeShape,
  lazily,
  listShape,
  NEVER,
  NULL,
  onlyKind,
  unionAll,
  type FieldShape,
  type Shape,
} from "./shape.ts";
import { parseExpression, type Binary, type Expr } from "./syntax.ts";
import type { RuleObject, RuleValue } from "./value.ts";

/** A checked rule. It can be evaluated when it has no findings. */
export type CheckedRule = {
  readonly findings: readonly RuleFinding[];
  readonly patterns: readonly RulePattern[];
  /** Whether the rule holds; null when there are findings. */
  readonly holds: ((payload: RuleValue) => boolean) | null;
};

type Watch = (shape: Shape, value: RuleValue, part: string) => void;

/**
 * Checks an expression against the shape of its payloads and compiles it. An expression without findings yields true or false
 * for every payload of that shape. The shape decides only whether an expression may be used; its value does not depend on the
 * shape.
 * @param watch called with the value of each part during evaluation: tests compare it with the part's shape.
 */
export function checkRule(source: string, root: Shape, watch?: Watch): CheckedRule {
  const parsed = parseExpression(source);
  if (!parsed.ok) {
    return { findings: [{ kind: "unusable", ...parsed.fault }], patterns: [], holds: null };
  }
  const checker: Checker = {
    source,
    root,
    findings: [],
    patterns: [],
    epochs: [0],
    forget: [],
    codes: new Map(),
    check: (expr, scope) => {
      const code = checkExpr(checker, expr, scope);
      return watch === undefined || isUnknown(code) ? code : watched(code, written(checker, expr), watch);
    },
  };
  const code = checker.check(parsed.expr, { variables: new Map(), facts: new Map(), present: new Set(), level: 0 });
  if (!isUnknown(code) && onlyKind(code.shape) !== "bool") refuseResult(checker, parsed.expr, code);
  const { findings, patterns } = checker;
  return { findings, patterns, holds: findings.length > 0 ? null : answer(checker, code) };
}

function watched(code: Code, part: string, watch: Watch): Code {
  const { run, shape } = code;
  return {
    ...code,
    run: (payload) => {
      const value = run(payload);
      watch(shape, value, part);
      return value;
    },
  };
}

function refuseResult(checker: Checker, expr: Expr, { shape }: Code): void {
  const isNullable = shape.null && shape.bool;
  refuse(checker, isNullable ? "wrong-type" : "unusable", expr.start, {
    message: `It yields ${describeShape(shape)}; a rule must yield true or false`,
    remedy: isNullable
      ? `Say what null means, as in ${written(checker, expr)} == true`
      : "Correct the expression; it must parse and yield true or false",
  });
}

function answer({ epochs, forget }: Checker, { run }: Code): (payload: RuleValue) => boolean {
  if (forget.length === 0) return run as (payload: RuleValue) => boolean;
  return (payload) => {
    epochs[0] = (epochs[0] ?? 0) + 1;
    try {
      return run(payload) as boolean;
    } finally {
      for (const one of forget) one();
    }
  };
}

function checkExpr(checker: Checker, expr: Expr, scope: Scope): Code {
  const found = checkKind(checker, expr, scope);
  const isFact = expr.kind === "name" || expr.kind === "field" || expr.kind === "index" || expr.kind === "call";
  const code = isFact ? refined(checker, expr, found, scope) : found;
  const kept = expr.kind === "call" ? keptForLoop(checker, code, scope) : code;
  checker.codes.set(expr, kept);
  return kept;
}

/** Caches a call inside a loop when its value does not depend on the loop's variable. */
function keptForLoop(checker: Checker, code: Code, scope: Scope): Code {
  const level = innermost(code.loops);
  if (level >= scope.level || code.constant !== undefined || isUnknown(code)) return code;
  return { ...code, run: keep(checker, level, code.run) };
}

function checkKind(checker: Checker, expr: Expr, scope: Scope): Code {
  switch (expr.kind) {
    case "literal":
      return literalCode(expr.value);
    case "number":
      return checkNumber(checker, expr);
    case "bytes":
      return refuse(checker, "unusable", expr.start, {
        message: "JSON has no bytes",
        remedy: "Write a text, without b before it",
      });
    case "name":
      return checkName(checker, expr, scope);
    case "field":
      return checkField(checker, expr, scope);
    case "index":
      return checkIndex(checker, expr, scope);
    case "call":
      return checkCall(checker, expr, scope);
    case "unary":
      return expr.operator === "!" ? checkNot(checker, expr.of, scope) : checkMinus(checker, expr, scope);
    case "binary":
      return checkBinary(checker, expr, scope);
    case "choice":
      return checkChoice(checker, expr, scope);
    case "list":
      return checkList(checker, expr, scope);
    case "map":
      return checkObject(checker, expr, scope);
  }
}

function checkBinary(checker: Checker, expr: Binary, scope: Scope): Code {
  switch (expr.operator) {
    case "&&":
    case "||":
      return checkLogic(checker, expr, scope);
    case "==":
    case "!=":
      return checkEquality(checker, expr, scope);
    case "<":
    case "<=":
    case ">":
    case ">=":
      return checkOrder(checker, expr, scope);
    case "in":
      return checkIn(checker, expr, scope);
    case "+":
    case "-":
      return checkSum(checker, expr, scope);
    case "*":
      return checkProduct(checker, expr, scope);
    case "/":
      return checkQuotient(checker, expr, scope);
    case "%":
      return checkRemainder(checker, expr, scope);
  }
}

function literalCode(value: null | boolean | string): Code {
  const shape = typeof value === "string" ? shapeOfText(value) : value === null ? NULL : BOOL;
  return { shape, loops: 0, work: 1, constant: value, run: () => value };
}

/** Doubles end at 10^308; a literal far beyond has many digits and no use. */
const EXPONENT_MAX = 400;

function checkNumber(checker: Checker, expr: Expr & { readonly kind: "number" }): Code {
  const [, exponent = "0"] = expr.text.toLowerCase().split("e");
  if (Math.abs(Number(exponent)) > EXPONENT_MAX) {
    return refuse(checker, "unusable", expr.start, {
      message: `${expr.text} has an exponent beyond ${EXPONENT_MAX}`,
      remedy: "Write a number that a payload can hold",
    });
  }
  const value = numOfText(expr.text);
  return numberCode(value, isWhole(value));
}

function checkList(checker: Checker, expr: Expr & { readonly kind: "list" }, scope: Scope): Code {
  const codes = expr.items.map((item) => checker.check(item, scope));
  if (codes.some(isUnknown)) return UNKNOWN;
  const shapes = codes.map((code) => code.shape);
  if (!isMixable(shapes)) return clash(checker, expr, describeShape(shapes[0] ?? NEVER), "what stands beside it");
  const size = shapes.length;
  const shape = listShape({
    prefix: shapes.map((one) => (): Shape => one),
    items: () => unionAll(shapes),
    min: size,
    max: size,
  });
  const constants = codes.map(({ constant }) => constant).filter((constant) => constant !== undefined);
  if (constants.length === size) return { shape, loops: 0, work: 1, constant: constants, run: () => constants };
  const runs = codes.map((code) => code.run);
  return { shape, loops: loopsOf(codes), work: workOf(codes), run: (payload) => runs.map((run) => run(payload)) };
}

function checkObject(checker: Checker, expr: Expr & { readonly kind: "map" }, scope: Scope): Code {
  const fields = new Map<string, FieldShape>();
  const codes: (readonly [string, Code])[] = [];
  for (const [key, value] of expr.entries) {
    const code = checker.check(value, scope);
    if (key.kind !== "literal" || typeof key.value !== "string" || fields.has(key.value)) {
      return refuse(checker, "wrong-type", key.start, {
        message: `${written(checker, key)} is no name for a field, or stands twice`,
        remedy: 'Write each name once and as a text, as in {"DE": 19, "FR": 20}',
      });
    }
    fields.set(key.value, { shape: lazily(() => code.shape), required: true });
    codes.push([key.value, code]);
  }
  const values = codes.map(([, code]) => code);
  if (values.some(isUnknown)) return UNKNOWN;
  const made = (payload: RuleValue): RuleObject => {
    // The object has no prototype, so that a name such as toString is present only when it was written.
    const object = Object.create(null) as Record<string, RuleValue>;
    for (const [name, code] of codes) object[name] = code.run(payload);
    return object;
  };
  const shape: Shape = { ...NEVER, object: { fields, rest: null, isMap: false } };
  const cost = { shape, loops: loopsOf(values), work: workOf(values) };
  if (values.some(({ constant }) => constant === undefined)) return { ...cost, run: made };
  const constant = made(null);
  return { ...cost, constant, run: () => constant };
}
