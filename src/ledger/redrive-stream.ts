/**
 * A run of a redrive plan has a stream for each source stream. It is in no log: its records are those of the source stream, at the
 * same offsets, read from the evidence. Its id is `redrive/<plan>/<number of the source stream>`.
 */
export type RedriveStream = {
  readonly plan: string;
  /** Number of the source stream in the store. */
  readonly source: number;
};

// The id of a log's stream has a topic id of other length in this place (Kafka: 22 characters), so the two cannot be confused.
const REDRIVE_STREAM = /^redrive\/([0-9a-f]{12})\/([1-9][0-9]{0,9})$/;

/** The id of the stream in which a plan decides the records of a source stream. */
export function redriveStreamId({ plan, source }: RedriveStream): string {
  return `redrive/${plan}/${source}`;
}

/** Reads the id of a stream; null when it is the stream of a log. */
export function redriveOf(stream: string): RedriveStream | null {
  // Asked for each failure that is stored.
  if (!stream.startsWith("redrive/")) return null;
  const [, plan, source] = REDRIVE_STREAM.exec(stream) ?? [];
  return plan === undefined || source === undefined ? null : { plan, source: Number(source) };
}

/** Whether a stream is a redrive's, so that no log holds its records. */
export function isRedrive(stream: string): boolean {
  return redriveOf(stream) !== null;
}

/** The streams, of these, in which records of a source stream were redriven. @param number of the source stream. */
export function redrivesOf<Note extends { readonly stream: string }>(
  notes: readonly Note[],
  number: number,
): readonly Note[] {
  return notes.filter(({ stream }) => redriveOf(stream)?.source === number);
}

/** The id of a redrive plan: 12 hexadecimal digits. */
export const PLAN_ID: RegExp = /^[0-9a-f]{12}$/;

/**
 * The note of the INIT entry of a redrive stream: the digest of the plan's offsets, and the source stream.
 * @param digest SHA-256 in hex.
 */
export function redriveNote(digest: string, source: string): string {
  return `redrive ${digest} of ${source}`;
}
