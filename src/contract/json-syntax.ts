import { parseTree, printParseErrorCode, type Node, type ParseError } from "jsonc-parser";
import { faultAt, type Fault, type Place } from "./fault.ts";
import type { SourceText } from "./source-text.ts";

const STRICT = "Write strict JSON: no comments, no trailing commas, no key twice";

/** The fault for a schema file that is not strict JSON. */
export function notStrict(place: Place, message: string, remedy: string = STRICT): Fault {
  return faultAt(place, "SIG-C-020", message, remedy);
}

/**
 * Every syntax error and every repeated key, in words for the likely mistake. Only the first error of a line is reported, since
 * it causes the others.
 */
export function syntaxFaults(source: SourceText): readonly Fault[] {
  const { text } = source;
  if (text.trim() === "")
    return [notStrict(source.place(0), "Not JSON: the file is empty", 'Write a schema, as { "type": "object" }')];
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
  const faults: Fault[] = [];
  for (const { error, offset } of errors) {
    const place = source.place(offset);
    const code = printParseErrorCode(error);
    // "EndOfFileExpected" after another error is only a consequence of that error.
    if (faults.some(({ line }) => line === place.line) || (code === "EndOfFileExpected" && faults.length > 0)) continue;
    const { words, remedy } = describe(code, text, offset);
    faults.push(notStrict(place, `Not JSON: ${words}`, remedy));
  }
  if (root !== undefined) repeatedKeys(root, source, faults);
  return faults;
}

function describe(code: string, text: string, offset: number): { readonly words: string; readonly remedy: string } {
  const before = text.slice(0, offset).trimEnd();
  const at = text.slice(offset).trimStart();
  if (code === "InvalidCommentToken") return { words: "a comment", remedy: "Remove it; a note is written as $comment" };
  if (at.startsWith("'")) return { words: "a text in single quotes", remedy: "Put texts and names into double quotes" };
  if (before.endsWith(",") && /^[}\]]/.test(at))
    return { words: "a comma with nothing behind it", remedy: "Remove the comma" };
  if (offset === offsetOfFirstCharacter(text) && /^[A-Za-z$"][\w$" -]*:/.test(at))
    return { words: "it looks like YAML", remedy: "Write the schema as JSON; only contract.yaml is YAML" };
  if (/^(?:True|False|None|NaN|-?Infinity|undefined)\b/.test(at))
    return { words: "a word that is no JSON", remedy: "Write true, false, null or a number" };
  if (code === "CommaExpected") return { words: "a comma is missing", remedy: "Put a comma between the two" };
  if (code === "PropertyNameExpected" || (code === "InvalidSymbol" && /^[A-Za-z_$]/.test(at)))
    return { words: "a name without quotes", remedy: "Put texts and names into double quotes" };
  if (code === "CloseBraceExpected" || code === "CloseBracketExpected")
    return { words: `a ${code === "CloseBraceExpected" ? "}" : "]"} is missing`, remedy: "Close what was opened" };
  return { words: inWords(code), remedy: STRICT };
}

function offsetOfFirstCharacter(text: string): number {
  return text.length - text.trimStart().length;
}

function repeatedKeys(node: Node, source: SourceText, faults: Fault[]): void {
  const seen = new Set<string>();
  for (const child of node.children ?? []) {
    const key = keyOf(child);
    if (key !== null && seen.has(key)) {
      const message = `The key "${key}" stands twice in one object`;
      faults.push(notStrict(source.place(child.offset), message, "Keep one of the two"));
    }
    if (key !== null) seen.add(key);
    repeatedKeys(child, source, faults);
  }
}

/** The name of a member; null of anything else. */
export function keyOf(property: Node): string | null {
  if (property.type !== "property") return null;
  const key: unknown = property.children?.[0]?.value;
  return typeof key === "string" ? key : null;
}

/** `ColonExpected` -> "colon expected". */
function inWords(code: string): string {
  return code
    .replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .replace(/^[A-Z]/, (letter) => letter.toLowerCase());
}
