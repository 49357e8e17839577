import type { ServerResponse } from "node:http";
import { eventText } from "./event-text.ts";

/** Why a reader is given no more. */
export type LiveEnd =
  /** The gateway stops. */
  | "closing"
  /** The reader took nothing for too long. */
  | "too-slow"
  /** Its key or its session ended. */
  | "not-allowed"
  /** This process decides nothing. */
  | "off";

/** Somebody who is sent events. */
export type LiveReader = {
  /** Sends events as text. While the reader has not taken what it was sent before, they are left out, and it is told how many. */
  readonly send: (text: string) => void;
  /** Milliseconds since the reader took something, where it has something to take; else 0. */
  readonly blockedMs: (nowMs: number) => number;
  /** Says why, and ends. */
  readonly end: (why: LiveEnd) => void;
};

/** A reader who is let go is given so long to take the word. */
const WORD_MS = 1_000;

/** Writes to a response whose head was sent. Its memory is what the socket buffers, and one frame. */
export function openReader(response: ServerResponse, now: () => number): LiveReader {
  let blockedSince: number | null = null;
  let leftOut = 0;
  const write = (text: string): void => {
    if (response.write(text)) return;
    blockedSince = now();
    response.once("drain", () => {
      blockedSince = null;
      if (leftOut === 0 || response.writableEnded) return;
      const frames = leftOut;
      leftOut = 0;
      write(eventText("skipped", null, { frames }));
    });
  };
  return {
    send: (text) => {
      if (response.writableEnded) return;
      if (blockedSince === null) write(text);
      else leftOut += 1;
    },
    blockedMs: (nowMs) => (blockedSince === null ? 0 : nowMs - blockedSince),
    end: (why) => {
      if (response.writableEnded) return;
      response.end(eventText("end", null, { why }));
      const timer = setTimeout(() => response.destroy(), WORD_MS).unref();
      response.once("close", () => clearTimeout(timer));
    },
  };
}
