import { expect, test } from "vitest";
import { movedShare, parseResize } from "../../src/doctor/resize.ts";
import { jsonLines, project, shipmentLines, sigma } from "../cli/run.ts";

test("the share of keys that move is that of a count over all hashes", () => {
  for (const [from, to] of [
    [1, 2],
    [2, 4],
    [4, 6],
    [6, 7],
    [3, 100],
  ] as const) {
    const hashes = Array.from({ length: from * to }, (_, hash) => hash);
    const moved = hashes.filter((hash) => hash % from !== hash % to).length;
    expect(movedShare(from, to)).toBeCloseTo(moved / hashes.length, 12);
  }
});

test("a topic and a number are read, and nothing else", () => {
  expect(parseResize("a=b=12")).toEqual({ topic: "a=b", to: 12 });
  expect(["orders", "orders=", "orders=0", "=3", "orders=-1", "orders=x"].map(parseResize)).toEqual(
    Array.from({ length: 6 }, () => null),
  );
});

test("sigma doctor --resize says what would move, and whether all is decided", async () => {
  const cwd = project({ "some.ndjson": shipmentLines(0, 20) });
  const ask = async (resize: string) => {
    const { code, stdout, stderr } = await sigma(["doctor", "--resize", resize, "--json"], { cwd });
    return { code, stderr, checks: jsonLines(stdout).map(({ name, result }) => `${String(name)} ${String(result)}`) };
  };
  expect((await sigma(["ingest", "some.ndjson"], { cwd })).code).toBe(0);
  expect(await ask("sigma-aetl.shipments=4")).toEqual({
    code: 0,
    stderr: "",
    checks: ["partitions ok", "identities warn", "undecided ok"],
  });
  expect(await ask("sigma-aetl.shipments=1")).toMatchObject({ code: 10, checks: ["partitions fail"] });
  expect(await ask("none=4")).toMatchObject({ code: 10, checks: ["topic fail"] });
  expect(await ask("none")).toMatchObject({ code: 2, stderr: expect.stringContaining("SIG-S-042") as string });
});
