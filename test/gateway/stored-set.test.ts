import { expect, test } from "vitest";
import { openContractSet } from "../../src/core/contract-set.ts";
import { storedContractSet } from "../../src/gateway/stored-set.ts";
import { simulatedContracts } from "../simulation/sim-contracts.ts";

const [{ digest, text }] = simulatedContracts();

function storing(stored: string | null): Parameters<typeof storedContractSet>[0] {
  return { contractSet: async () => stored };
}

test("a set that is read again is not compiled again", async () => {
  const set = await storedContractSet(storing(text), digest);
  expect(set?.digest).toBe(digest);
  expect(await storedContractSet(storing(text), digest)).toBe(set);
});

test("a set that was read is not believed when its text is changed or gone afterwards", async () => {
  await storedContractSet(storing(text), digest);
  const changed = text.replace("n <= 10.0", "n <= 99.0");
  expect(openContractSet(digest, changed)).toBeNull();
  expect(await storedContractSet(storing(changed), digest)).toBeNull();
  expect(await storedContractSet(storing(null), digest)).toBeNull();
});
