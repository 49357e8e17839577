import { Unavailable } from "../../core/unavailable.ts";
import { uuidText } from "../../core/uuid.ts";
import { exactInteger } from "../../json/exact-integer.ts";
import type { Holder } from "../store.ts";
import { ERASED } from "./layout.ts";
import type { Row } from "./rows.ts";
import { erasedHolder } from "./staged.ts";
import type { Streams } from "./streams.ts";

/** Reads a holder from the row of a fact; null when its position cannot be read. */
export function holderOf(row: Row, streams: Pick<Streams, "byNumber">): Holder | null {
  const note = streams.byNumber(Number(row["stream"]));
  const [id, offset, payload, at] = [row["_id"], row["offset"], row["payload"], row["at"]];
  if (note === null || !(id instanceof Uint8Array) || typeof offset !== "bigint") return null;
  const { stream, topic, partition } = note;
  const position = { stream, topic, partition, offset };
  const timestampMs = typeof at === "bigint" ? exactInteger(at) : null;
  const erased = row[ERASED] ?? null;
  if (erased !== null) return erasedHolder({ id: uuidText(id), position, timestampMs }, String(erased));
  const text = String(payload);
  return { id: uuidText(id), position, timestampMs, payloadBytes: Buffer.from(text, "utf8"), payloadText: () => text };
}

/** A record cannot be compared with a damaged row, so it is not decided until a person has repaired the store. */
export function unreadable(path: string, what: string): Unavailable {
  const message = `Cannot read ${what} from store "${path}": its columns were changed`;
  return new Unavailable("STORE_CORRUPT", message, "run `sigma audit`, then restore the file from a backup");
}
