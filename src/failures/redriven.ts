import type { StreamNote } from "../store/stream-note.ts";

/** The beginning of the id of a stream that holds records which were sent again. */
const REDRIVE = "redrive/";

/** Whether a stream holds records that were sent again. Its failures are not counted among those of the groups. */
export function isRedrive({ stream }: Pick<StreamNote, "stream">): boolean {
  return stream.startsWith(REDRIVE);
}
