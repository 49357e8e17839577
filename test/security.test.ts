import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LIMITS } from "../src/http/deps.ts";

const ROOT = new URL("../", import.meta.url);

/** What a table says in its second column, by its first. */
function limitsIn(file: string): ReadonlyMap<string, string> {
  const rows = readFileSync(new URL(file, ROOT), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) => line.split("|").map((cell) => cell.trim()));
  return new Map(rows.map(([, what = "", limit = ""]) => [what, limit]));
}

function bytes(count: number): string {
  const units: readonly (readonly [number, string])[] = [
    [1_073_741_824, "GiB"],
    [1_048_576, "MiB"],
    [1_024, "KiB"],
  ];
  const [size, unit] = units.find(([one]) => count % one === 0) ?? [1, "bytes"];
  return `${count / size} ${unit}`;
}

function seconds(ms: number): string {
  return `${ms / 1_000} seconds`;
}

const { keepAliveMs, silentMs, headerBytes, headersMs, connections } = LIMITS;
const SHARED: Readonly<Record<string, string>> = {
  "bytes held for all bodies and answers together": bytes(LIMITS.inFlightBytes),
  "a line": bytes(LIMITS.lines.lineBytesMax),
  "a packed stream, unpacked": bytes(LIMITS.gzipBytes),
  "a body that is read whole": seconds(LIMITS.bodyMs),
  "a stream without a whole line": seconds(LIMITS.lineMs),
  connections: connections.toLocaleString("en"),
};

test.each([
  ["SECURITY.md", { ...SHARED, "a connection over which nothing moves": seconds(keepAliveMs + silentMs) }],
  [
    "docs/http.md",
    {
      ...SHARED,
      headers: `${bytes(headerBytes)}, ${seconds(headersMs)}`,
      "blank lines with no record among them": bytes(LIMITS.blankBytes),
      "a part of the path": `${LIMITS.pathPart} characters`,
      "`Prefer: wait`": `${LIMITS.waitSeconds} seconds`,
    },
  ],
])("the limits in %s are those that are in force", (file, limits) => {
  const told = limitsIn(file);
  for (const [what, limit] of Object.entries(limits))
    expect([what, told.get(what)]).toEqual([what, expect.stringContaining(limit)]);
});
