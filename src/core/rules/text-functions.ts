import { expectWhole, partsOf, simple, unary, type Builtin } from "./builtin.ts";
import { expectKind, loopsOf, refuse, UNKNOWN, type Checker, type Code, type Scope } from "./checker.ts";
import { isDecimalText } from "./decimal-pattern.ts";
import { textOfNum, type Num } from "./exact.ts";
import { clampIndex } from "./instant.ts";
import { expectNoCopies } from "./operators.ts";
import { BOOL, listShape, NEVER, numberShape, STRING, stringShape, type Kind, type Shape } from "./shape.ts";
import type { Call, Expr } from "./syntax.ts";
import { sizeOfText, type RuleValue } from "./value.ts";

const TEXT: readonly Kind[] = ["string"];
const NUMBER: readonly Kind[] = ["number"];

const bool = (): Shape => BOOL;
const sameLength = ([text]: readonly Code[]): Shape =>
  stringShape({ lengthMax: text?.shape.string?.lengthMax ?? Infinity });
const whole = (): Shape => numberShape({ whole: true });

/** Functions of texts. Characters are Unicode code points. */
export const TEXT_FUNCTIONS: readonly Builtin[] = [
  simple({
    name: "startsWith",
    form: "text.startsWith(text)",
    meaning: "Whether it begins so",
    style: "method",
    kinds: [TEXT, TEXT],
    shape: bool,
    run: (text, part) => (text as string).startsWith(part as string),
  }),
  simple({
    name: "endsWith",
    form: "text.endsWith(text)",
    meaning: "Whether it ends so",
    style: "method",
    kinds: [TEXT, TEXT],
    shape: bool,
    run: (text, part) => (text as string).endsWith(part as string),
  }),
  simple({
    name: "contains",
    form: "text.contains(text)",
    meaning: "Whether it holds the other text",
    style: "method",
    kinds: [TEXT, TEXT],
    shape: bool,
    run: (text, part) => (text as string).includes(part as string),
  }),
  {
    name: "matches",
    form: 'text.matches("pattern")',
    meaning:
      "Whether a part of it matches an ECMAScript regular expression, which is written out; `^` and `$` hold both ends",
    style: "method",
    arity: [2, 2],
    check: checkMatches,
  },
  simple({
    name: "lowerAscii",
    form: "text.lowerAscii()",
    meaning: "With `a` to `z` for `A` to `Z`; other letters stay",
    style: "method",
    kinds: [TEXT],
    shape: sameLength,
    run: (text) => (text as string).replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  }),
  simple({
    name: "upperAscii",
    form: "text.upperAscii()",
    meaning: "With `A` to `Z` for `a` to `z`; other letters stay",
    style: "method",
    kinds: [TEXT],
    shape: sameLength,
    run: (text) => (text as string).replaceAll(/[a-z]+/g, (letters) => letters.toUpperCase()),
  }),
  simple({
    name: "trim",
    form: "text.trim()",
    meaning: "Without white space at both ends",
    style: "method",
    kinds: [TEXT],
    shape: sameLength,
    run: (text) => (text as string).trim(),
  }),
  position(
    "indexOf",
    "The first place of the other text, from 0 or from the given place on; -1 when it is not there",
    indexOf,
  ),
  position(
    "lastIndexOf",
    "The last place of the other text, up to the given place; -1 when it is not there",
    lastIndexOf,
  ),
  {
    name: "substring",
    form: "text.substring(start, end)",
    meaning: "From `start` to before `end`, or to the end; places outside the text are its ends",
    style: "method",
    arity: [2, 3],
    check: checkSubstring,
  },
  {
    name: "split",
    form: "text.split(text)",
    meaning:
      "The parts between the other text; with a number, at most so many, the last one with the rest; a negative one asks all",
    style: "method",
    arity: [2, 3],
    check: checkSplit,
  },
  {
    name: "join",
    form: "texts.join(text)",
    meaning: "A list of texts as one, with the other text between them",
    style: "method",
    arity: [1, 2],
    check: checkJoin,
  },
  {
    name: "isDecimal",
    form: "isDecimal(x)",
    meaning: "Whether it is a text such as `-12.50` that `decimal` reads: a guard",
    style: "function",
    arity: [1, 1],
    check: checkIsDecimal,
  },
  {
    name: "string",
    form: "string(x)",
    meaning: "A number as JSON writes it, true or false, or a text as it is",
    style: "function",
    arity: [1, 1],
    check: checkString,
  },
];

