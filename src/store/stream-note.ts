/** A stream and its number, by which documents refer to it. */
export type StreamNote = {
  /** 1, 2, 3 ... It is much shorter than the stream's id. */
  readonly number: number;
  readonly stream: string;
  readonly topic: string;
  readonly partition: number;
};
