import { expect, onTestFinished, test, vi } from "vitest";
import { tellWait } from "../../src/cli/terminal/waiting.ts";

/** What a wait of so many milliseconds says, and what comes of it, on a clock that the test moves. */
async function waitOf(
  ms: number,
  outcome: () => Promise<string>,
  what: string | null = "the files are checked",
): Promise<readonly unknown[]> {
  vi.useFakeTimers();
  const said: string[] = [];
  const write = vi.spyOn(process.stderr, "write").mockImplementation((line) => said.push(String(line)) > 0);
  onTestFinished(() => {
    write.mockRestore();
    vi.useRealTimers();
  });
  const waited = new Promise((resolve) => setTimeout(resolve, ms)).then(outcome);
  const told = tellWait(what, waited).catch((error: unknown) => (error as Error).message);
  await vi.runAllTimersAsync();
  return [await told, said];
}

test("a wait of more than a second is told once, with what is waited for, and a shorter one is not", async () => {
  const well = async (): Promise<string> => Promise.resolve("well");
  expect(await waitOf(900, well)).toEqual(["well", []]);
  expect(await waitOf(9_000, well)).toEqual(["well", ["waiting: the files are checked\n"]]);
  expect(await waitOf(9_000, well, null)).toEqual(["well", []]);
});

test("a wait that ends in an error tells the error alone when that comes soon", async () => {
  const failed = async (): Promise<string> => Promise.reject(new Error("damaged"));
  expect(await waitOf(10, failed)).toEqual(["damaged", []]);
});