function checkMatches(checker: Checker, call: Call, parts: readonly Expr[], scope: Scope): Code {
  const [of, pattern] = parts;
  if (of === undefined || pattern === undefined) return UNKNOWN;
  const code = checker.check(of, scope);
  if (pattern.kind !== "literal" || typeof pattern.value !== "string") {
    return refuse(checker, "pattern", pattern.start, {
      message: "The pattern is not a literal",
      remedy: 'Write the pattern out, as in x.matches("^[A-Z]+$")',
    });
  }
  const compiled = compilePattern(pattern.value);
  if (compiled === null) {
    return refuse(checker, "unusable", pattern.start, {
      message: "The pattern is not a regular expression",
      remedy: "Correct the pattern",
    });
  }
  checker.patterns.push({ pattern: pattern.value, position: pattern.start });
  if (!expectKind(checker, of, code, TEXT)) return UNKNOWN;
  const work = expectNoCopies(checker, call, [code], scope);
  return work === null ? UNKNOWN : { ...unary(code, BOOL, (text) => compiled.test(text as string)), work };
}

function compilePattern(pattern: string): RegExp | null {
  try {
    return new RegExp(pattern);
  } catch {
    return null;
  }
}

type Places = readonly string[];

/** The code points of a text with surrogate pairs; null for a text without, whose indexes are UTF-16 units. */
function pointsOf(text: string): Places | null {
  return /[\ud800-\udfff]/.test(text) ? Array.from(text) : null;
}

function sizeOf(text: string, points: Places | null): number {
  return points?.length ?? text.length;
}

function unitAt(points: Places | null, place: number): number {
  return points === null ? place : points.slice(0, place).join("").length;
}

function placeOf(text: string, points: Places | null, unit: number): number {
  return points === null || unit < 0 ? unit : sizeOfText(text.slice(0, unit));
}

function indexOf(text: string, part: string, from: Num | null): number {
  const points = pointsOf(text);
  const start = from === null ? 0 : unitAt(points, clampIndex(from, sizeOf(text, points)));
  return placeOf(text, points, text.indexOf(part, start));
}

function lastIndexOf(text: string, part: string, from: Num | null): number {
  const points = pointsOf(text);
  const size = sizeOf(text, points);
  const start = unitAt(points, from === null ? size : clampIndex(from, size));
  return placeOf(text, points, text.lastIndexOf(part, start));
}

function position(
  name: string,
  meaning: string,
  find: (text: string, part: string, from: Num | null) => number,
): Builtin {
  return {
    name,
    form: `text.${name}(text)`,
    meaning,
    style: "method",
    arity: [2, 3],
    check: (checker, call, parts, scope) => {
      const codes = partsOf(checker, parts, [TEXT, TEXT, NUMBER], scope);
      if (codes === null || !expectWholes(checker, parts, codes, 2)) return UNKNOWN;
      const work = expectNoCopies(checker, call, codes, scope);
      if (work === null) return UNKNOWN;
      const [text, part, from] = codes.map((code) => code.run);
      if (text === undefined || part === undefined) return UNKNOWN;
      return {
        shape: whole(),
        loops: loopsOf(codes),
        work,
        run: (payload) =>
          find(text(payload) as string, part(payload) as string, (from?.(payload) ?? null) as Num | null),
      };
    },
  };
}

function expectWholes(checker: Checker, parts: readonly Expr[], codes: readonly Code[], first: number): boolean {
  return codes.slice(first).every((code, at) => expectWhole(checker, parts[first + at] as Expr, code));
}

