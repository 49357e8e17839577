import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type DocumentOptions,
  type ParseOptions,
  type Scalar,
} from "yaml";
import { faultAt, type Fault, type Place } from "./fault.ts";
import type { SourceText } from "./source-text.ts";

/** A scalar: its value, its place, and the places of its characters (for faults inside an expression). */
export type YamlScalar = {
  readonly kind: "scalar";
  readonly place: Place;
  readonly value: string | number | boolean | null;
  readonly placeInside: (position: number) => Place;
};

type YamlList = { readonly kind: "list"; readonly place: Place; readonly items: readonly YamlTree[] };

type YamlEntry = { readonly key: string; readonly keyPlace: Place; readonly value: YamlTree };

export type YamlMapping = { readonly kind: "map"; readonly place: Place; readonly entries: readonly YamlEntry[] };

/** YAML as plain data with places. */
export type YamlTree = YamlScalar | YamlList | YamlMapping;

/**
 * Parses one YAML 1.2 document into a tree with places. Anchors, aliases, tags and further documents are refused, so that every
 * value stands where it is used.
 * @returns tree null when the text cannot be parsed; `faults` then say why.
 */
export function parseYamlTree(source: SourceText): {
  readonly tree: YamlTree | null;
  readonly faults: readonly Fault[];
} {
  // Repeated keys are found in treeOf: the parser compares every pair of keys, which takes 10 s for 20,000 keys.
  const options = { prettyErrors: false, logLevel: "silent", strict: true, uniqueKeys: false } as const;
  const document = parseShallow(source.text, options);
  if (document === null) {
    const { words, remedy } = describeYamlError("RESOURCE_EXHAUSTION", "");
    return { tree: null, faults: [faultAt(source.place(0), "SIG-C-003", `Not YAML: ${words}`, remedy)] };
  }
  const faults: Fault[] = [];
  const linesWrong = new Set<number>();
  let readable = true;
  for (const error of [...document.errors, ...document.warnings]) {
    const place = source.place(error.pos[0]);
    readable = false;
    // The first error of a line causes the others on it.
    if (linesWrong.has(place.line)) continue;
    linesWrong.add(place.line);
    if (linesWrong.size > SYNTAX_FAULTS_MAX) break;
    const { words, remedy } = describeYamlError(error.code, error.message);
    faults.push(faultAt(place, "SIG-C-003", `Not YAML: ${words}`, remedy));
  }
  const tree = readable ? treeOf(source, document.contents, faults, 0) : null;
  // The tree holds null for an alias; later checks would report faults about that null.
  const whole = faults.every(({ code }) => code !== "SIG-C-003");
  return { tree: whole ? tree : null, faults };
}

