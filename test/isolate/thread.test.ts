import { describe, expect, onTestFinished, test } from "vitest";
import { openThread, THREAD_LIMITS, type Thread, type ThreadLimits } from "../../src/isolate/thread.ts";
import { PATIENCE_MS } from "../patience.ts";

const entry = new URL("thread.child.ts", import.meta.url);

function open(limits: Partial<ThreadLimits> = {}): Thread<string, number> {
  const begin = { entry, data: null, name: "test" };
  const thread = openThread<string, number>(begin, { ...THREAD_LIMITS, wallMsMax: PATIENCE_MS, ...limits });
  onTestFinished(thread.close);
  return thread;
}

/** The id of the thread that answers. */
async function who({ ask }: Thread<string, number>): Promise<number> {
  const told = await ask("who");
  if (told.kind !== "answered") throw new Error(told.kind);
  return told.answer;
}

const spinning: Partial<ThreadLimits> = { cpuMsMax: 50, cpuCheckMs: 5 };

describe("a thread that answers questions", () => {
  test("answers one after the other, and stays", async () => {
    const thread = open();
    const [first, ...others] = await Promise.all([who(thread), who(thread), who(thread)]);
    expect(others).toEqual([first, first]);
  });

  test("is ended when a question takes more CPU than one may, and the next one has a new thread", async () => {
    const thread = open(spinning);
    const before = await who(thread);
    const [spun, after] = await Promise.all([thread.ask("spin"), who(thread)]);
    expect(spun).toEqual({ kind: "given-up", why: "cpu" });
    expect(after).not.toBe(before);
  });

  test("is ended when a question is not answered by the clock", async () => {
    const thread = open({ wallMsMax: 2_000 });
    expect(await thread.ask("wait")).toEqual({ kind: "given-up", why: "time" });
    expect(await who(thread)).toBeGreaterThan(0);
  });

  test("ends alone when it needs more memory than it may have", async () => {
    const thread = open({ heapMibMax: 16, cpuMsMax: PATIENCE_MS });
    expect(await thread.ask("hoard")).toEqual({ kind: "given-up", why: "memory" });
    expect(await who(thread)).toBeGreaterThan(0);
  });

  test("tells of a bug, and the next question has a new thread", async () => {
    const thread = open();
    await expect(thread.ask("fail")).rejects.toThrow("a bug");
    await expect(thread.ask("leave")).rejects.toThrow("The thread ended without an answer");
    expect(await who(thread)).toBeGreaterThan(0);
  });

  test("ends when nothing is asked for a while", async () => {
    const thread = open({ idleMs: 1 });
    const first = await who(thread);
    await expect.poll(async () => who(thread), { timeout: PATIENCE_MS }).not.toBe(first);
  });

  test("refuses a question when as many wait as may", async () => {
    const thread = open({ ...spinning, waitingMax: 1 });
    const asked = [thread.ask("spin"), who(thread), thread.ask("who")];
    expect(await Promise.all(asked)).toEqual([
      { kind: "given-up", why: "cpu" },
      expect.any(Number),
      { kind: "not-asked" },
    ]);
    expect(await who(thread)).toBeGreaterThan(0);
  });

  test("leaves out a question that nobody waits for any more", async () => {
    const thread = open();
    expect(await Promise.all([who(thread), thread.ask("spin", () => false)])).toEqual([
      expect.any(Number),
      { kind: "not-asked" },
    ]);
  });

  test("lets go of every question when it is closed", async () => {
    const thread = open();
    const asked = [thread.ask("spin"), thread.ask("who")];
    await thread.close();
    expect(await Promise.all(asked)).toEqual([{ kind: "not-asked" }, { kind: "not-asked" }]);
    expect(await thread.ask("who")).toEqual({ kind: "not-asked" });
  });
});
