import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { parseArgs } from "node:util";

/** What an argument may be. `parse` answers null for any other text, and `is` says what was wanted. */
type Argument<Value> = {
  /** Null: it has to be given. */
  readonly byDefault: Value | null;
  readonly is: string;
  readonly parse: (text: string) => Value | null;
};

type Arguments<Values> = { readonly [Key in keyof Values]: Argument<Values[Key]> };

/** A whole number. */
export function wholeNumber(byDefault: number | null, min = 1): Argument<number> {
  const parse = (given: string): number | null =>
    numberOf(given, (number) => Number.isSafeInteger(number) && number >= min);
  return { byDefault, is: `a whole number from ${min}`, parse };
}

/** A number above 0. */
export function amount(byDefault: number): Argument<number> {
  return { byDefault, is: "a number above 0", parse: (given) => numberOf(given, (number) => number > 0) };
}

/** A part of the whole, from 0 to 1. */
export function fraction(byDefault: number): Argument<number> {
  return { byDefault, is: "a number from 0 to 1", parse: (given) => numberOf(given, (number) => number <= 1) };
}

/** Numbers, separated by commas, each of which another kind of argument takes. */
export function several(byDefault: readonly number[], { is, parse }: Argument<number>): Argument<readonly number[]> {
  const all = (given: string): readonly number[] | null => {
    const numbers = given.split(",").map(parse);
    return numbers.every((one) => one !== null) ? numbers : null;
  };
  return { byDefault, is: `${is}, or several separated by commas`, parse: all };
}

/** A text of a form. */
export function someText(byDefault: string | null, form: RegExp = /./): Argument<string> {
  return { byDefault, is: `a text as ${form.source}`, parse: (given) => (form.test(given) ? given : null) };
}

/** One of some names; the first where none is given. */
export function oneOf<const Name extends string>(first: Name, ...others: readonly Name[]): Argument<Name> {
  const names = [first, ...others];
  return {
    byDefault: first,
    is: `one of ${names.join(", ")}`,
    parse: (given) => names.find((name) => name === given) ?? null,
  };
}

/** An option without a value. */
export function flag(): Argument<boolean> {
  return { byDefault: false, is: "nothing", parse: () => true };
}

/** The arguments of this program, each at its place; a wrong one, or one too many, ends it with one line and exit code 2. */
export function readArguments<Placed extends readonly unknown[]>(...placed: Arguments<Placed>): Placed {
  return read(placed, process.argv.slice(2));
}

/**
 * The options of this program by their names (`--turns 3`), and the arguments between them; a wrong one, or one too many, ends it with one
 * line and exit code 2.
 */
export function readOptions<Named extends object, Placed extends readonly unknown[] = []>(
  named: Arguments<Named>,
  ...placed: Arguments<Placed>
): Named & { readonly placed: Placed } {
  const rows = Object.entries<Argument<unknown>>(named);
  const isFlag = ({ byDefault }: Argument<unknown>): boolean => typeof byDefault === "boolean";
  const options = Object.fromEntries(
    rows.map(([name, row]) => [name, { type: isFlag(row) ? ("boolean" as const) : ("string" as const) }]),
  );
  let given;
  try {
    given = parseArgs({ options, allowPositionals: true });
  } catch (error) {
    return fail((error as Error).message.split(". ", 1)[0] ?? "");
  }
  const values = rows.map(([name, row]) => [name, valueOf(row, given.values[name]?.toString())]);
  return { ...(Object.fromEntries(values) as Named), placed: read(placed, given.positionals) };
}

function read<Placed extends readonly unknown[]>(placed: Arguments<Placed>, given: readonly string[]): Placed {
  const rows: readonly Argument<unknown>[] = placed;
  if (given.length > rows.length) return fail(`"${given[rows.length]}" is one argument too many`);
  // Each value is of the type of its row: parsed by it, or its default.
  return rows.map((row, index) => valueOf(row, given[index])) as readonly unknown[] as Placed;
}

function valueOf<Value>({ byDefault, is, parse }: Argument<Value>, given: string | undefined): Value {
  if (given === undefined) return byDefault ?? fail(`${is} is missing`);
  return parse(given) ?? fail(`"${given}" is not ${is}`);
}

function numberOf(given: string, isRight: (number: number) => boolean): number | null {
  return /^\d{1,15}(?:\.\d{1,15})?$/.test(given) && isRight(Number(given)) ? Number(given) : null;
}

/** How the program is started is said in its head. */
function fail(why: string): never {
  const program = process.argv[1] ?? "";
  const head = new RegExp(`^// (.*\\bnode .*bench/${basename(program)}.*?)(?: {2,}.*)?$`, "m");
  const [, usage = ""] = head.exec(readFileSync(program, "utf8")) ?? [];
  process.stderr.write(`Cannot run bench/${basename(program)}: ${why}; ${usage}\n`);
  process.exit(2);
}
