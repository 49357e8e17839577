import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { runHistory } from "./history.ts";
import { MUTANTS } from "./mutants.ts";

const execute = promisify(execFile);

/** Beyond what a busy machine takes: 10,000 histories are three minutes of CPU. */
const LONGEST_MS = 1_800_000;

/** Histories a mutant may live through before it must be caught. */
const MUTANT_HISTORIES = 20_000;

async function simulate(
  args: readonly string[],
  mutant?: string,
): Promise<{ histories: number; violating: number; first: unknown }> {
  const hook = mutant === undefined ? [] : ["--import", "./test/simulation/mutate.ts"];
  const run = execute(process.execPath, [...hook, "test/simulation/run.ts", "--json", ...args], {
    env: { ...process.env, ...(mutant === undefined ? {} : { MUTANT: mutant }) },
  });
  // Exit code 1 says violations were found: that is an answer here, not a failure.
  const { stdout } = await run.catch((error: { stdout?: string; stderr?: string }) => {
    if (!error.stdout) throw new Error(error.stderr ?? "the simulation did not answer");
    return { stdout: error.stdout };
  });
  return JSON.parse(stdout) as { histories: number; violating: number; first: unknown };
}

describe("deterministic simulation of the protocol", () => {
  // Two processes, because the machine has two cores.
  test.concurrent.each([1, 10_001])(
    "finds no violation in 10,000 faulty histories from seed %i",
    async (seed) => {
      const result = await simulate(["--histories", "10000", "--seed", String(seed)]);
      expect(result).toEqual({ histories: 10_000, violating: 0, first: null });
    },
    LONGEST_MS,
  );

  test(
    "finds no violation in 1,000 histories whose primaries fail often",
    async () => {
      const result = await simulate(["--histories", "1000", "--storms"]);
      expect(result).toEqual({ histories: 1_000, violating: 0, first: null });
    },
    LONGEST_MS,
  );

  test("a seed replays a history exactly", async () => {
    expect(await runHistory(4_711)).toEqual(await runHistory(4_711));
  });

  describe("catches every deliberate protocol bug", () => {
    test.concurrent.each(MUTANTS.map(({ name, storms = false, seed = 1 }) => [name, storms, seed] as const))(
      "%s",
      async (name, storms, seed) => {
        const histories = ["--histories", String(MUTANT_HISTORIES), "--seed", String(seed)];
        const result = await simulate(["--first", ...histories, ...(storms ? ["--storms"] : [])], name);
        expect(result.violating).toBe(1);
      },
      LONGEST_MS,
    );
  });
});
