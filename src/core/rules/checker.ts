import type { FindingKind, RuleFinding, RulePattern } from "./finding.ts";
import { describeShape, kindNames, NEVER, onlyKind, type Kind, type Shape } from "./shape.ts";
import type { Expr } from "./syntax.ts";
import type { RuleValue } from "./value.ts";

/** Computes a value from a payload. Loop variables are read from the state of their loop. */
export type Evaluate = (payload: RuleValue) => RuleValue;

/** A checked expression: the shape of its value, and how to compute it. */
export type Code = {
  readonly shape: Shape;
  readonly run: Evaluate;
  /**
   * The loops whose variables it reads, as a bit mask: bit n for the loop of level n; 0 when it depends on the payload
   * alone.
   */
  readonly loops: number;
  /** Most passes of one part over the same data, for one item of the innermost loop. */
  readonly work: number;
  /** The value, when the expression is a literal. */
  readonly constant?: RuleValue;
};

/** A variable of a loop. */
export type Variable = {
  /** Unique among the variables in scope. */
  readonly key: string;
  readonly shape: Shape;
  readonly loops: number;
  readonly run: Evaluate;
  /** Key of the object whose names the loop iterates over; null for other variables. */
  readonly namesOf: string | null;
};

/** The variables and facts that are known at the place of an expression. */
export type Scope = {
  readonly variables: ReadonlyMap<string, Variable>;
  /** What surrounding conditions have shown of values, by the key of the expression. */
  readonly facts: ReadonlyMap<string, Shape>;
  /** Keys of the fields that conditions have shown to exist. */
  readonly present: ReadonlySet<string>;
  /** Number of loops around the expression. */
  readonly level: number;
};

/** One rule being checked. */
export type Checker = {
  readonly source: string;
  readonly root: Shape;
  readonly findings: RuleFinding[];
  readonly patterns: RulePattern[];
  /** Counters by loop level, raised with each payload (0) and each item of a loop, which invalidates cached values. */
  readonly epochs: number[];
  /** Functions that clear the values cached for one payload. */
  readonly forget: (() => void)[];
  readonly check: (expr: Expr, scope: Scope) => Code;
  /** The code of each expression from its latest check. */
  readonly codes: Map<Expr, Code>;
};

const UNKNOWN_SHAPE: Shape = { ...NEVER };

/** The code of an expression with a finding: it causes no further findings. */
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

/** The expression as written, for messages. */
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

/** Adds a finding unless an expression has exactly one of the wanted kinds; returns whether it has. */
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

/** Adds the finding that two kinds do not fit together. */
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

/** The innermost loop of a bit mask. An expression is computed once for each item of that loop. */
export function innermost(loops: number): number {
  return 31 - Math.clz32(loops | 1);
}

export function workOf(codes: readonly Code[]): number {
  return codes.reduce((work, code) => Math.max(work, code.work), 1);
}

/** Caches a computed value until the next item of its loop, or the next payload. */
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

/** Most passes over the same data for one item of a loop: 1,000 of them take about a millisecond. */
const WORK_MAX = 1_000;

/** Adds a finding when an expression would pass over the same data for every item of a loop. */
export function expectCheap(checker: Checker, expr: Expr, work: number): boolean {
  if (work <= WORK_MAX) return true;
  refuse(checker, "too-costly", expr.start, {
    message: `${written(checker, expr)} goes through the same data again for every item of the loop around it`,
    remedy: `Ask a set, as in a.id in others.map(b, b.id) or distinct(); or bound the data with "maxItems" or "maxLength" (together at most ${WORK_MAX} in the schema)`,
  });
  return false;
}
