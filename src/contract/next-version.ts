import { isMap, isScalar, parseDocument, type Pair, type YAMLMap } from "yaml";

/** Keys that are not copied to a new version: it begins as a draft, with a schema of its own. */
const OWN: ReadonlySet<string> = new Set(["status", "schema", "deprecated", "sunset"]);

/**
 * Adds a version to the text of a contract.yaml: a draft that copies another version except for its schema. Every other
 * character stays, and comments in the copied lines are copied too.
 */
export function withNextVersion(text: string, from: number, next: number, schema: string): string | null {
  const document = parseDocument(text, { keepSourceTokens: true });
  const versions: unknown = document.get("versions", true);
  if (!isMap(versions) || versions.flow === true) return null;
  const found = versions.items.find((pair) => numberOf(pair) === from);
  const last = versions.items.at(-1);
  if (found === undefined || last === undefined || !isMap(found.value)) return null;
  const indent = indentOf(text, startOf(found) ?? 0);
  const inner = found.value.flow === true ? `${indent}  ` : indentOf(text, startOf(found.value.items[0]) ?? 0);
  const lines = [
    `${indent}${next}:`,
    `${inner}status: draft`,
    `${inner}schema: ${schema}`,
    ...takenOver(text, found.value, inner),
  ];
  const end = endOfLines(text, versions);
  const before = text.slice(0, end);
  const made = `${before}${before.endsWith("\n") ? "" : "\n"}${lines.join("\n")}\n${text.slice(end)}`;
  return saysTheSame(made, from, next) ? made : null;
}

/** Parses the result and compares the two versions, in case lines were cut in the wrong place. */
function saysTheSame(text: string, from: number, next: number): boolean {
  const parsed = parseDocument(text, { logLevel: "silent" });
  const read: unknown = parsed.errors.length > 0 ? null : parsed.toJS();
  const versions = (read as { readonly versions?: Readonly<Record<string, object>> } | null)?.versions ?? {};
  const [old, made] = [versions[from], versions[next]].map((version) =>
    JSON.stringify(Object.entries(version ?? {}).filter(([key]) => !OWN.has(key))),
  );
  return versions[next] !== undefined && old === made;
}

/** The name of the new version's schema file: the old name with the number replaced. */
export function nextSchemaName(name: string, from: number, next: number): string {
  const renamed = name.replace(new RegExp(`(?<![0-9])${from}(?![0-9])`), String(next));
  return renamed === name ? `v${next}.schema.json` : renamed;
}

/**
 * Replaces the version's number in the `$id` of a schema's text, so that the two versions have different `$id`s. Returns the
 * text unchanged when it has no `$id` or the `$id` does not contain the number.
 */
export function withNextId(text: string, from: number, next: number): string {
  const id = /("\$id"\s*:\s*")((?:[^"\\]|\\.)*)(")/.exec(text);
  const [whole, head, value, tail] = id ?? [];
  if (whole === undefined || head === undefined || value === undefined || tail === undefined) return text;
  const renamed = value.replaceAll(new RegExp(`(?<=[/@v.-]|^)${from}(?=[/.#-]|$)`, "g"), String(next));
  return text.replace(whole, () => `${head}${renamed}${tail}`);
}

function takenOver(text: string, version: YAMLMap, inner: string): readonly string[] {
  const kept = version.items.flatMap((pair, index) => {
    if (isScalar(pair.key) && OWN.has(String(pair.key.value))) return [];
    const start = startOf(pair);
    if (start === null) return [];
    if (version.flow === true) return [`${inner}${text.slice(start, endOf(pair))}`];
    const next = startOf(version.items[index + 1]);
    const end = next === null ? lineEnd(text, endOf(pair)) : lineStart(text, next);
    return [withoutTail(text.slice(startWithComments(text, start), end))];
  });
  return kept;
}

/** Moves the start up to the comments directly above a key, which are about that key. */
function startWithComments(text: string, start: number): number {
  let from = lineStart(text, start);
  for (let above = lineStart(text, from - 1); from > 0 && /^ *#/.test(text.slice(above, from));) {
    from = above;
    above = lineStart(text, from - 1);
  }
  return from;
}

/** Removes comments and empty lines at the end, which are about the next key. */
function withoutTail(lines: string): string {
  return lines.replace(/(?:\n *(?:#[^\n]*)?)+$/, "").trimEnd();
}

function numberOf({ key }: Pair): number | null {
  return isScalar(key) ? Number(key.value) : null;
}

function startOf(pair: Pair | undefined): number | null {
  return isScalar(pair?.key) ? (pair.key.range?.[0] ?? null) : null;
}

/** The offset after the last character of the value. A block scalar's last line feed may be included. */
function endOf({ key, value }: Pair): number {
  const range = (value as { readonly range?: readonly number[] | null } | null)?.range;
  return range?.[1] ?? (isScalar(key) ? (key.range?.[1] ?? 0) : 0);
}

/** The offset after the last line of the versions. */
function endOfLines(text: string, versions: YAMLMap): number {
  const last = versions.items.at(-1);
  let end = last === undefined ? 0 : endOf(last);
  for (let value = last?.value; isMap(value) && value.flow !== true && value.items.length > 0;) {
    const inner = value.items.at(-1);
    if (inner === undefined) break;
    end = endOf(inner);
    value = inner.value;
  }
  while (end > 0 && text[end - 1] === "\n") end -= 1;
  return lineEnd(text, end) + (lineEnd(text, end) < text.length ? 1 : 0);
}

function indentOf(text: string, offset: number): string {
  return text.slice(lineStart(text, offset), offset).replaceAll(/\S/g, " ");
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

function lineEnd(text: string, offset: number): number {
  const newline = text.indexOf("\n", offset);
  return newline === -1 ? text.length : newline;
}
