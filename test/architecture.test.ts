import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");
const SRC = join(ROOT, "src");

/**
 * The architecture as data. A part is a path prefix under src; the longest one that fits names the part of a file.
 * `uses`: parts whose files it may import, besides its own. `libraries`: packages it may import, besides Node's own
 * modules listed in `node`. Everything absent is forbidden.
 */
type Part = {
  readonly uses: readonly string[];
  readonly libraries: readonly string[];
  readonly node: readonly string[];
};

/** What reads entries, decides them again, and writes documents by an operator's word. */
const REDECIDING: readonly string[] =
  `core json schema store/store store/ledger store/ledger-walk store/proof store/decided store/duplicate
  gateway/entry-records gateway/operate gateway/redo gateway/redraft gateway/stored-set`.split(/\s+/);

const PARTS: Readonly<Record<string, Part>> = {
  // What a JSON text is: values, pointers, the canonical form, exact decimals, lines.
  json: { uses: [], libraries: [], node: ["node:buffer"] },
  // What a JSON Schema says: its judge, its explanations, what may not be frozen.
  schema: { uses: ["json"], libraries: [], node: ["node:url"] },
  core: {
    uses: ["json", "schema"],
    libraries: ["@marcbachmann/cel-js"],
    node: ["node:crypto", "node:buffer", "node:util"],
  },
  contract: {
    // Activation of a version may ask for the report of a what-if.
    uses: ["core", "json", "schema", "whatif/report", "whatif/gate"],
    libraries: ["yaml", "jsonc-parser", "recheck"],
    node: ["node:fs", "node:fs/promises", "node:path", "node:module", "node:crypto"],
  },
  // Drafts from samples and from other standards; files are written by the command line.
  authoring: { uses: ["core", "json", "schema", "contract/identity-proof"], libraries: [], node: [] },
  "source/source": { uses: ["core", "json", "schema"], libraries: [], node: [] },
  "source/embedded": {
    uses: ["core", "json", "schema", "source/source", "source/partitioner", "sqlite"],
    libraries: [],
    node: ["node:crypto", "node:sqlite", "node:zlib"],
  },
  "source/kafka-connection": { uses: [], libraries: [], node: [] },
  "source/partitioner": { uses: ["source/source"], libraries: [], node: [] },
  "source/kafka": {
    uses: ["core", "json", "schema", "source/source", "source/partitioner", "source/kafka-connection"],
    libraries: ["@platformatic/kafka"],
    node: ["node:timers/promises", "node:zlib"],
  },
  "store/mongodb": {
    uses: [
      "core",
      "json",
      "schema",
      "store/store",
      "store/ledger",
      "store/operator",
      "store/traffic",
      "store/log-end",
      "store/layout-version",
      "store/migrations/mongodb-target",
    ],
    libraries: ["mongodb"],
    // One class of the driver that it does not export (document-sequence.ts).
    node: ["node:module", "node:crypto"],
  },
  // Reads layouts of before in its own words, and writes the present one through the port.
  "store/migrations": {
    uses: [
      "core",
      "source/source",
      "sqlite",
      "store/store",
      "store/operator",
      "store/operator-actions",
      "store/traffic",
      "store/log-end",
      "store/layout-version",
      "store/migrations/mongodb-target",
    ],
    libraries: ["mongodb"],
    node: ["node:sqlite", "node:fs", "node:path"],
  },
  "store/migrations/mongodb-target": { uses: ["store/store"], libraries: ["mongodb"], node: [] },
  "store/layout-version": { uses: ["core"], libraries: [], node: [] },
  "store/store": {
    uses: ["core", "json", "schema", "store/ledger", "store/operator", "store/traffic", "store/log-end"],
    libraries: [],
    node: [],
  },
  "store/known-logs": {
    uses: ["source/source", "store/store", "store/operator", "store/operator-actions"],
    libraries: [],
    node: [],
  },
  "store/losses": {
    uses: ["source/source", "store/store", "store/operator", "store/operator-actions"],
    libraries: [],
    node: [],
  },
  "store/operator-actions": { uses: ["store/store", "store/operator"], libraries: [], node: [] },
  "store/log-end": { uses: [], libraries: [], node: [] },
  "store/operator": { uses: ["core", "json", "schema", "store/ledger"], libraries: [], node: ["node:crypto"] },
  "store/traffic": { uses: [], libraries: [], node: [] },
  "store/ledger": { uses: ["core", "json", "schema"], libraries: [], node: ["node:crypto"] },
  "store/proof": {
    uses: ["core", "json", "schema", "store/ledger", "store/line-hash"],
    libraries: [],
    node: ["node:crypto"],
  },
  "store/line-hash": { uses: [], libraries: [], node: ["node:crypto"] },
  "store/decided": {
    uses: ["core", "json", "schema", "ledger/tombstone", "store/ledger", "store/proof", "store/store"],
    libraries: [],
    node: ["node:crypto"],
  },
  "store/ledger-walk": { uses: ["store/ledger", "store/store"], libraries: [], node: [] },
  "store/duplicate": { uses: ["core", "json", "schema", "store/decided", "store/store"], libraries: [], node: [] },
  "store/sqlite": {
    uses: [
      "core",
      "json",
      "schema",
      "store/store",
      "store/ledger",
      "store/operator",
      "store/log-end",
      "store/layout-version",
      "store/traffic",
      "isolate/entry",
      "sqlite",
    ],
    libraries: [],
    node: ["node:sqlite", "node:events", "node:worker_threads"],
  },
  sqlite: {
    uses: ["core", "json", "schema", "isolate/entry"],
    libraries: [],
    node: ["node:sqlite", "node:fs", "node:os", "node:path", "node:url", "node:worker_threads"],
  },
  // Heads of the ledger outside the store: keys, files, topics.
  anchor: {
    uses: ["anchor/writer", "core/unavailable", "json", "ledger", "source/source", "sqlite/lock"],
    libraries: [],
    node: ["node:crypto", "node:fs", "node:fs/promises", "node:path"],
  },
  "anchor/writer": { uses: ["core/unavailable", "ledger"], libraries: [], node: [] },
  // Protocol data, pure: what an entry keeps of its records, what anchors say.
  ledger: { uses: ["core", "json"], libraries: [], node: ["node:crypto", "node:zlib"] },
  // Copies of the embedded files.
  backup: { uses: ["json", "sqlite"], libraries: [], node: ["node:crypto", "node:fs", "node:path"] },
  audit: {
    uses: [
      "core",
      "json",
      "schema",
      "ledger",
      "source/source",
      "store/store",
      "store/ledger",
      "store/operator",
      "store/operator-actions",
      "store/proof",
      "store/decided",
      "store/duplicate",
      "store/erasures",
      "store/known-logs",
      "store/resolution",
      "store/losses",
      "gateway/decide-batch",
      "gateway/lookup",
      "gateway/redraft",
    ],
    libraries: [],
    node: [],
  },
  // Records that are to be gone, out of evidence, documents and log.
  erase: {
    uses: [...REDECIDING, "ledger", "source/source", "store/erasures", "gateway/lookup"],
    libraries: [],
    node: [],
  },
  // Documents brought back from the ledger.
  repair: { uses: [...REDECIDING, "store/resolution"], libraries: [], node: [] },
  // The form of a report and its gate: what activation asks for, without anything that reads history.
  "whatif/report": { uses: ["core", "json", "schema"], libraries: [], node: ["node:crypto"] },
  "whatif/gate": { uses: ["core", "json", "schema", "whatif/report"], libraries: [], node: [] },
  whatif: {
    uses: [
      "core",
      "json",
      "schema",
      "whatif/report",
      "source/source",
      "store/store",
      "store/ledger",
      "store/proof",
      "ledger/tombstone",
      "gateway/entry-records",
      "gateway/lookup",
      "gateway/redraft",
    ],
    libraries: [],
    node: [],
  },
  shadow: {
    uses: ["core", "json", "schema", "isolate/entry", "whatif", "store/decided"],
    libraries: [],
    node: ["node:worker_threads"],
  },
  // What strangers' schemas are asked about, in a thread that can be ended.
  "isolate/entry": { uses: [], libraries: [], node: [] },
  isolate: {
    uses: ["core", "json", "schema", "contract/compatibility", "contract/registry"],
    libraries: [],
    node: ["node:worker_threads"],
  },
  // A schema registry as its client; fetch is the runtime's own.
  registry: { uses: ["core", "json", "schema", "contract/registry"], libraries: [], node: [] },
  gateway: {
    uses: [
      "core",
      "json",
      "schema",
      "contract/negotiation",
      "gateway/event",
      "anchor/writer",
      "ledger",
      "source/source",
      "store/store",
      "store/ledger",
      "store/operator",
      "store/operator-actions",
      "store/proof",
      "store/decided",
      "store/duplicate",
      "store/erasures",
      "store/traffic",
      "store/log-end",
      "store/known-logs",
      "store/resolution",
      "store/losses",
    ],
    libraries: [],
    node: [],
  },
  http: {
    uses: [
      "core",
      "json",
      "schema",
      "contract/catalog",
      "contract/negotiation",
      "contract/registry",
      "gateway",
      "isolate/entry",
      "isolate/question",
      "isolate/thread",
      "shadow/thread",
      "source/source",
      "store/decided",
      "store/store",
    ],
    libraries: ["fastify", "@fastify/swagger", "jsonc-parser"],
    node: [
      "node:http",
      "node:events",
      "node:net",
      "node:stream",
      "node:stream/promises",
      "node:zlib",
      "node:timers/promises",
      "node:crypto",
      "node:util",
    ],
  },
  observe: { uses: ["gateway/event", "shadow/thread"], libraries: ["pino"], node: [] },
  "gateway/event": { uses: ["source/source"], libraries: [], node: [] },
};

