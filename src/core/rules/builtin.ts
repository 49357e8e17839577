import {
  expectKind,
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
import { expectNoCopies } from "./operators.ts";
import type { Kind, Shape } from "./shape.ts";
import type { Call, Expr } from "./syntax.ts";
import type { RuleValue } from "./value.ts";

/** The documentation of a function: one row of docs/rules.md. */
export type Documented = {
  /** The syntax, such as `text.startsWith(text)`. */
  readonly form: string;
  readonly meaning: string;
};

/** One function of the language. */
export type Builtin = Documented & {
  readonly name: string;
  /** The call syntax: `function` is `f(x)`, `method` is `x.f()`, `either` allows both. */
  readonly style: "function" | "method" | "either";
  /** The least and the most arguments, the receiver of a method included. */
  readonly arity: readonly [min: number, max: number];
  readonly check: (checker: Checker, call: Call, parts: readonly Expr[], scope: Scope) => Code;
};

type Values = readonly [RuleValue, RuleValue, RuleValue];

type Simple = Pick<Builtin, "name" | "form" | "meaning" | "style"> & {
  /** The allowed kinds of each argument; arguments from index `min` on are optional. */
  readonly kinds: readonly (readonly Kind[])[];
  readonly min?: number;
  readonly shape: (parts: readonly Code[]) => Shape;
  readonly run: (...values: Values) => RuleValue;
};

/** Defines a function that has a value for all arguments of the right kinds. An omitted argument is null. */
export function simple({ kinds, min = kinds.length, shape, run, ...about }: Simple): Builtin {
  return {
    ...about,
    arity: [min, kinds.length],
    check: (checker, call, parts, scope) => {
      const codes = partsOf(checker, parts, kinds, scope);
      if (codes === null) return UNKNOWN;
      const work = expectNoCopies(checker, call, codes, scope);
      if (work === null) return UNKNOWN;
      return { shape: shape(codes), loops: loopsOf(codes), work, run: runOf(codes, run) };
    },
  };
}

/** Checks the kinds of the arguments; null after a finding. */
export function partsOf(
  checker: Checker,
  parts: readonly Expr[],
  kinds: readonly (readonly Kind[])[],
  scope: Scope,
): readonly Code[] | null {
  const codes = parts.map((part) => checker.check(part, scope));
  const fit = codes.map((code, at) => expectKind(checker, parts[at] as Expr, code, kinds[at] ?? []));
  return fit.every(Boolean) ? codes : null;
}

function runOf(codes: readonly Code[], run: Simple["run"]): Evaluate {
  const [first, second, third] = codes.map((code) => code.run);
  if (first === undefined) return () => run(null, null, null);
  if (second === undefined) return (payload) => run(first(payload), null, null);
  if (third === undefined) return (payload) => run(first(payload), second(payload), null);
  return (payload) => run(first(payload), second(payload), third(payload));
}

/** The code of a function of one argument. */
export function unary(code: Code, shape: Shape, act: (value: RuleValue) => RuleValue): Code {
  const { run } = code;
  return { shape, loops: loopsOf([code]), work: workOf([code]), run: (payload) => act(run(payload)) };
}

/** Whether a number is an integer for every payload; adds a finding when not. */
export function expectWhole(checker: Checker, expr: Expr, code: Code): boolean {
  if (code.shape.number?.whole === true) return true;
  const text = written(checker, expr);
  refuse(checker, "wrong-type", expr.start, {
    message: `${text} is a number, and a whole number is needed`,
    remedy: `Write trunc(${text}), or say "type": "integer" in the schema`,
  });
  return false;
}
