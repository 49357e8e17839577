import type { FindingKind, RuleFinding, RulePattern } from "./finding.ts";
import { describeShape, kindNames, NEVER, onlyKind, type Kind, type Shape } from "./shape.ts";
import type { Expr } from "./syntax.ts";
import type { RuleValue } from "./value.ts";

/** Computes a value from a payload. Variables are read from the cells that their loops set. */
export type Evaluate = (payload: RuleValue) => RuleValue;

/** A checked expression: the shape of its value, and the function that computes it. */
export type Code = {
  readonly shape: Shape;
  readonly run: Evaluate;
  /** The loops whose variables the expression reads: bit n for the loop of level n. 0: it depends on the payload only. */
  readonly loops: number;
  /** How many times at most a part of it scans the same data, for one item of its innermost loop. */
  readonly work: number;
  /** The value of a literal. */
  readonly constant?: RuleValue;
};

/** A variable of a loop or of cel.bind(). */
export type Variable = {
  /** The key; no other variable in scope has it. */
  readonly key: string;
  readonly shape: Shape;
  readonly loops: number;
  readonly run: Evaluate;
  /** The key of the object whose names it iterates over, or null. */
  readonly namesOf: string | null;
};

/** What is known at an expression. */
export type Scope = {
  readonly variables: ReadonlyMap<string, Variable>;
  /** By the key of an expression: the shape that surrounding conditions have shown. */
  readonly facts: ReadonlyMap<string, Shape>;
  /** The keys of the fields that conditions have shown to be present. */
  readonly present: ReadonlySet<string>;
  /** The number of loops around the expression. */
  readonly level: number;
};

/** The state of checking one rule. */
export type Checker = {
  readonly source: string;
  readonly root: Shape;
  readonly findings: RuleFinding[];
  readonly patterns: RulePattern[];
  /**
   * A counter for each level, incremented with each payload (0) and each item of a loop, which invalidates values cached for
   * the previous one.
   */
  readonly epochs: number[];
  /** Functions that clear the values cached for one payload. */
  readonly forget: (() => void)[];
  readonly check: (expr: Expr, scope: Scope) => Code;
  /** The last code of each expression. */
  readonly codes: Map<Expr, Code>;
};

const UNKNOWN_SHAPE: Shape = { ...NEVER };

/** The code of an expression that has a finding. It causes no further findings. */
export const UNKNOWN: Code = {
  shape: UNKNOWN_SHAPE,
  loops: 0,
  work: 1,
  run: () => {
    throw new Error("A rule that was refused is not evaluated");
  },
};

export function isUnknown(code: Code): boolean {
  return code.shape === UNKNOWN_SHAPE;
}

export type Report = Omit<RuleFinding, "kind" | "position">;

/** Adds a finding. */
export function refuse(checker: Checker, kind: FindingKind, position: number, report: Report): Code {
  checker.findings.push({ kind, position, ...report });
  return UNKNOWN;
}

const TEXT_MAX = 60;