type Import = { readonly file: string; readonly target: string };

function sourceFiles(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name));
}

const FILES = sourceFiles(SRC);

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(file, "utf8");
  const found = [
    ...text.matchAll(/^\s*(?:import|export)\b[^;"']*?\bfrom\s+["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm),
  ];
  const bare = [...text.matchAll(/^import\s+["']([^"']+)["']/gm)];
  return [...found, ...bare].map((match) => ({ file, target: match[1] ?? match[2] ?? "" }));
}

/** The part a path under src (without ".ts") belongs to, or null when the table does not rule it. */
function partOf(path: string): string | null {
  const fitting = Object.keys(PARTS).filter((part) => path === part || path.startsWith(`${part}/`));
  return fitting.toSorted((a, b) => b.length - a.length)[0] ?? null;
}

function pathOf(file: string): string {
  return relative(SRC, file).replaceAll("\\", "/").replace(/\.ts$/, "");
}

function violationOf({ file, target }: Import): string | null {
  const part = partOf(pathOf(file));
  const rules = part === null ? undefined : PARTS[part];
  if (part === null || rules === undefined) return null;
  if (target.startsWith("node:")) return rules.node.includes(target) ? null : `${pathOf(file)} imports ${target}`;
  if (!target.startsWith(".")) {
    const library = target
      .split("/")
      .slice(0, target.startsWith("@") ? 2 : 1)
      .join("/");
    return rules.libraries.includes(library) ? null : `${pathOf(file)} imports library ${library}`;
  }
  const path = pathOf(resolve(dirname(file), target));
  const allowed = partOf(path) === part || rules.uses.some((used) => path === used || path.startsWith(`${used}/`));
  return allowed ? null : `${pathOf(file)} imports ${path}`;
}

