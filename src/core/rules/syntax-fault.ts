/** Why an expression does not parse, and what to do. */
export type SyntaxFault = { readonly message: string; readonly position: number; readonly remedy: string };

const SYMBOLS: Readonly<Record<string, string>> = {
  LPAREN: '"("',
  RPAREN: '")"',
  LBRACKET: '"["',
  RBRACKET: '"]"',
  LBRACE: '"{"',
  RBRACE: '"}"',
  COLON: '":"',
  COMMA: '","',
  QUESTION: '"?"',
  DOT: '"."',
  IDENTIFIER: "a name",
  NUMBER: "a number",
  STRING: "a text",
  EOF: "the end",
};

/** Frequent mistakes of people who know another language, recognised by the text at which the parser stopped. */
const HABITS: readonly (readonly [at: RegExp, remedy: string])[] = [
  [/^(?:and|AND)\b/, "Write && for and"],
  [/^(?:or|OR)\b/, "Write || for or"],
  [/^(?:not|NOT)\b/, "Write ! before what is denied"],
  [/^(?:is|equals)\b/, "Write == to compare"],
  [
    /^(?:matches|contains|startsWith|endsWith|like)\b/i,
    'Write a function of a text with a point and brackets, as in name.startsWith("x")',
  ],
  [/^=/, "Write == to compare, and != for unequal"],
  [/^&/, "Write && for and"],
  [/^\|/, "Write || for or"],
  [/^;/, "Leave the ; out: a rule is one expression"],
  [/^\?/, "Ask with has(payload.name) whether a field is there"],
  [/^[\u2018\u2019\u201c\u201d\u00ab\u00bb]/, 'Write straight quotes, as in "x"'],
  [/^\.\d/, "Write a 0 before the point, as in 0.5"],
  [/^,\d/, "Write a number without separators"],
  [/^(?:\$|\P{ASCII})/u, 'Write a field with other letters as in payload["größe"]'],
];

/** Describes an error of the parser for people. */
export function syntaxFault(source: string, said: string, position: number): SyntaxFault {
  const rest = source.slice(position);
  if (source.trim() === "")
    return { message: "It is empty", position: 0, remedy: "Write an expression that yields true or false" };
  if (said.endsWith("EOF")) {
    const [, expected] = /^Expected (\w+)/.exec(said) ?? [];
    const missing = expected === undefined ? "a value" : (SYMBOLS[expected] ?? expected);
    return { message: `It ends too early: ${missing} is missing`, position, remedy: "Complete the expression" };
  }
  const [, reserved] = /^Reserved identifier: (\w+)/.exec(said) ?? [];
  if (reserved !== undefined) {
    return {
      message: `${reserved} is a reserved word`,
      position,
      remedy: `Write payload.${reserved} for the field, or a ? b : c for a condition`,
    };
  }
  if (said.startsWith("Invalid number")) {
    return {
      message: "The number is larger than any double",
      position,
      remedy: "Write a number that a payload can hold",
    };
  }
  if (said.includes("iteration variable")) {
    return { message: "A name for the item is missing", position, remedy: "Write it first, as in list.all(x, x > 0)" };
  }
  if (/\bin\s*\([^()]*$/.test(source.slice(0, position)) && rest.startsWith(",")) {
    return { message: 'Unexpected ","', position, remedy: "Write a list in square brackets, as in x in [1, 2]" };
  }
  if (source[position - 1] === "<" && rest.startsWith(">")) {
    return { message: "<> is no operator", position: position - 1, remedy: "Write != for unequal" };
  }
  return { message: inWords(said, source, position), position, remedy: habitAt(source, position) };
}

function habitAt(source: string, position: number): string {
  const [before = ""] = /[A-Za-z]+\s+$/.exec(source.slice(0, position)) ?? [];
  const texts = [source.slice(position), `${before}${source.slice(position)}`];
  const found = HABITS.find(([at]) => texts.some((text) => at.test(text)));
  return found?.[1] ?? "Correct the expression; see docs/rules.md for what a rule may say";
}

function inWords(said: string, source: string, position: number): string {
  if (!said.startsWith("Unexpected")) return said.replaceAll(/\b[A-Z]{2,}\b/g, (name) => SYMBOLS[name] ?? name);
  const [word = ""] = /^(?:\w+|[^])/u.exec(source.slice(position)) ?? [];
  return `Unexpected "${word}"`;
}
