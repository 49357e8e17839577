import { checkHas } from "./access.ts";
import type { Builtin, Documented } from "./builtin.ts";
import { isUnknown, refuse, UNKNOWN, written, type Checker, type Code, type Scope } from "./checker.ts";
import { LIST_FUNCTIONS } from "./list-functions.ts";
import { checkBind } from "./loops.ts";
import { NUMBER_FUNCTIONS } from "./number-functions.ts";
import type { Call, Expr } from "./syntax.ts";
import { TEXT_FUNCTIONS } from "./text-functions.ts";
import { TIME_FUNCTIONS } from "./time-functions.ts";

/** Functions that need the expression of their argument, not only its value. */
const SPECIAL: readonly Builtin[] = [
  {
    name: "has",
    form: "has(payload.a.b)",
    meaning: "Whether the field is there; false as well when what should hold it is missing, null or no object",
    style: "function",
    arity: [1, 1],
    check: (checker, call, _parts, scope) => checkHas(checker, call, scope),
  },
  {
    name: "type",
    form: "type(x) == int",
    meaning:
      "Whether it is of a type: `null_type`, `bool`, `int` (a whole number, 2.0 too), `double` (any number), `string`, `list`, `map`. Only with `==` and `!=`",
    style: "function",
    arity: [1, 1],
    check: (checker, call) =>
      refuse(checker, "unusable", call.start, {
        message: "type(x) is not compared with the name of a type",
        remedy: "Write type(x) == string; the types are null_type, bool, int, double, string, list and map",
      }),
  },
  {
    name: "dyn",
    form: "dyn(x)",
    meaning: "The same: types are checked here too",
    style: "function",
    arity: [1, 1],
    check: (checker, _call, [of], scope) => (of === undefined ? UNKNOWN : checker.check(of, scope)),
  },
  {
    name: "bind",
    form: "cel.bind(x, value, expression)",
    meaning: "The expression, in which `x` is the value",
    style: "function",
    arity: [3, 3],
    check: (checker, call, _parts, scope) => checkBind(checker, call, scope),
  },
];

/** Functions by subject, as docs/rules.md lists them. */
export const FUNCTION_GROUPS: Readonly<Record<string, readonly Builtin[]>> = {
  "Fields and types": SPECIAL,
  Numbers: NUMBER_FUNCTIONS,
  Texts: TEXT_FUNCTIONS,
  Lists: LIST_FUNCTIONS,
  "Instants, dates and durations": TIME_FUNCTIONS,
};

const FUNCTIONS: ReadonlyMap<string, Builtin> = new Map(
  Object.values(FUNCTION_GROUPS)
    .flat()
    .map((one) => [one.name, one]),
);

/** Operators by precedence, as docs/rules.md lists them. */
export const OPERATORS: readonly Documented[] = [
  {
    form: 'a.b, a[0], a["b"]',
    meaning: "A field; an item by an index that is written out; a field by a name, computed too",
  },
  { form: "!a, -a", meaning: "Not; the negative number or duration" },
  { form: "a * b", meaning: "The exact product" },
  {
    form: "a / b",
    meaning: "The exact quotient, where it has an end for certain; else inside `round`, `floor`, `ceil` or `trunc`",
  },
  { form: "a % b", meaning: "What is left over, with the sign of `a`; of decimals too" },
  {
    form: "a + b, a - b",
    meaning: "Exact sums; texts and lists joined; an instant and a duration; the time between two instants or dates",
  },
  {
    form: "a < b, a <= b, a > b, a >= b",
    meaning: "Order of numbers, of texts by code point, of instants, dates and durations",
  },
  { form: "a in b", meaning: "Whether a list has the item, or an object the field" },
  { form: "a == b, a != b", meaning: "Numbers by value, texts by character, lists and objects by content" },
  { form: "a && b", meaning: "Both; `b` is only asked when `a` is true, and knows that it is" },
  { form: "a || b", meaning: "One of them; `b` is only asked when `a` is false, and knows that it is" },
  { form: "a ? b : c", meaning: "One or the other; each knows how `a` turned out" },
  { form: '[a, b], {"name": a}', meaning: "A list; an object whose names are written out" },
];

export function checkCall(checker: Checker, call: Call, scope: Scope): Code {
  const isCel = call.target?.kind === "name" && call.target.name === "cel" && call.name === "bind";
  const found = FUNCTIONS.get(call.name);
  if (found === undefined || (found.name === "bind" && !isCel)) return unknownFunction(checker, call);
  if (isCel) return found.check(checker, call, call.args, scope);
  const wanted = found.style === "method";
  if (found.style !== "either" && wanted !== (call.target !== null)) return refuseForm(checker, call, found);
  const parts: readonly Expr[] = call.target === null ? call.args : [call.target, ...call.args];
  const [min, max] = found.arity;
  if (parts.length < min || parts.length > max) return refuseForm(checker, call, found);
  const code = found.check(checker, call, parts, scope);
  return isUnknown(code) ? UNKNOWN : code;
}

function refuseForm(checker: Checker, call: Call, { name, form }: Builtin): Code {
  return refuse(checker, "unusable", call.start, {
    message: `${written(checker, call)} is not how ${name} is written`,
    remedy: `Write it as in ${form}`,
  });
}

const REPLACED: Readonly<Record<string, string>> = {
  uint: "Numbers are exact and have no sizes: write int(x)",
  bytes: "JSON has no bytes: compare texts",
  bool: 'Compare the text, as in x == "true"',
  length: "Write size(x)",
  lenght: "Write size(x)",
  now: "A decision depends on the record alone: put the time into the payload",
};

function unknownFunction(checker: Checker, call: Call): Code {
  const { name } = call;
  return refuse(checker, "unknown-name", call.start, {
    message: `There is no function ${name}`,
    remedy:
      (Object.hasOwn(REPLACED, name) ? REPLACED[name] : undefined) ?? "See the functions a rule has in docs/rules.md",
    unknown: { name, among: [...FUNCTIONS.keys()] },
  });
}
