import type { HttpDirectory, Refreshed } from "../contract/http-directory.ts";
import { threadEntry } from "../thread-entry.ts";
import { openThread, type ThreadLimits } from "../isolate/thread.ts";

/** Updates a local copy of a contracts directory on the web. A thread does the work. */
export type Copying = {
  /** Updates the copy. Resolves to why it could not be updated; null when it was. */
  readonly refresh: () => Promise<string | null>;
  /** Ends the thread, and a refresh that it works on. */
  readonly close: () => Promise<void>;
};

/** Limits of one refresh. They are generous, as nothing waits for a refresh. The thread stays for the next refresh. */
const LIMITS: ThreadLimits = {
  cpuMsMax: 300_000,
  wallMsMax: 900_000,
  cpuCheckMs: 1_000,
  heapMibMax: 1_024,
  waitingMax: 0,
  idleMs: 60_000,
};

const ENTRY = threadEntry(import.meta.url, "./copy-worker");

/** The thread starts with the first refresh. */
export function openCopying(source: HttpDirectory): Copying {
  const thread = openThread<HttpDirectory, Refreshed>({ entry: ENTRY, data: null, name: "contracts.url" }, LIMITS);
  return {
    refresh: async () => {
      const outcome = await thread.ask(source);
      switch (outcome.kind) {
        case "answered":
          return outcome.answer.kind === "unavailable" ? outcome.answer.why : null;
        case "given-up":
          return `Cannot copy the contracts: it takes too much (${outcome.why})`;
        case "not-asked":
          return null;
      }
    },
    close: thread.close,
  };
}