describe("the architecture", () => {
  test("every import is one the table of parts allows", () => {
    expect(
      FILES.flatMap(importsOf)
        .map(violationOf)
        .filter((violation) => violation !== null),
    ).toEqual([]);
  });

  test("only main.ts names adapters", () => {
    const adapters = /^(source|store)\/(embedded|sqlite|kafka|mongodb)\//;
    const naming = FILES.flatMap(importsOf)
      .filter(({ target }) => target.startsWith("."))
      .map(({ file, target }) => ({ from: pathOf(file), to: pathOf(resolve(dirname(file), target)) }))
      .filter(({ from, to }) => adapters.test(to) && !adapters.test(from))
      .map(({ from }) => from);
    expect([...new Set(naming)].filter((from) => from !== "main")).toEqual([]);
  });

  test("nothing is re-exported: a name has one home", () => {
    const exporting = FILES.filter((file) => /^export\s+(?:\*|\{[^}]*\})\s+from/m.test(readFileSync(file, "utf8")));
    expect(exporting.map(pathOf)).toEqual([]);
  });

  test("clock, randomness, environment, exit and console stay at the edge", () => {
    const edge = /^(anchoring|cli|main|onlookers|pipeline|service|verdicts|config)(\/|$)/;
    const effects = /\b(?:Date\.now|Math\.random|process\.(?:env|exit|argv)|console\.)/;
    const inside = FILES.filter((file) => !edge.test(pathOf(file)));
    expect(inside.filter((file) => effects.test(withoutComments(readFileSync(file, "utf8")))).map(pathOf)).toEqual([]);
  });

  test("no file is longer than 400 lines, holds a control character, or hides under a name that says nothing", () => {
    const all = [...FILES, ...sourceFiles(join(ROOT, "test")), ...sourceFiles(join(ROOT, "bench"))];
    const long = all.filter((file) => readFileSync(file, "utf8").split("\n").length > 401);
    const control = all.filter((file) =>
      // oxlint-disable-next-line no-control-regex -- looking for them is the point
      /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(readFileSync(file, "utf8")),
    );
    const named = FILES.filter((file) =>
      /(?:^|\/)(?:util|utils|helpers?|common|types|interfaces|index)(?:\/|$)/.test(pathOf(file)),
    );
    expect({ long, control, named }).toEqual({ long: [], control: [], named: [] });
  });
});

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
}
