import type { LedgerEntry } from "../ledger/entry.ts";
import type { StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import type { EntryVerdict } from "./entry.ts";
import type { Finding } from "./finding.ts";
import { createGroupBook, type GroupBook } from "./group-book.ts";
import type { CounterOfStream } from "./reach.ts";
import { createVolumeBooks } from "./volume.ts";

/** What the entries of one stream come to, for its counters. */
export type StreamBooks = {
  /** Takes an entry, in order. @param verdict null where nothing is known of it. */
  readonly see: (entry: LedgerEntry, verdict: Pick<EntryVerdict, "volume" | "groups"> | null) => void;
  /** Compares the counters of volume, after the last entry. Those of failures are compared after all streams (groups.ts). */
  readonly end: () => Promise<readonly Finding[]>;
};

export type Books = {
  readonly of: (note: StreamNote) => Promise<StreamBooks>;
  /** The failures of every stream that was seen to its end. */
  readonly groups: readonly GroupBook[];
  /** The counters of volume that count more entries than were seen. */
  readonly beyond: readonly CounterOfStream[];
};

export function createBooks(reads: StoreReads, tailMayBeIncomplete: boolean): Books {
  const volumeOf = createVolumeBooks(reads, tailMayBeIncomplete);
  const groups: GroupBook[] = [];
  const beyond: CounterOfStream[] = [];
  return {
    of: async (note) => {
      const volume = await volumeOf(note);
      const failed = createGroupBook(note);
      return {
        see: (entry, verdict) => {
          const isBatch = entry.kind === "BATCH";
          volume.see(entry, isBatch ? (verdict?.volume ?? null) : []);
          failed.see(entry, isBatch ? (verdict?.groups ?? null) : []);
        },
        end: async () => {
          groups.push(failed);
          const ended = await volume.end();
          beyond.push(...ended.beyond);
          return ended.findings;
        },
      };
    },
    groups,
    beyond,
  };
}
