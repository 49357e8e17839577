import { followFloors, type Floor } from "../operator/floors.ts";
import type { StoreReads } from "../store/store.ts";

/** What retention took of a stream. */
export type StandingFloor = Pick<Floor, "stream" | "kind" | "collection"> & {
  readonly topic: string;
  readonly partition: number;
  /** The first offset whose document is kept. */
  readonly offset: bigint;
  /** How many documents went in all. */
  readonly removed: number;
  /** When and by whom the floor was last raised, and the term that said so. */
  readonly at: string;
  readonly actor: string;
  readonly reason: string;
  /** False while documents below it are on their way out. */
  readonly isDone: boolean;
};

/** The highest floors of every stream, in the order of the streams' numbers. */
export async function retentionStanding(
  reads: Pick<StoreReads, "operatorLog" | "streamNotes">,
): Promise<readonly StandingFloor[]> {
  const book = await followFloors(reads)();
  const standing = book.standings();
  return (await reads.streamNotes()).flatMap(({ stream, topic, partition }) =>
    standing
      .filter((one) => one.floor.stream === stream)
      .map(({ floor, removed, isDone }): StandingFloor => {
        const { kind, collection, offset, action } = floor;
        const { at, actor, reason } = action;
        return { stream, kind, collection, topic, partition, offset, removed, at, actor, reason, isDone };
      }),
  );
}
