import { Worker, type WorkerOptions } from "node:worker_threads";

/** Begins a thread, which keeps and reads compiled code where this one does ({@link file://./thread-start.ts}). */
export function beginThread(entry: URL, options: WorkerOptions): Worker {
  return new Worker(threadEntry(import.meta.url, "./thread-start"), { ...options, argv: [entry.href] });
}

/**
 * Where the code of a thread is, beside the code that begins it: sources run as they are, and what was built from them has the
 * other suffix.
 * @param from `import.meta.url` of who begins it.
 * @param path of the thread's file from there, without its suffix.
 */
export function threadEntry(from: string, path: string): URL {
  return new URL(`${path}${from.endsWith(".ts") ? ".ts" : ".js"}`, from);
}
