import type { FailureRecord } from "../store/failures.ts";
import type { StreamNote } from "../store/stream-note.ts";

/**
 * The id of a failure: `<topic>/<partition>@<offset>#<stream number>`. It is the `_id` of its document in MongoDB. The stream number
 * tells streams of one topic and partition apart.
 */
export function failureId({ stream, offset }: Pick<FailureRecord, "stream" | "offset">): string {
  return `${stream.topic}/${stream.partition}@${offset}#${stream.number}`;
}

/** A position that a person names, with the stream number or without. */
export type NamedPosition = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Number of the stream; null when the id does not say it. */
  readonly stream: number | null;
};

/** Reads an id, with or without `#` and the stream number; null for any other text. */
export function parseFailureId(text: string): NamedPosition | null {
  const [, topic, partition, offset, stream] = /^(.{1,249})\/(\d{1,9})@(\d{1,19})(?:#(\d{1,9}))?$/u.exec(text) ?? [];
  if (topic === undefined) return null;
  const at = BigInt(offset ?? 0);
  if (at >= 2n ** 63n) return null;
  return { topic, partition: Number(partition), offset: at, stream: stream === undefined ? null : Number(stream) };
}

/** Whether a stream is the one that the position names. */
export function isNamed({ topic, partition, stream }: NamedPosition, note: StreamNote): boolean {
  return note.topic === topic && note.partition === partition && (stream === null || note.number === stream);
}