/** Null when the text is nested so deeply that the parser's recursion overflows the stack. */
function parseShallow(text: string, options: ParseOptions & DocumentOptions): ReturnType<typeof parseDocument> | null {
  try {
    return parseDocument(text, options);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Reporting stops here; as many syntax errors mean that the file is not YAML. */
const SYNTAX_FAULTS_MAX = 100;

/** Names the kind of a tree, for "expected text, found a list". */
export function describeTree(tree: YamlTree): string {
  switch (tree.kind) {
    case "list":
      return "a list";
    case "map":
      return "a mapping";
    case "scalar":
      if (tree.value === null) return "nothing";
      return typeof tree.value === "string" ? "text" : `a ${typeof tree.value}`;
  }
}

function treeOf(source: SourceText, node: unknown, faults: Fault[], parentOffset: number): YamlTree {
  if (isScalar(node)) return scalarOf(source, node, parentOffset);
  if (isSeq(node)) {
    const offset = node.range?.[0] ?? parentOffset;
    const items = node.items.map((item) => treeOf(source, item, faults, offset));
    return { kind: "list", place: source.place(offset), items };
  }
  if (isMap(node)) {
    const offset = node.range?.[0] ?? parentOffset;
    const entries: YamlEntry[] = [];
    const seen = new Set<YamlScalar["value"]>();
    for (const { key, value } of node.items) {
      const keyTree = treeOf(source, key, faults, offset);
      if (keyTree.kind !== "scalar" || keyTree.value === null) {
        faults.push(faultAt(keyTree.place, "SIG-C-007", "A key must be plain text", "Write the key as a word"));
        continue;
      }
      if (seen.has(keyTree.value)) {
        faults.push(faultAt(keyTree.place, "SIG-C-004", "The key stands twice in one mapping", "Keep one of the two"));
      }
      seen.add(keyTree.value);
      const keyOffset = isScalar(key) ? (key.range?.[0] ?? offset) : offset;
      // The text of the key is used, not its value: 01 and 1 are the same number, but the text 01 is not a valid version.
      const name =
        isScalar(key) && typeof key.value !== "string" ? (key.source ?? String(keyTree.value)) : String(keyTree.value);
      entries.push({ key: name, keyPlace: keyTree.place, value: treeOf(source, value, faults, keyOffset) });
    }
    return { kind: "map", place: source.place(offset), entries };
  }
  if (isAlias(node)) {
    const place = source.place(node.range?.[0] ?? parentOffset);
    faults.push(faultAt(place, "SIG-C-003", "Aliases are not supported in a contract", "Write the value out"));
  }
  return scalarAt(source, parentOffset, null);
}

function scalarOf(source: SourceText, node: Scalar, parentOffset: number): YamlScalar {
  const [start, end] = node.range ?? [parentOffset, parentOffset];
  const { value } = node;
  // The core schema yields no other types; a value of another type is read as null.
  if (typeof value === "number" || typeof value === "boolean") return scalarAt(source, start, value);
  if (typeof value !== "string") return scalarAt(source, start, null);
  const placeInside = (position: number): Place =>
    source.place(offsetInside(source.text, node, start, end, value, position));
  return { kind: "scalar", place: source.place(start), value, placeInside };
}

function scalarAt(source: SourceText, offset: number, value: number | boolean | null): YamlScalar {
  const place = source.place(offset);
  return { kind: "scalar", place, value, placeInside: () => place };
}

/**
 * The offset of a character inside a scalar. It is exact for plain scalars, quoted ones without escapes and literal blocks; for
 * other scalars it is the start of the scalar.
 */
function offsetInside(text: string, node: Scalar, start: number, end: number, value: string, position: number): number {
  if (node.type === "BLOCK_LITERAL") return offsetInBlock(text, start, value, position);
  const within = text.slice(start, end).indexOf(value);
  return within === -1 ? start : start + within + position;
}

function offsetInBlock(text: string, start: number, value: string, position: number): number {
  const before = value.slice(0, position).split("\n");
  let lineStart = text.indexOf("\n", start) + 1;
  const indent = /^ */.exec(text.slice(lineStart))?.[0].length ?? 0;
  for (let line = 1; line < before.length; line += 1) lineStart = text.indexOf("\n", lineStart) + 1;
  return lineStart + indent + (before.at(-1)?.length ?? 0);
}

/** Words for the likely mistake, where the parser's own message would mislead; and what to do. */
const YAML_ERRORS: Readonly<Record<string, { readonly words?: string; readonly remedy: string }>> = {
  RESOURCE_EXHAUSTION: { words: "it is nested too deeply", remedy: "Nest no deeper than a few dozen levels" },
  TAB_AS_INDENT: { remedy: "Indent with blanks, two for each level" },
  BAD_INDENT: { remedy: "Give the lines of one mapping the same indentation" },
  BAD_SCALAR_START: { remedy: "Put the text in quotes" },
  BLOCK_AS_IMPLICIT_KEY: {
    words: "A colon and a blank stand inside a text, or a mapping begins on the line of its key",
    remedy: "Put the text in quotes, or begin the mapping on a line of its own",
  },
  MULTILINE_IMPLICIT_KEY: { words: "The line has no colon behind its key", remedy: "Write key: value" },
  MISSING_CHAR: { remedy: "Write the character that is missing: a colon behind a key, a closing quote or bracket" },
  UNEXPECTED_TOKEN: { remedy: "Remove what is not expected, or put the text in quotes" },
};

/** Removes the excerpt, the position and the full stop from the parser's message: the fault has its own place. */
function describeYamlError(code: string, message: string): { readonly words: string; readonly remedy: string } {
  const known = YAML_ERRORS[code];
  const line = message.split("\n", 1)[0] ?? message;
  const words = known?.words ?? line.replace(/ at line \d+, column \d+:?$/, "").replace(/\.$/, "");
  return { words, remedy: known?.remedy ?? "Correct the YAML syntax" };
}
