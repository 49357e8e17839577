import { expect, test } from "vitest";
import { readConfig } from "../../src/config/config.ts";

async function codesOf(pool: string): Promise<readonly string[]> {
  const env = { SIGMA_DECIDE_POOL: pool };
  const result = await readConfig({ flags: new Map(), env, file: null });
  return result.ok ? [] : result.faults.map(({ code, message }) => `${code} ${message}`);
}

test.each(["http://v", "http://v:8000/", "https://v:8443,http://[::1]:8000"])("%s is a pool", async (pool) => {
  expect(await codesOf(pool)).toEqual([]);
});

// A path would not be asked: the questions have paths of their own.
test.each([
  "v:8000",
  "ftp://v",
  "http://user@v:8000",
  "http://:secret@v:8000",
  "http://v:8000/validators",
  "http://v:8000/?a=b",
  "http://v:8000#a",
])("%s is refused as a pool: it says more, or other things, than where a validator listens", async (pool) => {
  expect(await codesOf(pool)).toEqual(["SIG-S-041 Cannot use these as URLs of validators"]);
});

test("a validator that is there twice is refused: it would be asked twice as much", async () => {
  expect(await codesOf("http://v:8000,http://w:8000,http://v:8000/")).toEqual([
    "SIG-S-041 Cannot ask one validator as if it were two: a URL is there twice",
  ]);
});
