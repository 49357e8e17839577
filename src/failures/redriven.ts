import { isRedrive } from "../ledger/redrive-stream.ts";
import type { StreamNote } from "../store/stream-note.ts";

/** Whether a stream holds records that were sent again. Their failures are not counted among those of the groups. */
export function holdsRedriven({ stream }: Pick<StreamNote, "stream">): boolean {
  return isRedrive(stream);
}
