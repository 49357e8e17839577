import { Unavailable } from "../../src/core/unavailable.ts";
import type { Store } from "../../src/store/store.ts";

const WRITES = ["insertLedger", "appendAction", "removeDocuments", "dropEvidence", "replaceFacts"] as const;

/** A store that is gone after so many writes of a run of retention: the next one, and all behind it, do not happen. */
export function breakingAfter(store: Store, writes: number): Store {
  let left = writes;
  const counted = WRITES.map((name) => {
    const write = async (...given: readonly never[]): Promise<unknown> => {
      if (left <= 0) throw new Unavailable("STORE_UNREACHABLE", "the store is gone", "wait");
      left -= 1;
      return (store[name] as (...all: readonly never[]) => Promise<unknown>)(...given);
    };
    return [name, write] as const;
  });
  return { ...store, ...Object.fromEntries(counted) };
}
