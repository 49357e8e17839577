import { spawn } from "node:child_process";
import { once } from "node:events";
import { utimesSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { temporaryDirectory } from "../embedded.ts";

type Builder = {
  /** What it says next besides that it looks; "waits" when it looked ten times and says nothing else. */
  readonly says: () => Promise<string>;
  readonly finish: () => void;
  readonly kill: () => Promise<void>;
};

/** A process that builds, as it says, until it is told to finish, and then says that it is built. */
function startBuilder(folder: string): Builder {
  const script = join(import.meta.dirname, "built-once.child.ts");
  const child = spawn(process.execPath, [script, folder], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    says: async () => {
      for (let looks = 0; looks < 10; looks += 1) {
        const line = String((await lines.next()).value);
        if (line !== "looks") return line;
      }
      return "waits";
    },
    finish: () => void child.stdin.write("finish\n"),
    kill: async () => {
      child.kill("SIGKILL");
      await once(child, "close");
    },
  };
}

const saidBy = async (builders: readonly Builder[]): Promise<readonly string[]> =>
  Promise.all(builders.map(async (one) => one.says()));

test("while one process builds no other does, however long it takes, and all go on when it is built", async () => {
  const folder = temporaryDirectory();
  const first = startBuilder(folder);
  expect(await first.says()).toBe("begins");
  utimesSync(join(folder, "lock"), 0, 0);
  const others = [1, 2, 3].map(() => startBuilder(folder));
  expect(await saidBy(others)).toEqual(["waits", "waits", "waits"]);
  first.finish();
  expect(await saidBy([first, ...others])).toEqual(Array.from({ length: 4 }, () => "is built"));
});

test("when a process that builds is killed one of those who wait builds, at once", async () => {
  const folder = temporaryDirectory();
  const killed = startBuilder(folder);
  expect(await killed.says()).toBe("begins");
  const others = [1, 2, 3].map(() => startBuilder(folder));
  expect(await saidBy(others)).toEqual(["waits", "waits", "waits"]);
  await killed.kill();
  expect((await saidBy(others)).toSorted()).toEqual(["begins", "waits", "waits"]);
});
