import { partsOf, simple, unary, type Builtin } from "./builtin.ts";
import { expectKind, isUnknown, refuse, UNKNOWN, written, type Checker, type Code, type Scope } from "./checker.ts";
import { addNums, compareNums, type Num } from "./exact.ts";
import { checkMap, checkQuantifier } from "./loops.ts";
import {
  anyItem,
  BOOL,
  describeShape,
  kindNames,
  listShape,
  numberShape,
  onlyKind,
  type Kind,
  type Shape,
} from "./shape.ts";
import type { Call, Expr } from "./syntax.ts";
import { compareTexts, isList, keyOfValue, sizeOfText, type RuleValue } from "./value.ts";

/** Functions of lists. */
export const LIST_FUNCTIONS: readonly Builtin[] = [
  loop("all", "list.all(x, condition)", "Whether the condition holds for every item; true for none", checkQuantifier),
  loop("exists", "list.exists(x, condition)", "Whether it holds for an item; false for none", checkQuantifier),
  loop("exists_one", "list.exists_one(x, condition)", "Whether it holds for exactly one item", checkQuantifier),
  loop("filter", "list.filter(x, condition)", "The items for which it holds", checkQuantifier),
  {
    ...loop(
      "map",
      "list.map(x, value)",
      "A value for each item; with a condition between them, for each item for which it holds",
      checkMap,
    ),
    arity: [3, 4],
  },
  {
    name: "count",
    form: "list.count(x, condition)",
    meaning: "How many items it holds for; `count(list)` counts all",
    style: "either",
    arity: [1, 3],
    check: checkCount,
  },
  simple({
    name: "size",
    form: "size(x)",
    meaning: "The number of items of a list, fields of an object, or characters of a text",
    style: "either",
    kinds: [["list", "object", "string"]],
    shape: ([code]) => numberShape({ whole: true, nonZero: (code?.shape.list?.min ?? 0) > 0 }),
    run: sizeOf,
  }),
  {
    name: "sum",
    form: "sum(numbers)",
    meaning: "The exact sum; 0 for none. Also of durations",
    style: "either",
    arity: [1, 1],
    check: (checker, _call, [of], scope) => {
      const list = itemsOfKind(checker, of, ["number", "duration"], scope);
      return list === null
        ? UNKNOWN
        : unary(list.code, sumShape(list.item), (values) => sumOf(values as readonly Num[]));
    },
  },
  extreme("min", "The least of a list of numbers, texts, instants, dates or durations that has an item", -1),
  extreme("max", "The greatest of them", 1),
  {
    name: "distinct",
    form: "list.distinct()",
    meaning: "The list without items that stand in it before; numbers by value, objects by content",
    style: "either",
    arity: [1, 1],
    check: (checker, _call, [of], scope) => {
      const [code] = of === undefined ? [] : (partsOf(checker, [of], [["list"]], scope) ?? []);
      const list = code?.shape.list;
      if (code === undefined || list === null || list === undefined) return UNKNOWN;
      const shape = listShape({ items: () => anyItem(list), min: Math.min(list.min, 1), max: list.max });
      return unary(code, shape, (values) => distinct(values as readonly RuleValue[]));
    },
  },
  {
    name: "isSorted",
    form: "list.isSorted()",
    meaning: "Whether each item is at least as great as the one before",
    style: "either",
    arity: [1, 1],
    check: (checker, _call, [of], scope) => {
      const list = itemsOfKind(checker, of, ORDERED, scope);
      if (list === null) return UNKNOWN;
      const compare = comparison(list.item);
      return unary(list.code, BOOL, (values) => {
        const items = values as readonly RuleValue[];
        return items.every((item, at) => at === 0 || compare(items[at - 1] as RuleValue, item) <= 0);
      });
    },
  },
];

const ORDERED: readonly Kind[] = ["number", "string", "instant", "date", "duration"];

function loop(
  name: string,
  form: string,
  meaning: string,
  check: (checker: Checker, call: Call, target: Expr, scope: Scope) => Code,
): Builtin {
  return {
    name,
    form,
    meaning,
    style: "method",
    arity: [3, 3],
    check: (checker, call, [target], scope) => (target === undefined ? UNKNOWN : check(checker, call, target, scope)),
  };
}

