import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { LONG, PROCESSES, SERVERS, type RealServer } from "./servers/available.ts";

/**
 * Every test file is in one lane. `servers`: it starts a real server; `long`: it starts our own program, or is long for
 * another reason; `fast`: the rest. What a file starts is read from what it imports, so that nobody keeps a list.
 */
export type Lane = "fast" | "long" | "servers";

const ROOT = resolve(import.meta.dirname, "..");
/** Names the servers for the table and starts none: whoever reads the table needs no server. */
const TABLE = "test/servers/available.ts";

/** Paths of all test files from the root of the repository, sorted. */
export function testFiles(): readonly string[] {
  return readdirSync(join(ROOT, "test"), { recursive: true })
    .map((path) => join("test", String(path)).replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".test.ts"))
    .toSorted();
}

export function laneOf(file: string): Lane {
  const reached = reachedFrom(file);
  if (SERVERS.some(({ module }) => reached.has(module))) return "servers";
  if (PROCESSES.some((module) => reached.has(module))) return "long";
  return LONG.some((path) => file === path || file.startsWith(`${path}/`)) ? "long" : "fast";
}

/**
 * The files that a run leaves out: those of other lanes, and those whose servers cannot be had on this machine, which is
 * said on stderr. In CI that is a failure. A server is brought only when a file of the lane needs it.
 */
export function filesLeftOut(lane: Lane, servers: readonly RealServer[] = SERVERS): readonly string[] {
  const files = testFiles().map((file) => ({ file, lane: laneOf(file), needs: reachedFrom(file) }));
  const asked = files.filter((one) => one.lane === lane);
  const missing = servers
    .filter(({ module }) => asked.some(({ needs }) => needs.has(module)))
    .filter((server) => !canBeHad(server))
    .map(({ module }) => module);
  return files
    .filter((one) => !asked.includes(one) || missing.some((module) => one.needs.has(module)))
    .map(({ file }) => file);
}

function canBeHad({ name, needs, bring }: RealServer): boolean {
  try {
    bring();
    return true;
  } catch (error) {
    if (process.env["CI"] !== undefined) throw error;
    const why = error instanceof Error ? error.message.split("\n", 1)[0] : "";
    process.stderr.write(`SKIPPED: every test on a real ${name}. It needs ${needs}: ${why}\n`);
    return false;
  }
}

/** A file and everything of the tests that it imports, itself or by way of others. */
function reachedFrom(file: string): ReadonlySet<string> {
  const seen = new Set<string>();
  const open = [file];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    if (next !== TABLE) open.push(...importedTests(next));
  }
  return seen;
}

const known = new Map<string, readonly string[]>();

function importedTests(file: string): readonly string[] {
  const before = known.get(file);
  if (before !== undefined) return before;
  const text = readFileSync(join(ROOT, file), "utf8");
  const targets = [...text.matchAll(/(?:\bfrom|\bimport\(|^import)\s*"(\.[^"]+\.ts)"/gm)].map(([, target = ""]) =>
    relative(ROOT, join(ROOT, dirname(file), target)).replaceAll("\\", "/"),
  );
  const imported = targets.filter((path) => path.startsWith("test/"));
  known.set(file, imported);
  return imported;
}
