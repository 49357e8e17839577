import { parentPort, threadId } from "node:worker_threads";

// A thread that does what it is told, however bad, and else tells which thread it is.

const hoard: unknown[] = [];

parentPort?.on("message", (what: string) => {
  switch (what) {
    case "spin":
      for (;;);
    case "wait":
      return;
    case "hoard":
      for (;;) hoard.push(Array.from({ length: 1_000 }, () => ({ hoard })));
    case "fail":
      throw new Error("a bug");
    case "leave":
      return process.exit(0);
    default:
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port is no window
      parentPort?.postMessage({ kind: "answer", answer: threadId });
  }
});
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port is no window
parentPort?.postMessage({ kind: "ready" });