/** The source text of an expression, for messages. */
export function written(checker: Checker, expr: Expr): string {
  const text = checker.source.slice(expr.start, expr.end).replaceAll(/\s+/g, " ");
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX - 3)}...` : text;
}

const KIND_WORDS: Readonly<Record<Kind, string>> = {
  null: "null",
  bool: "true or false",
  number: "a number",
  string: "a text",
  list: "a list",
  object: "an object",
  instant: "an instant",
  date: "a date",
  duration: "a duration",
};

/** Whether an expression can only be of one of the wanted kinds; adds a finding when not. */
export function expectKind(checker: Checker, expr: Expr, code: Code, wanted: readonly Kind[]): boolean {
  if (isUnknown(code)) return false;
  const kind = onlyKind(code.shape);
  if (kind !== null && wanted.includes(kind)) return true;
  const text = written(checker, expr);
  if (isNothing(code.shape)) return refuseNothing(checker, expr);
  const words = wanted.map((one) => KIND_WORDS[one]).join(" or ");
  const message = `${text} is ${describeShape(code.shape)}, and ${words} is needed`;
  refuse(checker, "wrong-type", expr.start, { message, remedy: remedyFor(text, code, wanted) });
  return false;
}

/** Whether no value has this shape. */
export function isNothing(shape: Shape): boolean {
  return kindNames(shape).length === 0;
}

/** Adds the finding that an expression is never reached. */
export function refuseNothing(checker: Checker, expr: Expr): false {
  refuse(checker, "wrong-type", expr.start, {
    message: `${written(checker, expr)} never has a value here`,
    remedy: "Correct the conditions around it, which exclude each other, or the schema, which allows no value",
  });
  return false;
}

const JSON_TYPES: Readonly<Partial<Record<Kind, string>>> = {
  bool: "boolean",
  number: "number",
  string: "string",
  list: "array",
  object: "object",
};

function remedyFor(text: string, { shape, constant }: Code, wanted: readonly Kind[]): string {
  const kind = onlyKind({ ...shape, null: false });
  if (shape.null && kind !== null && wanted.includes(kind)) {
    return `Guard it, as in ${text} == null || ..., or leave null out of its type in the schema`;
  }
  const types = wanted.map((one) => JSON_TYPES[one]).filter((type) => type !== undefined);
  if (kind === null && types.length > 0) {
    const guard = wanted.includes("object") ? "" : `, or guard it with type(${text})`;
    return `Say "type": "${types[0]}" for it in the schema${guard}`;
  }
  if (typeof constant === "string" && wanted.includes("number")) return "Write a number without quotes";
  if (typeof constant === "number" && wanted.includes("string")) return "Write a text in quotes";
  if (kind === "list" && wanted.includes("string")) return `Ask a list with "x" in ${text}, exists() or all()`;
  if (kind === "instant" && wanted.includes("date")) return `Write date(${text}): its day in UTC`;
  if (kind === "string" && wanted.includes("number")) {
    return `Correct its type in the schema; or, where the text holds a decimal number, write decimal(${text})`;
  }
  if (kind === "string" && (wanted.includes("instant") || wanted.includes("date"))) {
    return `Write timestamp(${text}) or date(${text}), with the format in the schema`;
  }
  return "Correct the expression, or the type in the schema";
}

/** Adds the finding that two kinds cannot be combined. */
export function clash(checker: Checker, expr: Expr, left: string, right: string): Code {
  const message = `${written(checker, expr)}: ${left} and ${right} cannot be put together`;
  return refuse(checker, "wrong-type", expr.start, {
    message,
    remedy: "Bring both sides to one type, or correct the type in the schema",
  });
}

export function loopsOf(codes: readonly Code[]): number {
  return codes.reduce((loops, code) => loops | code.loops, 0);
}

/**
 * The level of the innermost of some loops. A value that depends only on an outer loop is computed once for each item of that
 * loop.
 */
export function innermost(loops: number): number {
  return 31 - Math.clz32(loops | 1);
}

export function workOf(codes: readonly Code[]): number {
  return codes.reduce((work, code) => Math.max(work, code.work), 1);
}

/** Caches a value while the item of its loop, or the payload, stays the same. */
export function keep<Value>(
  checker: Checker,
  level: number,
  make: (payload: RuleValue) => Value,
): (payload: RuleValue) => Value {
  const { epochs } = checker;
  let epoch = -1;
  let kept: Value | null = null;
  checker.forget.push(() => {
    epoch = -1;
    kept = null;
  });
  return (payload) => {
    if (epoch !== epochs[level] || kept === null) {
      kept = make(payload);
      epoch = epochs[level] ?? 0;
    }
    return kept;
  };
}

/** The most scans of the same data for one item of a loop: 1,000 of them take about a millisecond. */
const WORK_MAX = 1_000;

/** Adds a finding when an expression would scan the same data for every item of a loop. */
export function expectCheap(checker: Checker, expr: Expr, work: number): boolean {
  if (work <= WORK_MAX) return true;
  refuse(checker, "too-costly", expr.start, {
    message: `${written(checker, expr)} goes through the same data again for every item of the loop around it`,
    remedy: `Ask a set, as in a.id in others.map(b, b.id) or distinct(); or bound the data with "maxItems" or "maxLength" (together at most ${WORK_MAX} in the schema)`,
  });
  return false;
}
