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
    checks: ["partitions ok", "identities warn", "skew ok", "hot-keys ok", "undecided ok"],
  });
  expect(await ask("sigma-aetl.shipments=1")).toMatchObject({ code: 10, checks: ["partitions fail"] });
  expect(await ask("none=4")).toMatchObject({ code: 10, checks: ["topic fail"] });
  expect(await ask("none")).toMatchObject({ code: 2, stderr: expect.stringContaining("SIG-S-042") as string });
});

test("sigma doctor --resize names the key that takes most of a partition, and its hash where anything is redacted", async () => {
  const [hot] = shipmentLines(1, 2).split("\n");
  const cwd = project({ "some.ndjson": shipmentLines(1_000, 1_050) + `${hot}\n`.repeat(150) });
  expect((await sigma(["ingest", "some.ndjson"], { cwd })).code).toBe(0);
  const ask = async (env: Readonly<Record<string, string>>): Promise<string> => {
    const { stdout } = await sigma(["doctor", "--resize", "sigma-aetl.shipments=4", "--json"], { cwd, env });
    return String(jsonLines(stdout).find(({ name }) => name === "hot-keys")?.["message"]);
  };
  const named = await ask({});
  expect(named).toMatch(
    /^of the newest 2000 records of each partition of sigma-aetl\.shipments: "[^"]+" has 75 % of 0$/,
  );
  const hashed = await ask({ SIGMA_REDACT_POINTERS: "/shipment_id" });
  expect(hashed).toMatch(/: sha256:[0-9a-f]{16} has 75 % of 0$/);
});
