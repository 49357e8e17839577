import { itemsOf, namesMax } from "./access.ts";
import {
  expectCheap,
  expectKind,
  innermost,
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
  type Variable,
} from "./checker.ts";
import { assume, keyOf } from "./assumptions.ts";
import { narrowed } from "./narrowing.ts";
import { BOOL, listShape, numberShape, STRING, type Shape } from "./shape.ts";
import type { Call, Expr } from "./syntax.ts";
import { isList, type RuleValue } from "./value.ts";

/** The most nested loops. */
const LOOPS_MAX = 10;

/** Calls `visit` with one item after another, until it returns false. */
type Each = (payload: RuleValue, visit: (item: RuleValue) => boolean) => void;

/** An opened loop: its data, and the scope of the expressions inside it. */
type Loop = {
  readonly data: Code;
  readonly scope: Scope;
  readonly level: number;
  /** The key of the variable. */
  readonly key: string;
  readonly each: Each;
  /** The shape of one item. */
  readonly item: Shape;
};

/** Opens a loop over a list, or over the names of an object; null after a finding. */
function openLoop(checker: Checker, call: Call, target: Expr, scope: Scope): Loop | null {
  const [binder] = call.args;
  const data = checker.check(target, scope);
  if (!expectKind(checker, target, data, ["list", "object"])) return null;
  if (binder?.kind !== "name" || binder.name === "payload") {
    refuse(checker, "unusable", binder?.start ?? call.start, {
      message: `${call.name}() needs a name for the item first, other than payload`,
      remedy: `Write ${written(checker, target)}.${call.name}(x, ...)`,
    });
    return null;
  }
  if (scope.level >= LOOPS_MAX) {
    refuse(checker, "too-costly", call.start, {
      message: `More than ${LOOPS_MAX} loops stand in one another`,
      remedy: "Split the rule",
    });
    return null;
  }
  const isOverNames = data.shape.object !== null;
  const level = scope.level + 1;
  const cell: { item: RuleValue } = { item: null };
  const item = isOverNames ? STRING : itemsOf(data.shape);
  const key = `${binder.name}#${level}`;
  const variable: Variable = {
    key,
    shape: item,
    loops: 1 << level,
    run: () => cell.item,
    namesOf: isOverNames ? keyOf(target, scope, checker.root) : null,
  };
  const { epochs } = checker;
  epochs[level] ??= 0;
  const { run } = data;
  const each: Each = (payload, visit) => {
    const values = run(payload);
    const items = isList(values) ? values : Object.keys(values as object);
    for (const value of items) {
      cell.item = value;
      epochs[level] = (epochs[level] ?? 0) + 1;
      if (!visit(value)) break;
    }
    cell.item = null;
  };
  const variables = new Map(scope.variables).set(binder.name, variable);
  return { data, level, key, each, item, scope: { ...scope, variables, level } };
}

/** The cost of a loop and the loops it depends on, including its body; null after a finding. */
function closeLoop(
  checker: Checker,
  call: Call,
  { data, level }: Loop,
  bodies: readonly Code[],
  scope: Scope,
): Pick<Code, "loops" | "work"> | null {
  const loops = loopsOf([data, ...bodies]) & ~(1 << level);
  // A loop that does not depend on the loop around it is computed once, not for each of its items.
  const isOnce = innermost(loops) < scope.level;
  const isAgain = !isOnce && innermost(data.loops) < scope.level;
  const { list, object } = data.shape;
  const passes = list?.max ?? (object === null ? 1 : namesMax(object));
  const work = Math.max(data.work, workOf(bodies) * (isAgain ? passes : 1));
  return expectCheap(checker, call, work) ? { loops, work: isOnce ? 1 : work } : null;
}

type Quantifier = (each: Each, holds: Evaluate) => Evaluate;

const QUANTIFIERS: ReadonlyMap<string, Quantifier> = new Map<string, Quantifier>([
  [
    "all",
    (each, holds) => (payload) => {
      let all = true;
      each(payload, () => (all = holds(payload) === true));
      return all;
    },
  ],
  [
    "exists",
    (each, holds) => (payload) => {
      let found = false;
      each(payload, () => !(found = holds(payload) === true));
      return found;
    },
  ],
  [
    "exists_one",
    (each, holds) => (payload) => {
      let count = 0;
      each(payload, () => holds(payload) !== true || (count += 1) < 2);
      return count === 1;
    },
  ],
  [
    "count",
    (each, holds) => (payload) => {
      let count = 0;
      each(payload, () => {
        if (holds(payload) === true) count += 1;
        return true;
      });
      return count;
    },
  ],
  [
    "filter",
    (each, holds) => (payload) => {
      const kept: RuleValue[] = [];
      each(payload, (item) => {
        if (holds(payload) === true) kept.push(item);
        return true;
      });
      return kept;
    },
  ],
]);