function checkSubstring(checker: Checker, call: Call, parts: readonly Expr[], scope: Scope): Code {
  const codes = partsOf(checker, parts, [TEXT, NUMBER, NUMBER], scope);
  if (codes === null || !expectWholes(checker, parts, codes, 1)) return UNKNOWN;
  const work = expectNoCopies(checker, call, codes, scope);
  if (work === null) return UNKNOWN;
  const [text, start, end] = codes.map((code) => code.run);
  if (text === undefined || start === undefined) return UNKNOWN;
  const cut = (of: string, from: Num, to: Num | null): string => {
    const points = pointsOf(of);
    const size = sizeOf(of, points);
    const [first, last] = [clampIndex(from, size), to === null ? size : clampIndex(to, size)];
    return points === null ? of.slice(first, last) : points.slice(first, last).join("");
  };
  return {
    shape: sameLength(codes),
    loops: loopsOf(codes),
    work,
    run: (payload) => cut(text(payload) as string, start(payload) as Num, (end?.(payload) ?? null) as Num | null),
  };
}

function checkSplit(checker: Checker, call: Call, parts: readonly Expr[], scope: Scope): Code {
  const codes = partsOf(checker, parts, [TEXT, TEXT, NUMBER], scope);
  if (codes === null || !expectWholes(checker, parts, codes, 2)) return UNKNOWN;
  const work = expectNoCopies(checker, call, codes, scope);
  if (work === null) return UNKNOWN;
  const [text, separator, limit] = codes.map((code) => code.run);
  if (text === undefined || separator === undefined) return UNKNOWN;
  const cut = (of: string, by: string, most: number): readonly string[] => {
    const all = by === "" ? Array.from(of) : of.split(by);
    if (most < 0 || all.length <= most) return all;
    return most === 0 ? [] : [...all.slice(0, most - 1), all.slice(most - 1).join(by)];
  };
  return {
    shape: listShape({ items: () => STRING, max: (codes[0]?.shape.string?.lengthMax ?? Infinity) + 1 }),
    loops: loopsOf(codes),
    work,
    run: (payload) => {
      const most = limit === undefined ? -1 : clampIndex(limit(payload) as Num, Infinity);
      const isAll = limit !== undefined && isNegative(limit(payload) as Num);
      return cut(text(payload) as string, separator(payload) as string, isAll ? -1 : most);
    },
  };
}

function isNegative(value: Num): boolean {
  return typeof value === "object" ? value.digits < 0n : value < 0;
}

function checkJoin(checker: Checker, call: Call, parts: readonly Expr[], scope: Scope): Code {
  const codes = partsOf(checker, parts, [["list"], TEXT], scope);
  const [list, separator] = codes ?? [];
  if (list === undefined || list.shape.list === null) return UNKNOWN;
  const item = list.shape.list;
  const isTexts = item.max === 0 || [...item.prefix, item.items].every((part) => isTextOnly(part()));
  if (!isTexts) {
    return refuse(checker, "wrong-type", call.start, {
      message: "join() takes a list of texts",
      remedy: "Write list.map(x, string(x)).join(...), or correct the type of the items in the schema",
    });
  }
  const work = expectNoCopies(checker, call, codes ?? [], scope);
  if (work === null) return UNKNOWN;
  const by = separator?.run;
  return {
    shape: STRING,
    loops: loopsOf(codes ?? []),
    work,
    run: (payload) => (list.run(payload) as readonly string[]).join(by === undefined ? "" : (by(payload) as string)),
  };
}

function isTextOnly(shape: Shape): boolean {
  return shape.string !== null && Object.entries(shape).every(([kind, part]) => kind === "string" || !part);
}

function checkIsDecimal(checker: Checker, _call: Call, [of]: readonly Expr[], scope: Scope): Code {
  if (of === undefined) return UNKNOWN;
  const code = checker.check(of, scope);
  const isText = (value: RuleValue): boolean => typeof value === "string" && isDecimalText(value);
  return code.shape.computed === null && code.shape !== UNKNOWN.shape ? unary(code, BOOL, isText) : UNKNOWN;
}

function checkString(checker: Checker, _call: Call, [of]: readonly Expr[], scope: Scope): Code {
  if (of === undefined) return UNKNOWN;
  const code = checker.check(of, scope);
  if (!expectKind(checker, of, code, ["string", "number", "bool"])) return UNKNOWN;
  const { string } = code.shape;
  return unary(code, string === null ? stringShape({}) : { ...NEVER, string }, textOf);
}

function textOf(value: RuleValue): string {
  return typeof value === "string" || typeof value === "boolean" ? String(value) : textOfNum(value as Num);
}
