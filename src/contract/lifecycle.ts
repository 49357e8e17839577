import { isMap, isScalar, parseDocument, type Pair, type YAMLMap } from "yaml";
import type { ContractStatus } from "../core/contract-set.ts";

/** The actions on a version. States go draft -> active -> deprecated -> retired, and from deprecated back to active. */
export type LifecycleAction = "activate" | "deprecate" | "retire";

const MOVES: Readonly<
  Record<LifecycleAction, { readonly from: readonly ContractStatus[]; readonly to: ContractStatus }>
> = {
  activate: { from: ["draft", "deprecated"], to: "active" },
  deprecate: { from: ["active", "deprecated"], to: "deprecated" },
  retire: { from: ["deprecated"], to: "retired" },
};

/** The state after the action, or why the action is refused and what to do instead. */
export type Move =
  | { readonly ok: true; readonly to: ContractStatus }
  | { readonly ok: false; readonly problem: string; readonly remedy: string };

/**
 * Whether an action may be taken on a version in this state. A retired version stays retired: its records were FAILED, and
 * reactivating it would decide the same records differently. Deprecating a deprecated version again may announce another day.
 */
export function planMove(action: LifecycleAction, name: string, status: ContractStatus): Move {
  const { from, to } = MOVES[action];
  if (from.includes(status)) return { ok: true, to };
  const problem = `${name} is ${status}`;
  switch (status) {
    case "draft":
      return { ok: false, problem, remedy: `activate it first: sigma contract activate ${name}` };
    case "active":
      if (action === "activate") return { ok: false, problem, remedy: "nothing is to be done" };
      return { ok: false, problem, remedy: `deprecate it first: sigma contract deprecate ${name} --sunset YYYY-MM-DD` };
    case "deprecated":
    case "retired":
      return { ok: false, problem, remedy: "a retired version stays retired; make a new version" };
  }
}

/** The changes to a version's keys in contract.yaml: null removes the key, absent keeps it. */
export type VersionChange = {
  readonly status: ContractStatus;
  readonly deprecated?: string | null;
  readonly sunset?: string | null;
};

/**
 * Changes the state of one version in the text of a contract.yaml. Every other character stays: comments, order and quotes
 * belong to the authors.
 */
export function editContractYaml(text: string, version: number, change: VersionChange): string | null {
  let edited: string | null = text;
  for (const [key, value] of Object.entries(change)) {
    if (edited !== null)
      edited = value === null ? withoutKey(edited, version, key) : withKey(edited, version, key, value);
  }
  return edited;
}

type TextSpan = readonly [start: number, end: number];

function withKey(text: string, version: number, key: string, value: string): string | null {
  const map = versionMap(text, version);
  if (map === null) return null;
  const found = pairOf(map, key);
  const range = found === null ? null : rangeOf(found.value);
  if (range !== null) return text.slice(0, range[0]) + value + text.slice(range[1]);
  const status = pairOf(map, "status");
  const [keyRange, valueRange] = [rangeOf(status?.key), rangeOf(status?.value)];
  if (keyRange === null || valueRange === null) return null;
  if (map.flow === true) return `${text.slice(0, valueRange[1])}, ${key}: ${value}${text.slice(valueRange[1])}`;
  const lineStart = text.lastIndexOf("\n", keyRange[0] - 1) + 1;
  const newline = text.indexOf("\n", valueRange[1]);
  const lineEnd = newline === -1 ? text.length : newline;
  // The text before the key is its indentation only: in a mapping of versions no "- " can stand there.
  const line = `${text.slice(lineStart, keyRange[0])}${key}: ${value}`;
  return `${text.slice(0, lineEnd)}\n${line}${text.slice(lineEnd)}`;
}

function withoutKey(text: string, version: number, key: string): string | null {
  const map = versionMap(text, version);
  if (map === null) return null;
  const found = pairOf(map, key);
  const [keyRange, valueRange] = [rangeOf(found?.key), rangeOf(found?.value)];
  if (keyRange === null || valueRange === null) return text;
  if (map.flow === true) {
    const comma = text.lastIndexOf(",", keyRange[0]);
    const start = comma > (map.range?.[0] ?? 0) ? comma : keyRange[0];
    return text.slice(0, start) + text.slice(valueRange[1]);
  }
  const lineStart = text.lastIndexOf("\n", keyRange[0] - 1) + 1;
  const newline = text.indexOf("\n", valueRange[1]);
  return text.slice(0, lineStart) + (newline === -1 ? "" : text.slice(newline + 1));
}

function versionMap(text: string, version: number): YAMLMap | null {
  const document = parseDocument(text, { keepSourceTokens: true });
  const versions: unknown = document.get("versions", true);
  if (!isMap(versions)) return null;
  const found = versions.items.find(({ key }) => isScalar(key) && String(key.value) === String(version));
  return isMap(found?.value) ? found.value : null;
}

function pairOf(map: YAMLMap, key: string): Pair | null {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key) ?? null;
}

/** Start and end of the node itself, without the rest of its line. */
function rangeOf(node: unknown): TextSpan | null {
  return isScalar(node) && node.range !== null && node.range !== undefined ? [node.range[0], node.range[1]] : null;
}