/** Checks `all`, `exists`, `exists_one`, `count` and `filter` with a condition. */
export function checkQuantifier(checker: Checker, call: Call, target: Expr, scope: Scope): Code {
  const quantifier = QUANTIFIERS.get(call.name);
  const loop = openLoop(checker, call, target, scope);
  const [, body] = call.args;
  if (loop === null || body === undefined || quantifier === undefined) return UNKNOWN;
  const holds = checker.check(body, loop.scope);
  if (!expectKind(checker, body, holds, ["bool"])) return UNKNOWN;
  const cost = closeLoop(checker, call, loop, [holds], scope);
  if (cost === null) return UNKNOWN;
  const there = assume(checker, body, true, loop.scope);
  const item = narrowed(loop.item, loop.key, there);
  return { ...cost, shape: shapeOfQuantifier(call.name, item, loop), run: quantifier(loop.each, holds.run) };
}

function shapeOfQuantifier(name: string, item: Shape, { data }: Loop): Shape {
  if (name === "count") return numberShape({ whole: true });
  return name === "filter" ? listShape({ items: () => item, max: sizeMax(data.shape) }) : BOOL;
}

function sizeMax({ list, object }: Shape): number {
  return list?.max ?? (object === null ? Infinity : namesMax(object));
}

/** Checks `map(x, value)`, and `map(x, condition, value)` for the items for which the condition holds. */
export function checkMap(checker: Checker, call: Call, target: Expr, scope: Scope): Code {
  const loop = openLoop(checker, call, target, scope);
  const [, first, second] = call.args;
  if (loop === null || first === undefined) return UNKNOWN;
  const condition = second === undefined ? null : checker.check(first, loop.scope);
  if (condition !== null && !expectKind(checker, first, condition, ["bool"])) return UNKNOWN;
  const known = condition === null ? loop.scope : assume(checker, first, true, loop.scope);
  const value = checker.check(second ?? first, known);
  if (isUnknown(value)) return UNKNOWN;
  const cost = closeLoop(checker, call, loop, condition === null ? [value] : [condition, value], scope);
  if (cost === null) return UNKNOWN;
  const { each, data } = loop;
  const [holds, run] = [condition?.run ?? null, value.run];
  const min = condition === null ? (data.shape.list?.min ?? 0) : 0;
  return {
    ...cost,
    shape: listShape({ items: () => value.shape, min, max: sizeMax(data.shape) }),
    run: (payload) => {
      const made: RuleValue[] = [];
      each(payload, () => {
        if (holds === null || holds(payload) === true) made.push(run(payload));
        return true;
      });
      return made;
    },
  };
}

/** Checks `cel.bind(name, value, expression)`, which gives a value a name. */
export function checkBind(checker: Checker, call: Call, scope: Scope): Code {
  const [binder, of, body] = call.args;
  if (binder?.kind !== "name" || binder.name === "payload" || of === undefined || body === undefined) {
    return refuse(checker, "unusable", call.start, {
      message: "cel.bind() needs a name, its value and an expression",
      remedy: "Write cel.bind(total, sum(prices), total > 10 && total < 20)",
    });
  }
  const value = checker.check(of, scope);
  if (isUnknown(value)) return UNKNOWN;
  const cell: { value: RuleValue } = { value: null };
  const { shape, loops } = value;
  // The key contains the position in the text, which no other variable has.
  const variable: Variable = {
    key: `${binder.name}@${binder.start}`,
    shape,
    loops,
    run: () => cell.value,
    namesOf: null,
  };
  const inside = checker.check(body, { ...scope, variables: new Map(scope.variables).set(binder.name, variable) });
  if (isUnknown(inside)) return UNKNOWN;
  const [make, run] = [value.run, inside.run];
  return {
    shape: inside.shape,
    loops: loopsOf([value, inside]),
    work: workOf([value, inside]),
    run: (payload) => {
      cell.value = make(payload);
      return run(payload);
    },
  };
}
