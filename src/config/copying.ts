import type { HttpDirectory, Refreshed } from "../contract/http-directory.ts";
import { threadEntry } from "../thread-entry.ts";
import { openThread, type ThreadLimits } from "../isolate/thread.ts";

/** A copy of contracts on the web that is brought up to date now and then, in a thread. */
export type Copying = {
  /** Why it could not be; null when it could. */
  readonly refresh: () => Promise<string | null>;
  /** Ends a refresh that is going on. */
  readonly close: () => Promise<void>;
};

/** Of one refresh: generous, as nobody waits for it. The thread stays for the next one. */
const LIMITS: ThreadLimits = {
  cpuMsMax: 300_000,
  wallMsMax: 900_000,
  lookEveryMs: 1_000,
  heapMibMax: 1_024,
  waitingMax: 0,
  idleMs: 60_000,
};

const ENTRY = threadEntry(import.meta.url, "./copy-worker");

/** Nothing runs before the first refresh. */
export function openCopying(source: HttpDirectory): Copying {
  const thread = openThread<HttpDirectory, Refreshed>({ entry: ENTRY, data: null, name: "contracts.url" }, LIMITS);
  return {
    refresh: async () => {
      const told = await thread.ask(source);
      switch (told.kind) {
        case "answered":
          return told.answer.kind === "unavailable" ? told.answer.why : null;
        case "given-up":
          return `Cannot copy the contracts: it takes too much (${told.why})`;
        case "not-asked":
          return null;
      }
    },
    close: thread.close,
  };
}
