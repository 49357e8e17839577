import type { AnchorEvent } from "./event.ts";

/** What a process knows of one place for anchors. */
export type AnchorPlaceNote = {
  readonly place: string;
  /** When this process last wrote an anchor there, in milliseconds since the epoch; null: not yet. */
  readonly writtenMs: number | null;
  /** A weakness of the anchor that was written last; null when there is none. */
  readonly remark: string | null;
  /** Why the last attempt failed; null when it did not. */
  readonly trouble: { readonly code: string; readonly message: string; readonly remedy: string } | null;
};

export type AnchorNotes = {
  readonly observe: (event: AnchorEvent) => void;
  readonly places: () => readonly AnchorPlaceNote[];
  /** Streams whose ledger ends before an entry that this process knows, or holds another under its number. */
  readonly fallen: () => readonly { readonly stream: string; readonly seq: number }[];
};

/** Remembers what became of anchors since the process began. @param now milliseconds since the epoch. */
export function createAnchorNotes(now: () => number): AnchorNotes {
  const places = new Map<string, AnchorPlaceNote>();
  const fallen: { readonly stream: string; readonly seq: number }[] = [];
  return {
    observe: (event) => {
      switch (event.kind) {
        case "anchored": {
          const { place, remark } = event;
          places.set(place, { place, writtenMs: now(), remark, trouble: null });
          return;
        }
        case "anchor-trouble": {
          const { place, code, message, remedy } = event;
          const { writtenMs = null, remark = null } = places.get(place) ?? {};
          places.set(place, { place, writtenMs, remark, trouble: { code, message, remedy } });
          return;
        }
        case "head-fell-behind":
          fallen.push({ stream: event.stream, seq: event.seq });
      }
    },
    places: () => [...places.values()],
    fallen: () => fallen.slice(-FALLEN_MAX),
  };
}

/** More are not told: one is enough to begin an audit. */
const FALLEN_MAX = 100;