function checkCount(checker: Checker, call: Call, parts: readonly Expr[], scope: Scope): Code {
  const [of] = parts;
  if (of === undefined) return UNKNOWN;
  if (call.target !== null && call.args.length === 2) return checkQuantifier(checker, call, of, scope);
  if (parts.length > 1) {
    return refuse(checker, "unusable", call.start, {
      message: "count() takes a list, or a name and a condition after a list",
      remedy: "Write count(list) or list.count(x, condition)",
    });
  }
  const code = checker.check(of, scope);
  if (!expectKind(checker, of, code, ["list"])) return UNKNOWN;
  return unary(code, numberShape({ whole: true, nonZero: (code.shape.list?.min ?? 0) > 0 }), sizeOf);
}

function sizeOf(value: RuleValue): number {
  if (typeof value === "string") return sizeOfText(value);
  return isList(value) ? value.length : Object.keys(value as object).length;
}

/** Checks that an expression is a list with items of one of some kinds, or a list that is always empty; null after a finding. */
function itemsOfKind(
  checker: Checker,
  of: Expr | undefined,
  wanted: readonly Kind[],
  scope: Scope,
): { readonly code: Code; readonly item: Shape } | null {
  if (of === undefined) return null;
  const code = checker.check(of, scope);
  if (isUnknown(code) || !expectKind(checker, of, code, ["list"]) || code.shape.list === null) return null;
  const item = anyItem(code.shape.list);
  const kind = onlyKind(item);
  if ((kind !== null && wanted.includes(kind)) || kindNames(item).length === 0) return { code, item };
  const text = written(checker, of);
  refuse(checker, "wrong-type", of.start, {
    message: `The items of ${text} are ${describeShape(item)}`,
    remedy: remedyForItems(text, item, wanted),
  });
  return null;
}

function remedyForItems(text: string, item: Shape, wanted: readonly Kind[]): string {
  const kind = onlyKind({ ...item, null: false });
  if (item.null && kind !== null && wanted.includes(kind)) {
    return `Leave null out with ${text}.filter(x, x != null), or in the schema`;
  }
  if (kind === null) return 'Say their "type" under "items" in the schema';
  if (kind === "string") {
    return `Where they hold decimal numbers, write ${text}.map(x, decimal(x)); else correct their type in the schema`;
  }
  return `Choose what is meant of each, as in ${text}.map(x, x.amount), or correct their type in the schema`;
}

function sumShape(item: Shape): Shape {
  if (item.computed !== null) return item;
  return numberShape({ whole: item.number?.whole ?? true, degree: item.number?.degree ?? 0 });
}

function sumOf(values: readonly Num[]): Num {
  return values.reduce(addNums, 0);
}

function extreme(name: "min" | "max", meaning: string, side: 1 | -1): Builtin {
  return {
    name,
    form: `${name}(list)`,
    meaning,
    style: "either",
    arity: [1, 1],
    check: (checker, _call, [of], scope) => {
      const list = itemsOfKind(checker, of, ORDERED, scope);
      if (list === null || of === undefined) return UNKNOWN;
      const text = written(checker, of);
      if ((list.code.shape.list?.min ?? 0) < 1) {
        return refuse(checker, "may-be-missing", of.start, {
          message: `${text} may have no item, and then it has no ${name}`,
          remedy: `Guard it, as in size(${text}) == 0 || ..., or say "minItems": 1 in the schema`,
        });
      }
      const compare = comparison(list.item);
      return unary(list.code, list.item, (values) =>
        (values as readonly RuleValue[]).reduce((best, one) => (compare(one, best) * side > 0 ? one : best)),
      );
    },
  };
}

function comparison(item: Shape): (a: RuleValue, b: RuleValue) => number {
  if (item.string !== null) return (a, b) => compareTexts(a as string, b as string);
  return (a, b) => compareNums(a as Num, b as Num);
}

function distinct(values: readonly RuleValue[]): readonly RuleValue[] {
  const seen = new Set<string>();
  return values.filter((value) => {
    const key = keyOfValue(value);
    return seen.has(key) ? false : seen.add(key).size > 0;
  });
}
