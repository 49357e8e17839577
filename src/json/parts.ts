/** A member of an object, as indexes into its text; `to` is the index after the last character. */
export type Member = {
  /** The decoded name. */
  readonly name: string;
  /** Index of the name's opening quotation mark. */
  readonly start: number;
  readonly from: number;
  readonly to: number;
};

/** An item of a list, as indexes into its text. */
export type Item = Pick<Member, "from" | "to">;

/** The outermost parts of a JSON text; repeated names are kept. */
export type Parts =
  | { readonly kind: "object"; readonly members: readonly Member[] }
  | { readonly kind: "array"; readonly items: readonly Item[] }
  | { readonly kind: "scalar" };

const SPACE = /[ \t\n\r]*/y;
/** The loop is unrolled, so that a long string needs no backtracking stack. */
const STRING = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y;
const SCALAR = /[^\s,\]}]+/y;
/** Characters that open or close a container, or begin a string, which may hold such characters. */
const STRUCTURE = /["[\]{}]/g;

/**
 * Finds where the outermost parts of a text begin and end, without recursion and without parsing their content.
 * @param text JSON that `JSON.parse` has accepted; other text gives meaningless parts.
 */
export function partsOf(text: string, from = 0): Parts {
  let at = skip(SPACE, text, from);
  const open = text[at];
  if (open !== "{" && open !== "[") return { kind: "scalar" };
  const members: Member[] = [];
  const items: Item[] = [];
  at = skip(SPACE, text, at + 1);
  while (at < text.length && text[at] !== "}" && text[at] !== "]") {
    const start = at;
    let name = "";
    if (open === "{") {
      at = skip(STRING, text, at);
      name = JSON.parse(text.slice(start, at)) as string;
      at = skip(SPACE, text, skip(SPACE, text, at) + 1);
    }
    const to = endOfValue(text, at);
    if (open === "{") members.push({ name, start, from: at, to });
    else items.push({ from: at, to });
    at = skip(SPACE, text, to);
    if (text[at] === ",") at = skip(SPACE, text, at + 1);
  }
  return open === "{" ? { kind: "object", members } : { kind: "array", items };
}

function endOfValue(text: string, from: number): number {
  if (text[from] === '"') return skip(STRING, text, from);
  if (text[from] !== "{" && text[from] !== "[") return skip(SCALAR, text, from);
  let depth = 0;
  STRUCTURE.lastIndex = from;
  for (let found = STRUCTURE.exec(text); found !== null; found = STRUCTURE.exec(text)) {
    if (found[0] === '"') {
      STRUCTURE.lastIndex = skip(STRING, text, found.index);
      continue;
    }
    depth += found[0] === "{" || found[0] === "[" ? 1 : -1;
    if (depth === 0) return found.index + 1;
  }
  return text.length;
}

/** The index after the match of a sticky pattern; `from` when there is no match. */
function skip(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : from;
}
